import Testing

@Suite struct `A WebSocket` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    private static func request(_ path: String, _ lines: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\(lines)\r\n"
    }

    private static let agreed =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n"

    @Test func `carries bytes both ways once the upstream has agreed`() throws {
        let token = try Tokens.token()
        // Bytes sent along wait for the 101.
        let (client, upstream, head) = try stage.exchange(
            Self.request("/chat", "Authorization: Bearer \(token)\r\n") + "\u{1}early")
        #expect(head.lowercased().contains("upgrade: websocket\r\n"))
        #expect(!head.contains(token))
        try stage.settle()
        #expect(upstream.isSilent)
        try upstream.send(Self.agreed + "\u{2}hello")
        let answer = try client.readAnswerHead()
        #expect(answer.status == 101)
        #expect(answer.value("upgrade") == "websocket")
        #expect(answer.value("sec-websocket-accept") == "y")
        #expect(try client.read(count: 6).text == "\u{2}hello")
        #expect(try upstream.read(count: 6).text == "\u{1}early")
        for index in 0..<10 {
            try client.send("GET /\(index) HTTP/1.1\r\n\r\n")
            #expect(try upstream.read(through: "\r\n\r\n") == "GET /\(index) HTTP/1.1\r\n\r\n")
            try upstream.send("0\r\n\r\n\(index)")
            #expect(try client.read(count: 6).text == "0\r\n\r\n\(index)")
        }
    }

    @Test func `ends on both sides when one ends it`() throws {
        for clientEnds in [true, false] {
            let (client, upstream, _) = try stage.exchange(Self.request("/open"))
            try upstream.send(Self.agreed)
            _ = try client.readAnswerHead()
            if clientEnds { client.close() } else { upstream.close() }
            _ = try (clientEnds ? upstream : client).readToEnd()
        }
    }

    @Test func `needs a token like any other request`() throws {
        let client = try stage.client()
        try client.send(Self.request("/chat"))
        #expect(try client.readAnswer().status == 401)
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `that the upstream declines is an ordinary exchange`() throws {
        let (client, upstream, _) = try stage.exchange(Self.request("/open"))
        try upstream.answer("no", status: "403 Forbidden")
        #expect(try client.readAnswer().status == 403)
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try upstream.readHead().hasPrefix("GET /open/2 "))
    }

    @Test func `is not what another protocol gets`() throws {
        let (client, upstream, head) = try stage.exchange(
            "GET /open HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n"
        )
        #expect(!head.lowercased().contains("upgrade"))
        #expect(!head.lowercased().contains("http2-settings"))
        try upstream.send(Self.agreed)
        #expect(try client.readAnswer().status == 502)
    }
}
