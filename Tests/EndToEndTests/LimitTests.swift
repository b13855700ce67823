import Testing

@Suite struct `What is larger than its limit` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        gateway = try RunningGateway(
            .init(config: "limits: {headBytes: 4096, targetBytes: 256, headers: 16, bodyBytes: 1000}"),
            upstreamPort: upstream.port)
    }

    struct Head: CustomTestStringConvertible {
        var testDescription: String
        var text: String
        var status: Int
        var code: String
    }

    static let heads = [
        Head(
            testDescription: "a long header", text: "GET /open HTTP/1.1\r\nHost: a\r\nX: \(repeated(5000))\r\n\r\n",
            status: 431, code: "head_too_large"),
        Head(
            testDescription: "a header that does not end",
            text: "GET /open HTTP/1.1\r\nHost: a\r\nX: \(repeated(5000))",
            status: 431, code: "head_too_large"),
        Head(
            testDescription: "many headers",
            text: "GET /open HTTP/1.1\r\nHost: a\r\n\((0..<16).map { "X-\($0): y\r\n" }.joined())\r\n",
            status: 431, code: "head_too_large"),
        Head(
            testDescription: "a long target", text: "GET /open/\(repeated(256)) HTTP/1.1\r\nHost: a\r\n\r\n",
            status: 414, code: "target_too_long"),
        Head(
            testDescription: "a long query", text: "GET /open?\(repeated(256)) HTTP/1.1\r\nHost: a\r\n\r\n",
            status: 414, code: "target_too_long"),
        Head(
            testDescription: "a target that does not end", text: "GET /open/\(repeated(5000))",
            status: 414, code: "target_too_long"),
        Head(
            testDescription: "a long body", text: "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
            status: 413, code: "body_too_large"),
        Head(
            testDescription: "a body that never ends",
            text: "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n",
            status: 413, code: "body_too_large"),
    ]

    private static func repeated(_ count: Int) -> String { String(repeating: "y", count: count) }

    @Test(arguments: heads)
    func `is refused, the connection is closed and the upstream sees nothing`(_ head: Head) throws {
        let client = try gateway.client()
        try client.send(head.text)
        let answer = try client.readAnswer()
        #expect(answer.status == head.status)
        #expect(answer.refusal == head.code)
        #expect(answer.value("connection") == "close")
        client.endSending()
        #expect(try client.isClosedWithoutAWord())
        #expect(!upstream.hasVisitor)
    }

    @Test func `is refused after the policies have had their say`() throws {
        let client = try gateway.client()
        try client.send("POST /guarded HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
        #expect(try client.readAnswer().refusal == "token_missing")
    }

    @Test func `is a limit that may be reached`() throws {
        let client = try gateway.client()
        let path = "/open/" + Self.repeated(250)
        let headers = (0..<14).map { "X-\($0): y\r\n" }.joined()
        let body = Self.repeated(1000)
        try client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\(headers)\r\n\(body)")
        let connection = try upstream.accept()
        #expect(try connection.readHead().hasPrefix("POST \(path) HTTP/1.1\r\n"))
        #expect(try connection.read(count: 1000).text == body)
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try client.send("3e8\r\n\(body)\r\n0\r\n\r\n")
        #expect(try connection.readHead().hasPrefix("POST /open HTTP/1.1\r\n"))
        #expect(try connection.readChunk().text == body)
        #expect(try connection.readChunk().isEmpty)
        _ = try connection.read(count: 2)
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `in chunks is refused as it comes, and the upstream's request is cut`() throws {
        let client = try gateway.client()
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try client.send("3e8\r\n\(Self.repeated(1000))\r\n")
        #expect(try connection.readChunk().count == 1000)
        try client.send("1\r\ny\r\n")
        #expect(try client.readAnswer().refusal == "body_too_large")
        #expect(!(try connection.readToEnd().bytes.text.contains("0\r\n")))
        client.endSending()
        #expect(try client.isClosedWithoutAWord())
    }

    @Test func `in chunks behind the head of an answer closes the connection`() throws {
        let client = try gateway.client()
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n")
        #expect(try client.readAnswerHead().status == 200)
        #expect(try client.readChunk().text == "z")
        try client.send("3e8\r\n\(Self.repeated(1000))\r\n")
        #expect(!(try client.readToEnd().bytes.text.contains("0\r\n")))
    }
}

@Suite struct `Running out of descriptors` {
    @Test func `keeps those who are served, says so, and takes others in as soon as it can`() throws {
        let upstream = try EchoUpstream("still here ")
        let gateway = try RunningGateway(.init(descriptors: 40), upstreamPort: upstream.port)
        let served = try gateway.client()
        try served.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try served.readAnswer().status == 200)
        var crowd = try (0..<60).map { _ in try gateway.client() }
        try eventually("the warning") { gateway.errors.contains("no descriptor is left") }
        try served.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try served.readAnswer().body.text.hasPrefix("still here"))
        crowd.removeAll()
        #expect(try gateway.get("/open").status == 200)
    }
}
