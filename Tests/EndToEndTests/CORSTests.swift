import Testing

@Suite struct `A browser's request from another site` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try EchoUpstream(lines: "Access-Control-Allow-Origin: https://backend.example\r\n")
        let listener = """
            policies:
              cors:
                allowOrigins: ["https://app.example"]
                allowCredentials: true
                allowHeaders: [authorization]
            """
        gateway = try RunningGateway(.init(accessLog: "text", listener: listener), upstreamPort: upstream.port)
    }

    @Test func `is asked about without a token, and its refusal can be read`() throws {
        let client = try gateway.client()
        try client.send(
            "OPTIONS /guarded HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n"
                + "Access-Control-Request-Method: GET\r\nAccess-Control-Request-Headers: authorization\r\n\r\n")
        let permission = try client.readAnswer()
        #expect(permission.status == 200)
        #expect(permission.value("access-control-allow-origin") == "https://app.example")
        #expect(permission.value("access-control-allow-headers") == "authorization")
        #expect(permission.refusal == nil)
        try client.send("GET /guarded HTTP/1.1\r\nHost: a\r\nOrigin: https://app.example\r\n\r\n")
        let refused = try client.readAnswer()
        #expect(refused.status == 401)
        #expect(refused.value("access-control-allow-origin") == "https://app.example")
        #expect(refused.value("access-control-allow-credentials") == "true")
        #expect(upstream.heads.isEmpty)
        #expect(try gateway.accessLog(lines: 2)[0].contains(" status=200 "))
    }

    @Test func `gets what the policy says, not what the backend says`() throws {
        let allowed = try gateway.get("/open", "Origin: https://app.example\r\n")
        let origins = allowed.fields.filter { $0.name == "access-control-allow-origin" }.map(\.value)
        #expect(origins == ["https://app.example"])
        #expect(allowed.value("vary") == "origin")
        let other = try gateway.get("/open", "Origin: https://evil.example\r\n")
        #expect(other.status == 200)
        #expect(other.value("access-control-allow-origin") == nil)
        #expect(other.value("vary") == "origin")
    }
}
