import Foundation
import Testing

@Suite struct `What the gateway answers itself` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    private static let routes = """
        - name: hello
          matches: [{path: {exact: /hello}}]
          policies:
            directResponse: {status: 200, body: "hello!"}
        - matches: [{path: {pathPrefix: /told}}]
          policies:
            requestHeaderModifier: {set: {x-role: set}}
            urlRewrite: {authority: {full: inner.example}, path: {prefix: /inner}}
            directResponse:
              status: 200
              bodyExpression: request.host + request.path + ' ' + request.headers['x-role']
        - matches: [{path: {pathPrefix: /old}}]
          policies:
            requestRedirect: {scheme: https, authority: {host: new.example}, path: {prefix: /new}, status: 308}
        - matches: [{path: {pathPrefix: /api}}]
          policies:
            urlRewrite: {authority: auto, path: {prefix: /v1}}
          backends: [{host: "127.0.0.1:PORT"}]
        - matches: [{path: {exact: /custom}}]
          policies:
            urlRewrite: {authority: {full: custom.example}}
          backends: [{host: "127.0.0.1:PORT"}]
        """

    init() throws {
        upstream = try EchoUpstream()
        let routes = Self.routes.replacingOccurrences(of: "PORT", with: "\(upstream.port)")
        gateway = try RunningGateway(.init(accessLog: "text", routes: routes), upstreamPort: upstream.port)
    }

    @Test func `keeps the connection, and leaves the body out for HEAD`() throws {
        let client = try gateway.client()
        try client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nHEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.body.text == "hello!")
        #expect(answer.refusal == nil)
        let head = try client.readAnswer(toHead: true)
        #expect(head.value("content-length") == "6")
        try client.send("POST /old/a?b=c HTTP/1.1\r\nHost: a:81\r\nContent-Length: 4\r\n\r\nbody")
        let redirect = try client.readAnswer()
        #expect(redirect.status == 308)
        #expect(redirect.value("location") == "https://new.example/new/a?b=c")
        let lines = try gateway.accessLog(lines: 3)
        #expect(lines[0].contains("200") && lines[0].contains("hello"))
    }

    @Test func `tells the request as the route has made it`() throws {
        #expect(try gateway.get("/told/a", "X-Role: client\r\n").body.text == "inner.example/inner/a set")
    }

    @Test func `closes the connection of a client that still sends`() throws {
        let client = try gateway.client()
        try client.send("POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nbody")
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.value("connection") == "close")
        try client.send(String(repeating: "x", count: 1000))
        client.endSending()
        #expect(try client.readToEnd().wasReset == false)
    }

    @Test func `is not what a rewritten request gets`() throws {
        let client = try gateway.client()
        try client.send("GET /api//a/../b?q HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        let head = try client.readAnswer().body.text
        #expect(head.hasPrefix("GET /v1//b?q HTTP/1.1\r\nhost: 127.0.0.1:\(upstream.port)\r\n"))
        #expect(head.lowercased().contains("x-forwarded-host: shop.example\r\n"))
        #expect(head.lowercased().components(separatedBy: "\r\nhost:").count == 2)
        // HTTP/1.0 knows requests without a Host.
        try client.send("GET /custom HTTP/1.0\r\n\r\n")
        #expect(try client.readAnswer().body.text.hasPrefix("GET /custom HTTP/1.1\r\nhost: custom.example\r\n"))
    }
}
