import Foundation
import Testing

@Suite struct `Refusals as they are asked for` {
    private static let policies = """
        requestId: {trust: anyone}
        refusals:
          contentType: text/html
          body: "<h1>{{status}} {{reason}}</h1><p>{{code}}: {{message}}</p><small>{{requestId}}</small>"
        """

    @Test func `come with their body, and with the ID that client, backend and log know`() throws {
        let upstream = try EchoUpstream()
        let policies = Self.policies.indented(by: 6)
        let gateway = try RunningGateway(
            .init(
                accessLog: "text",
                routes: """
                    - matches: [{path: {pathPrefix: /gone}}]
                      backends: [{host: "127.0.0.1:1"}]
                    """,
                listener: "policies:\n\(policies)"),
            upstreamPort: upstream.port)
        let answer = try gateway.get("/guarded", "X-Request-Id: abc-1\r\n")
        #expect(answer.status == 401)
        #expect(answer.value("content-type") == "text/html")
        #expect(answer.value("x-request-id") == "abc-1")
        #expect(answer.value("www-authenticate") != nil)
        let body = "<h1>401 Unauthorized</h1><p>token_missing: no bearer token found</p><small>abc-1</small>"
        #expect(answer.body.text == body)
        // What fails behind the decision is told in the same form.
        #expect(try gateway.get("/gone").body.text.hasPrefix("<h1>502 Bad Gateway</h1>"))
        #expect(try gateway.get("/none-of-them", "Host: b\r\n").refusal == "host_invalid")
        // An ID that is none is replaced, for everybody.
        let passed = try gateway.get("/open", "X-Request-Id: <script>\r\n")
        let id = try #require(passed.value("x-request-id"))
        #expect(passed.body.text.contains("\r\nx-request-id: \(id)\r\n"))
        #expect(!passed.body.text.contains("script"))
        let lines = try gateway.accessLog(lines: 4)
        #expect(lines.contains { $0.contains("token_missing") && $0.contains(" request_id=abc-1 ") })
        #expect(lines.contains { $0.contains("/open") && $0.contains(" request_id=\(id) ") })
    }

    @Test func `leave out their body for HEAD, and stay gRPC's for gRPC`() throws {
        let gateway = try GuardedGateway(
            Self.policies + "\ndirectResponse: {status: 200}\nauthorization: {rules: [{deny: \"true\"}]}")
        let client = try Wire(port: gateway.gateway.port)
        try client.send("HEAD / HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r\n\r\n")
        let head = try client.readAnswer(toHead: true)
        #expect(head.status == 403)
        let body = "<h1>403 Forbidden</h1><p>authorization_denied: authorization failed</p><small>a</small>"
        #expect(head.value("content-length") == "\(body.utf8.count)")
        let call = try gateway.get("Content-Type: application/grpc\r\n")
        #expect(call.status == 200)
        #expect(call.value("grpc-status") == "7")
        #expect(call.body.isEmpty)
    }

    @Test func `change with the file that their body stands in`() throws {
        let upstream = try EchoUpstream()
        let file = FileManager.default.temporaryDirectory.appending(path: "refused-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: file) }
        try "one {{code}}".write(to: file, atomically: true, encoding: .utf8)
        let gateway = try RunningGateway(
            .init(listener: "policies: {refusals: {body: {file: \"\(file.path)\"}}}"), upstreamPort: upstream.port)
        #expect(try gateway.get("/guarded").body.text == "one token_missing")
        try "two {{code}}".write(to: file, atomically: true, encoding: .utf8)
        try eventually("the new body") { try gateway.get("/guarded").body.text == "two token_missing" }
    }
}
