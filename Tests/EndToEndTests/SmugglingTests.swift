import Testing

/// Requests that two readers could take differently: none gets through, and nothing behind one is read.
@Suite struct `Smuggling` {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var bytes: String
        var status = 400
        var testDescription: String { name }

        init(_ name: String, _ bytes: String, status: Int = 400) {
            self.name = name
            self.bytes = bytes
            self.status = status
        }

        /// A request with these field lines and a body that holds another request.
        init(
            _ name: String, lines: String, body: String = "0\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            status: Int = 400
        ) {
            self.init(name, "POST /open HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\(body)", status: status)
        }
    }

    static let cases: [Case] = [
        Case("CL.TE", lines: "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"),
        Case("TE.CL", lines: "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"),
        Case("TE.TE, the second unknown", lines: "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"),
        Case("TE.TE, the first unknown", lines: "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", status: 501),
        Case("TE twice", lines: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        Case("TE in a list", lines: "Transfer-Encoding: chunked, identity\r\n", status: 501),
        Case("TE with a vertical tab", lines: "Transfer-Encoding: \u{B}chunked\r\n"),
        Case("TE with a blank before the colon", lines: "Transfer-Encoding : chunked\r\n"),
        Case("TE folded", lines: "Transfer-Encoding:\r\n chunked\r\n"),
        Case("TE in a folded line", lines: "X: 1\r\n Transfer-Encoding: chunked\r\n"),
        Case("TE behind a bare LF", lines: "X: 1\nTransfer-Encoding: chunked\r\n"),
        Case("TE behind a bare CR", lines: "X: 1\rTransfer-Encoding: chunked\r\n"),
        Case("TE with NUL", lines: "Transfer-Encoding: chunked\0\r\n"),
        Case(
            "TE of HTTP/1.0",
            "POST /open HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /open/smuggled HTTP/1.1\r\n\r\n"),
        Case("CL twice", lines: "Content-Length: 5\r\nContent-Length: 50\r\n"),
        Case("CL twice alike", lines: "Content-Length: 5\r\nContent-Length: 5\r\n"),
        Case("CL in a list", lines: "Content-Length: 5, 5\r\n"),
        Case("CL with a sign", lines: "Content-Length: +5\r\n"),
        Case("negative CL", lines: "Content-Length: -1\r\n"),
        Case("hexadecimal CL", lines: "Content-Length: 0x5\r\n"),
        Case("CL that wraps", lines: "Content-Length: 18446744073709551621\r\n"),
        Case("CL with a blank before the colon", lines: "Content-Length : 5\r\n"),
        Case("empty CL", lines: "Content-Length:\r\n"),
        Case("bare LF everywhere", "GET /open HTTP/1.1\nHost: a\n\nGET /open/smuggled HTTP/1.1\nHost: a\n\n"),
        Case(
            "bare LF for the empty line",
            "GET /open HTTP/1.1\r\nHost: a\r\n\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("two Hosts", lines: "Host: b\r\n"),
        Case("no Host", "GET /open HTTP/1.1\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case(
            "Host against the target",
            "GET http://b/open HTTP/1.1\r\nHost: a\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case(
            "a blank in the target",
            "GET /open /x HTTP/1.1\r\nHost: a\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case(
            "an escaped line end in the target", "GET /open%0d%0aX:1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        Case("an escaped slash", "GET /open%2f..%2fclosed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        Case("HTTP/0.9", "GET /open\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("another version", "GET /open HTTP/2.0\r\nHost: a\r\n\r\n", status: 505),
        Case(
            "CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            status: 501),
        Case("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\n"),
        Case("an endless name", "GET /open HTTP/1.1\r\n\(String(repeating: "x", count: 70_000))", status: 431),
        Case("an endless target", "GET /open\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\n\r\n", status: 414),
        Case(
            "a thousand fields", "GET /open HTTP/1.1\r\nHost: a\r\n\(String(repeating: "x: y\r\n", count: 1000))\r\n",
            status: 431),
        Case("another expectation", lines: "Expect: x\r\nContent-Length: 5\r\n", status: 417),
    ]

    @Test(arguments: cases)
    func `is refused, the connection is closed and the upstream sees nothing`(_ entry: Case) throws {
        let stage = try Stage()
        let client = try stage.client()
        try client.send(entry.bytes)
        let answer = try client.readAnswer()
        #expect(answer.status == entry.status)
        #expect(answer.value("connection") == "close")
        let (rest, wasReset) = try client.readToEnd()
        #expect(rest.isEmpty, "a second answer: \(rest.text)")
        #expect(!wasReset)
        try stage.settle()
        #expect(!stage.upstream.hasVisitor)
    }

    struct Body: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var forwarded: String
        var testDescription: String { name }
    }

    static let bodies: [Body] = [
        Body(name: "a size that wraps", body: "1\r\na\r\n10000000000000000\r\n", forwarded: "1\r\na\r\n"),
        Body(
            name: "a size line that ends in LF", body: "1\r\na\r\n0\n\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            forwarded: "1\r\na\r\n"),
        Body(name: "data longer than said", body: "1\r\nabc\r\n0\r\n\r\n", forwarded: "1\r\na\r\n"),
        Body(name: "a blank before a size", body: "1\r\na\r\n 5\r\nhello\r\n0\r\n\r\n", forwarded: "1\r\na\r\n"),
        Body(name: "an extension with a bare LF", body: "1\r\na\r\n2;\nxx\r\n4c\r\n0\r\n\r\n", forwarded: "1\r\na\r\n"),
        Body(
            name: "trailers with a request", body: "1\r\na\r\n0\r\nGET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
            forwarded: "1\r\na\r\n"),
        Body(name: "folded trailers", body: "1\r\na\r\n0\r\nX: 1\r\n Y: 2\r\n\r\n", forwarded: "1\r\na\r\n"),
    ]

    @Test(arguments: bodies)
    func `in a body ends both connections at the first bad byte`(_ entry: Body) throws {
        let stage = try Stage()
        let (client, upstream, head) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(head.contains("transfer-encoding: chunked\r\n"))
        try client.send(entry.body)
        let answer = try client.readAnswer()
        #expect(answer.status == 400)
        #expect(try client.readToEnd().bytes.isEmpty)
        let (seen, _) = try upstream.readToEnd()
        #expect(entry.forwarded.hasPrefix(seen.text))
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `in a body that is being answered already puts no second answer into the first`() throws {
        let stage = try Stage()
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart")
        #expect(try client.readAnswerHead().status == 200)
        try client.send("zz\r\n")
        let (rest, _) = try client.readToEnd()
        #expect(rest.text == "part")
        _ = try upstream.readToEnd()
    }

    @Test func `is no use of a body that looks like a request`() throws {
        let stage = try Stage()
        let smuggled = "GET /open/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)")
        #expect(try upstream.read(count: smuggled.utf8.count).text == smuggled)
        try upstream.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try upstream.readHead().hasPrefix("GET /open/2 "))
    }

    @Test func `by fields that Connection names leaves the framing alone`() throws {
        let stage = try Stage()
        let (_, upstream, head) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nConnection: Content-Length, Host\r\nContent-Length: 5\r\n\r\nhello")
        #expect(head.contains("Content-Length: 5\r\n"))
        #expect(head.contains("Host: a\r\n"))
        #expect(try upstream.read(count: 5).text == "hello")
    }
}
