import Foundation
import Testing

/// Agentgateway's example files that this gateway takes: each is started as it stands, but for its ports, and asked
/// what its comments say. What becomes of the others stands in `Docs/Reference/AgentgatewayExamples.md`.
@Suite(.enabled(if: Example.isPresent, "agentgateway's examples are not there: set TOLLGATE_CONFORMANCE_DIR"))
struct `The examples of agentgateway that run` {
    @Test(arguments: Example.taken)
    func `answer as their comments say`(_ example: Example) throws {
        let upstream = try EchoUpstream()
        let gateway = try GatewayProcess { port in
            example.text.replacingOccurrences(of: "port: 3000", with: "port: \(port)")
                .replacing(/(localhost|127\.0\.0\.1):808[01]/, with: "127.0.0.1:\(upstream.port)")
        }
        for request in example.requests {
            let client = gateway.firstConnection
            try client.send("\(request.line) HTTP/1.1\r\nHost: a.test\r\n\(request.lines)\r\n")
            let answer = try client.readAnswer()
            try request.check(answer)
        }
    }

    @Test func `are some`() {
        #expect(Example.taken.contains { $0.name == "traffic-jwt-sign/config.yaml" })
    }
}

/// One file, and what is asked of it.
struct Example: CustomTestStringConvertible, Sendable {
    struct Request: Sendable {
        var line: String
        var lines = ""
        var check: @Sendable (Answer) throws -> Void
    }

    let name: String
    let text: String
    var testDescription: String { name }

    /// Where agentgateway's files are.
    static let conformance: URL = {
        let variable = ProcessInfo.processInfo.environment["TOLLGATE_CONFORMANCE_DIR"]
        let beside = URL(filePath: #filePath).appending(path: "../../../../shared/conformance").standardized
        return (variable.map { URL(filePath: $0) } ?? beside).appending(path: "agentgateway")
    }()

    private static let folder = conformance.appending(path: "examples")

    static let isPresent = FileManager.default.fileExists(atPath: folder.path)

    /// Those that `tollgate validate` takes.
    static let taken: [Example] = {
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix("config.yaml") || $0.hasSuffix("gateway.yaml") }.sorted().compactMap {
            path in
            let file = folder.appending(path: path)
            guard let text = try? String(contentsOf: file, encoding: .utf8),
                let result = try? CommandLineRunner.run(["validate", "-f", file.path]), result.exitCode == 0
            else { return nil }
            return Example(name: path, text: text)
        }
    }()

    var requests: [Request] {
        Self.requests[name] ?? [Request(line: "GET /") { #expect($0.status < 500, "\($0.status)") }]
    }

    private static let requests: [String: [Request]] = [
        "traffic-jwt-sign/config.yaml": [
            Request(line: "GET /a") { answer in
                #expect(answer.status == 200)
                let head = answer.body.text
                #expect(head.contains("\r\nx-demo-authorization-token-type: KEYPAIR_JWT\r\n"))
                let token = try #require(head.firstMatch(of: /\r\n[Aa]uthorization: Bearer ([^\r]+)/)?.output.1)
                let parts = token.split(separator: ".")
                #expect(parts.count == 3)
                let texts = parts.prefix(2).map { part in
                    let base64 = String(part).replacing("-", with: "+").replacing("_", with: "/")
                    let padded = base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4)
                    return String(decoding: Data(base64Encoded: padded) ?? Data(), as: UTF8.self)
                }
                #expect(texts[0].contains(#""kid":"demo-key-1""#) && texts[0].contains(#""alg":"ES256""#))
                for part in [#""sub":"MYACCOUNT.MYUSER""#, #""exp":"#, #""aud":"#] { #expect(texts[1].contains(part)) }
            }
        ],
        "traffic-http/config.yaml": [
            Request(line: "GET /match?param=hello", lines: "X-Header: test-0\r\n") { answer in
                #expect(answer.status == 200)
                #expect(answer.body.text.hasPrefix("GET /match?param=hello HTTP/1.1\r\n"))
            },
            Request(line: "GET /match?param=other", lines: "X-Illegal-Header: a\r\nOrigin: https://b.test\r\n") {
                answer in
                #expect(answer.status == 200)
                let head = answer.body.text.lowercased()
                #expect(head.hasPrefix("get /new-path?param=other "))
                #expect(
                    head.contains("\r\nhost: custom-host-header\r\n") && head.contains("\r\nx-req-added: value\r\n"))
                #expect(!head.contains("x-illegal-header"))
                #expect(answer.value("x-req-added") == "value")
            },
            Request(line: "GET /direct") { #expect($0.status == 200 && $0.body.text == "hello!") },
            Request(line: "GET /ips") { #expect($0.status == 200 && $0.body.text == "hello!") },
        ],
        "fault-injection/config.yaml": [
            Request(line: "GET /header") { #expect($0.status == 200) },
            Request(line: "GET /header", lines: "X-Chaos: 1\r\n") { #expect($0.status == 200) },
            Request(line: "GET /random") { #expect($0.status == 200) },
            Request(line: "GET /abort") { answer in
                #expect(answer.status == 200 || answer.status == 503 && answer.body.text == "injected fault")
            },
        ],
        "traffic-ratelimiting-local/config.yaml": [Request(line: "GET /") { #expect($0.status == 200) }],
    ]
}
