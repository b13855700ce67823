import Testing

@Suite struct `A WebSocket` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        gateway = try Self.start(upstream)
    }

    private static func start(_ upstream: Upstream, _ config: String = "") throws -> RunningGateway {
        try RunningGateway(.init(config: config, jwtAuth: "clockSkew: 0s"), upstreamPort: upstream.port)
    }

    private static let upgrade =
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    private static let switching =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    private func head(_ token: String? = nil) -> String {
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "GET /chat HTTP/1.1\r\nHost: a\r\n\(Self.upgrade)\(authorization)\r\n"
    }

    /// Both ends of an open one.
    private func open(_ gateway: RunningGateway, token: String) throws -> (client: Wire, upstream: Wire) {
        let client = try gateway.client()
        try client.send(head(token))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send(Self.switching)
        #expect(try client.readAnswerHead().status == 101)
        return (client, connection)
    }

    private func expectPassage(_ client: Wire, _ upstream: Wire) throws {
        for text in ["\u{0}one", "GET / HTTP/1.1\r\n\r\n", "three"] {
            try client.send(text)
            #expect(try upstream.read(count: text.utf8.count).text == text)
            try upstream.send(text)
            #expect(try client.read(count: text.utf8.count).text == text)
        }
    }

    @Test func `without a token is refused, and the upstream sees nothing`() throws {
        let client = try gateway.client()
        try client.send(head())
        let answer = try client.readAnswer()
        #expect(answer.status == 401)
        #expect(answer.value("upgrade") == nil)
        #expect(!upstream.hasVisitor)
    }

    @Test func `with a token passes bytes both ways`() throws {
        let client = try gateway.client()
        try client.send(head(try Tokens.token()))
        let connection = try upstream.accept()
        let head = try connection.readHead().lowercased()
        #expect(head.contains("\r\nconnection: upgrade\r\nupgrade: websocket\r\n"))
        #expect(head.contains("\r\nsec-websocket-key: "))
        #expect(!head.contains("authorization"))
        try connection.send(Self.switching)
        let answer = try client.readAnswerHead()
        #expect(answer.status == 101)
        #expect(answer.value("upgrade") == "websocket")
        #expect(answer.value("connection")?.lowercased() == "upgrade")
        #expect(answer.value("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        #expect(answer.value("content-length") == nil && answer.value("transfer-encoding") == nil)
        try expectPassage(client, connection)
    }

    @Test func `keeps what the client sent too early until it is open`() throws {
        let client = try gateway.client()
        try client.send(head(try Tokens.token()) + "early")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try client.send("bird")
        #expect(try gateway.get("/secret").status == 401)
        #expect(connection.isSilent, "bytes came before the upgrade")
        try connection.send(Self.switching + "worm")
        #expect(try connection.read(count: 9).text == "earlybird")
        #expect(try client.readAnswerHead().status == 101)
        #expect(try client.read(count: 4).text == "worm")
        try expectPassage(client, connection)
    }

    @Test func `that the upstream refuses is an ordinary answer`() throws {
        let client = try gateway.client()
        let token = try Tokens.token()
        try client.send(head(token))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.answer("no", status: "403 Forbidden")
        let answer = try client.readAnswer()
        #expect(answer.status == 403)
        #expect(answer.body.text == "no")
        #expect(answer.value("upgrade") == nil)
        // Both connections go on.
        try client.send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
        #expect(try connection.readHead().hasPrefix("GET / "))
        try connection.answer("next")
        #expect(try client.readAnswer().body.text == "next")
    }

    @Test func `that the upstream refuses leaves what came early a request of its own`() throws {
        let client = try gateway.client()
        try client.send(head(try Tokens.token()) + "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.answer("no", status: "403 Forbidden")
        #expect(try client.readAnswer().status == 403)
        #expect(try client.readAnswer().status == 401)
        #expect(connection.isSilent)
    }

    @Test func `closed by one side is closed on the other`() throws {
        let (client, connection) = try open(gateway, token: try Tokens.token())
        client.close()
        #expect(try connection.isClosedWithoutAWord())
        let (other, otherConnection) = try open(gateway, token: try Tokens.token())
        try otherConnection.send("bye")
        otherConnection.close()
        #expect(try other.readToEnd().bytes.text == "bye")
    }

    @Test func `whose client ends its half still gets what the upstream sends`() throws {
        let (client, connection) = try open(gateway, token: try Tokens.token())
        try client.send("last words")
        client.endSending()
        #expect(try connection.readToEnd().bytes.text == "last words")
        try connection.send("answer")
        #expect(try client.read(count: 6).text == "answer")
        connection.close()
        #expect(try client.isClosedWithoutAWord())
    }

    @Test func `closes when the gateway stops`() throws {
        let (client, connection) = try open(gateway, token: try Tokens.token())
        gateway.signal(15)
        #expect(try client.isClosedWithoutAWord())
        #expect(try connection.isClosedWithoutAWord())
        #expect(try gateway.waitForExit() == 0)
    }

    struct Other: CustomTestStringConvertible {
        var testDescription: String
        var request: String
    }

    static let others = [
        Other(
            testDescription: "HTTP/2",
            request: "GET /open HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                + "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
        Other(
            testDescription: "two protocols",
            request: "GET /open HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n"),
        Other(
            testDescription: "WebSocket that Connection does not name",
            request: "GET /open HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n"),
        Other(
            testDescription: "WebSocket by another method",
            request: "POST /open HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Content-Length: 0\r\n\r\n"),
        Other(
            testDescription: "WebSocket from HTTP/1.0",
            request: "GET /open HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ]

    @Test(arguments: others)
    func `is the one upgrade there is`(_ other: Other) throws {
        let client = try gateway.client()
        try client.send(other.request)
        let connection = try upstream.accept()
        let head = try connection.readHead().lowercased()
        #expect(!head.contains("upgrade"))
        #expect(!head.contains("http2-settings"))
        // An upstream that switches all the same is not believed.
        try connection.send(Self.switching)
        #expect(try client.readAnswer().refusal == "upstream_malformed")
        #expect(try connection.isClosedWithoutAWord())
    }

    @Test func `closes when its token expires`() throws {
        let (client, connection) = try open(gateway, token: try Tokens.token(expiresIn: 3))
        try expectPassage(client, connection)
        #expect(try client.isClosedWithoutAWord())
        #expect(try connection.isClosedWithoutAWord())
    }

    @Test func `outlives its token where it is told to`() throws {
        let gateway = try Self.start(upstream, "onTokenExpiry: keep\ntimeouts: {idle: 1s}\nlimits: {bodyBytes: 1000}")
        let token = try Tokens.token(expiresIn: 3)
        let (client, connection) = try open(gateway, token: token)
        // Refused for its size as long as its token is good.
        let lines = "Content-Length: 1001\r\nAuthorization: Bearer \(token)\r\n"
        try eventually("the token's end") { try gateway.get("/", lines).refusal == "token_expired" }
        // An idle connection is closed by the same look that would close the tunnel.
        #expect(try gateway.client().isClosedWithoutAWord())
        try expectPassage(client, connection)
    }
}
