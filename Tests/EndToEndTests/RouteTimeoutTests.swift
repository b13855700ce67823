import Testing

@Suite struct `A route's time` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        let routes = """
            - matches: [{path: {pathPrefix: /whole}}]
              policies:
                timeout: {requestTimeout: 300ms}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - matches: [{path: {pathPrefix: /first}}]
              policies:
                timeout: {backendRequestTimeout: 300ms}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - matches: [{path: {pathPrefix: /backend}}]
              backends: [{host: "127.0.0.1:\(upstream.port)", policies: {http: {requestTimeout: 300ms}}}]
            - matches: [{path: {pathPrefix: /tighter-backend}}]
              policies: {timeout: {requestTimeout: 60s, backendRequestTimeout: 50s}}
              backends: [{host: "127.0.0.1:\(upstream.port)", policies: {http: {requestTimeout: 300ms}}}]
            - matches: [{path: {pathPrefix: /tighter-route}}]
              policies: {timeout: {backendRequestTimeout: 300ms}}
              backends: [{host: "127.0.0.1:\(upstream.port)", policies: {http: {requestTimeout: 60s}}}]
            - matches: [{path: {pathPrefix: /patient}}]
              backends: [{host: "127.0.0.1:\(upstream.port)", policies: {http: {requestTimeout: 60s}}}]
            - matches: [{path: {pathPrefix: /again}}]
              policies: {retry: {attempts: 1, codes: [503]}}
              backends: [{host: "127.0.0.1:\(upstream.port)", policies: {http: {requestTimeout: 300ms}}}]
            """
        gateway = try RunningGateway(
            .init(config: "timeouts: {request: 1s}", accessLog: "text", routes: routes), upstreamPort: upstream.port)
    }

    private func exchange(_ request: String) throws -> (client: Wire, upstream: Wire) {
        let client = try gateway.client()
        try client.send(request)
        let connection = try upstream.accept()
        _ = try connection.readHead()
        return (client, connection)
    }

    @Test(arguments: ["/whole", "/first", "/backend", "/tighter-backend", "/tighter-route"])
    func `ends a request whose backend says nothing, to the millisecond rather than the second`(_ path: String) throws {
        let start = ContinuousClock.now
        let (client, connection) = try exchange("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let answer = try client.readAnswer()
        #expect(ContinuousClock.now - start >= .milliseconds(300))
        #expect(answer.status == 504)
        #expect(answer.refusal == "upstream_timeout")
        #expect(try connection.isClosedWithoutAWord())
        #expect(try client.isClosedWithoutAWord())
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(" status=504 refusal=upstream_timeout "))
    }

    @Test func `for the whole ends an answer that goes on`() throws {
        let (client, connection) = try exchange("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        #expect(try client.readHead().hasPrefix("HTTP/1.1 200"))
        let rest = try client.readToEnd().bytes.text
        #expect(rest == "1\r\na\r\n")
    }

    @Test func `for the first byte does not end an answer that goes on`() throws {
        let (client, connection) = try exchange("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        // Meanwhile another one's time is over twice.
        for _ in 0..<2 {
            let (late, connection) = try exchange("GET /first HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try late.readAnswer().status == 504)
            withExtendedLifetime(connection) {}
        }
        try connection.send("b")
        #expect(try client.readAnswer().body.text == "ab")
    }

    @Test func `of a backend may be longer than the process's`() throws {
        let (client, connection) = try exchange("GET /patient HTTP/1.1\r\nHost: a\r\n\r\n")
        // Whose time is the process's gives up twice meanwhile.
        for _ in 0..<2 {
            let (late, stalled) = try exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try late.readAnswer().refusal == "upstream_timeout")
            withExtendedLifetime(stalled) {}
        }
        try connection.answer("late")
        #expect(try client.readAnswer().body.text == "late")
    }

    @Test func `of a backend holds for each attempt`() throws {
        let (client, first) = try exchange("GET /again HTTP/1.1\r\nHost: a\r\n\r\n")
        let second = try upstream.accept()
        #expect(try second.readHead().hasPrefix("GET /again "))
        try second.answer("second")
        #expect(try client.readAnswer().body.text == "second")
        #expect(try first.isClosedWithoutAWord())
    }

    @Test func `ends a body that does not come`() throws {
        let (client, connection) = try exchange("POST /whole HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe")
        let answer = try client.readAnswer()
        #expect(answer.status == 408)
        #expect(answer.refusal == "request_timeout")
        withExtendedLifetime(connection) {}
    }

    @Test func `begins anew with each request of a connection, and may be longer than the process's`() throws {
        let client = try gateway.client()
        let start = ContinuousClock.now
        try client.send("GET /whole HTTP/1.1\r\nHost: a\r\n\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        _ = try connection.readHead()
        // The second one has no time of the route's, but a whole second of the process's.
        let answer = try client.readAnswer()
        #expect(answer.refusal == "upstream_timeout")
        #expect(ContinuousClock.now - start >= .seconds(1))
    }

    @Test func `does not end a WebSocket`() throws {
        let (client, connection) = try exchange(
            "GET /whole HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        try connection.send(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        _ = try client.readHead()
        let (late, stalled) = try exchange("GET /whole HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try late.readAnswer().status == 504)
        #expect(try stalled.isClosedWithoutAWord())
        try connection.send("frame")
        #expect(try client.read(count: 5).text == "frame")
    }
}
