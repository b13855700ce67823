import Foundation
import Testing

@Suite struct `What a client says of where it comes from` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream(lines: "Tollgate-Refusal: forged\r\nX-Of-Upstream: yes\r\n") }

    private static let claims =
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: bank.test\r\n"
        + "X-Forwarded-Port: 444\r\nX_Forwarded_For: 6.6.6.6\r\nX-Forwarded_Proto: wss\r\nx_real_ip: 6.6.6.7\r\n"
        + "Forwarded: for=6.6.6.8\r\nX-Real-IP: 6.6.6.9\r\nX-Keep: yes\r\n"

    /// The lines of a request's head as they came to the upstream.
    private func forwarded(_ config: String = "", host: String = "Host.test:81") throws -> [(String, String)] {
        let gateway = try RunningGateway(.init(config: config), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: \(host)\r\n\(Self.claims)\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.refusal == nil, "the upstream speaks for the gateway")
        #expect(answer.value("x-of-upstream") == "yes")
        return answer.body.text.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
        }
    }

    private func values(_ lines: [(String, String)], _ name: String) -> [String] {
        lines.filter { $0.0 == name }.flatMap { $0.1.components(separatedBy: ", ") }
    }

    @Test(arguments: ["", "trustedProxies: [10.0.0.0/8, '::1/128']"])
    func `is replaced where it is a stranger`(_ config: String) throws {
        let lines = try forwarded(config)
        #expect(values(lines, "x-forwarded-for") == ["127.0.0.1"])
        #expect(values(lines, "x-forwarded-proto") == ["http"])
        #expect(values(lines, "x-forwarded-host").map { $0.lowercased() } == ["host.test:81"])
        for name in ["x-forwarded-port", "forwarded", "x-real-ip"] { #expect(values(lines, name).isEmpty, "\(name)") }
        #expect(!lines.contains { $0.0.contains("_") })
        #expect(!lines.contains { $0.1.contains("6.6.6") })
        #expect(values(lines, "x-keep") == ["yes"])
        #expect(values(lines, "host") == ["Host.test:81"])
    }

    @Test func `is kept where it is a trusted proxy, which is added`() throws {
        let lines = try forwarded("trustedProxies: [127.0.0.0/8]")
        #expect(values(lines, "x-forwarded-for") == ["1.2.3.4", "127.0.0.1"])
        #expect(values(lines, "x-forwarded-proto") == ["https"])
        #expect(values(lines, "x-forwarded-host") == ["bank.test"])
        #expect(values(lines, "x-forwarded-port") == ["444"])
        // A proxy knows its own spelling; another one is what a client smuggled past it.
        #expect(!lines.contains { $0.0.contains("_") })
    }

    @Test func `decides nothing before it is replaced`() throws {
        let rule = #"allow: 'request.headers["x-forwarded-for"] == "1.2.3.4"'"#
        let gateway = try RunningGateway(
            .init(
                routes: "- matches: [{path: {exact: /ruled}}]\n  policies:\n    authorization:\n      rules:\n"
                    + "      - \(rule)\n  backends: [{host: \"127.0.0.1:\(upstream.port)\"}]"),
            upstreamPort: upstream.port)
        #expect(try gateway.get("/ruled", "X-Forwarded-For: 1.2.3.4\r\n").refusal == "authorization_denied")
        #expect(upstream.heads.isEmpty)
    }
}
