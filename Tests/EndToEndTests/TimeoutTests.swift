import Testing

/// Every wait has its bound. The clock that watches them has the grain of a second.
@Suite struct `A wait` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        gateway = try RunningGateway(
            .init(config: "timeouts: {head: 1s, idle: 1s, body: 1s, request: 1s}", accessLog: "text"),
            upstreamPort: upstream.port)
    }

    private func expectTimeout(_ client: Wire, _ status: Int = 408, _ code: String = "request_timeout") throws {
        let answer = try client.readAnswer()
        #expect(answer.status == status)
        #expect(answer.refusal == code)
        #expect(answer.value("connection") == "close")
        #expect(try client.isClosedWithoutAWord())
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(" status=\(status) refusal=\(code) "))
        #expect(try gateway.metric("tollgate_refusals_total{code=\"\(code)\"}") == 1)
    }

    @Test func `for the rest of a head ends with 408`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\nX-Slow")
        try expectTimeout(client)
    }

    @Test func `for the rest of a head is not prolonged by a byte now and then`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nX: ")
        try eventually("an answer") {
            if client.isSilent { try client.send("y") }
            return !client.isSilent
        }
        #expect(try client.readAnswer().status == 408)
    }

    @Test func `for a body ends with 408 and takes the upstream's request with it`() throws {
        let client = try gateway.client()
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        #expect(try connection.readToEnd().bytes.text == "hello")
        try expectTimeout(client)
    }

    @Test func `for an upstream that never answers ends with 504`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try expectTimeout(client, 504, "upstream_timeout")
        #expect(try connection.readToEnd().bytes.isEmpty)
    }

    @Test func `for the rest of an answer without a length has no bound`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        // Another one's deadline has passed twice.
        for _ in 0..<2 { #expect(try gateway.client().isClosedWithoutAWord()) }
        try connection.send("1\r\nb\r\n0\r\n\r\n")
        #expect(try client.readAnswer().body.text == "ab")
    }

    @Test(arguments: [
        ("answer", "Content-Length: 3\r\n\r\na"), ("stream", "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"),
    ])
    func `for the next piece of an answer ends with its connection`(_ bound: String, _ rest: String) throws {
        let gateway = try RunningGateway(
            .init(config: "timeouts: {idle: 1s, \(bound): 2s}", accessLog: "text"), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\n\(rest)")
        #expect(try client.readToEnd().bytes.text.hasSuffix(rest.hasSuffix("\r\n") ? "1\r\na\r\n" : "\r\n\r\na"))
        #expect(try connection.readToEnd().bytes.isEmpty)
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(" status=200 refusal=upstream_timeout "), "\(line)")
    }

    @Test func `for the next piece begins anew with each`() throws {
        let bound = 6
        let gateway = try RunningGateway(
            .init(config: "timeouts: {idle: 1s, answer: \(bound)s}"), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(bound + 2)\r\n\r\n")
        // Each piece takes its second at least, as that is when the gateway closes a connection that asks nothing,
        // and far less than the bound, which all of them exceed.
        for _ in 0..<bound + 2 {
            #expect(try gateway.client().isClosedWithoutAWord())
            try connection.send("a")
        }
        #expect(try client.readAnswer().body.text == String(repeating: "a", count: bound + 2))
    }

    @Test func `for a client that reads none of its refusals ends`() throws {
        let client = try gateway.client(receiveBuffer: 4096)
        let requests = String(repeating: "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n", count: 5000)
        _ = try client.sendNow(Array(requests.utf8)[...])
        try eventually("refusals that cannot be sent") { try refusals() > 100 }
        try expectNobodyLeft()
    }

    @Test func `for a client that does not read its last answer ends`() throws {
        for line in ["Connection: close\r\n", ""] {
            let client = try gateway.client(receiveBuffer: 4096)
            let body = line.isEmpty ? "half a request: GET /" : ""
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\(line)\r\n\(body)")
            let connection = try upstream.accept()
            _ = try connection.readHead()
            try connection.answer(String(repeating: "x", count: 150_000))
            try expectNobodyLeft()
            withExtendedLifetime(client) {}
        }
    }

    private func refusals() throws -> Double {
        try gateway.metric("tollgate_refusals_total{code=\"token_missing\"}") ?? 0
    }

    /// The gateway has closed, though nobody has read.
    private func expectNobodyLeft() throws {
        try eventually("the end of all connections") { try gateway.metric("tollgate_connections_open") == 0 }
    }

    @Test func `for a first request ends with the connection closed`() throws {
        #expect(try gateway.client().isClosedWithoutAWord())
    }

    @Test func `for another request ends with the kept connection closed`() throws {
        let client = try gateway.client()
        try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().value("connection") == nil)
        #expect(try client.isClosedWithoutAWord())
    }
}

@Suite struct `An upstream that refuses connections` {
    private let gateway: RunningGateway

    init() throws { gateway = try RunningGateway(upstreamPort: Ports.next()) }

    @Test(arguments: [
        "GET /open HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        // The body has yet to come: it is not waited for.
        "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
        "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe",
        "GET /open HTTP/1.0\r\n\r\n",
    ])
    func `is answered for at once`(_ request: String) throws {
        let client = try gateway.client()
        try client.send(request)
        let answer = try client.readAnswer()
        #expect(answer.status == 502)
        #expect(answer.refusal == "upstream_unreachable")
    }

    @Test func `costs a client no connection`() throws {
        let client = try gateway.client()
        for _ in 0..<3 {
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readAnswer().status == 502)
        }
    }

    @Test func `is answered for to a client that ended its side`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endSending()
        #expect(try client.readAnswer().status == 502)
        #expect(try client.isClosedWithoutAWord())
    }
}
