import Testing

@Suite struct `Connections of clients` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    @Test func `pipelined requests are answered in order, refused ones among them`() throws {
        let client = try stage.client()
        try client.send(
            "GET /open/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /secret HTTP/1.1\r\nHost: a\r\n\r\nPOST /open/2 HTTP/1.1\r\nHost: a\r\n"
                + "Content-Length: 5\r\n\r\nhelloGET /closed HTTP/1.1\r\nHost: a\r\n\r\nHEAD /open/3 HTTP/1.1\r\nHost: a\r\n\r\n"
                + "GET /secret HTTP/1.1\r\nHost: a\r\n\r\nGET /open/4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /open/5"
        )
        let upstream = try stage.upstream.accept()
        #expect(try upstream.readHead().hasPrefix("GET /open/1 "))
        try stage.settle()
        #expect(upstream.isSilent, "the second request went out before the first was answered")
        #expect(client.isSilent)
        try upstream.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        #expect(try client.readAnswer().status == 401)
        #expect(try upstream.readHead().hasPrefix("POST /open/2 "))
        #expect(try upstream.read(count: 5).text == "hello")
        try upstream.answer("two")
        #expect(try client.readAnswer().body.text == "two")
        #expect(try client.readAnswer().status == 502)
        #expect(try upstream.readHead().hasPrefix("HEAD /open/3 "))
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        #expect(try client.readAnswer(toHead: true).value("content-length") == "100")
        #expect(try client.readAnswer().status == 401)
        #expect(try upstream.readHead().hasPrefix("GET /open/4 "))
        try upstream.answer("four")
        let last = try client.readAnswer()
        #expect(last.body.text == "four")
        #expect(last.value("connection") == "close")
        #expect(try client.readToEnd().bytes.isEmpty)
    }

    @Test func `a hundred pipelined requests get a hundred answers`() throws {
        let client = try stage.client()
        for index in 0..<100 { try client.send("GET /open/\(index) HTTP/1.1\r\nHost: a\r\n\r\n") }
        let upstream = try stage.upstream.accept()
        for index in 0..<100 {
            #expect(try upstream.readHead().hasPrefix("GET /open/\(index) "))
            try upstream.answer("\(index)")
        }
        for index in 0..<100 { #expect(try client.readAnswer().body.text == "\(index)") }
    }

    @Test func `no client gets another one's answer`() throws {
        // One that can't be served ends while the other waits.
        let first = try stage.client()
        try first.send("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try first.readAnswer().refusal == "upstream_unreachable")
        let second = try stage.client()
        try second.send("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try second.readAnswer().refusal == "token_missing")
        try stage.settle()
        #expect(first.isSilent)
        #expect(second.isSilent)
    }

    @Test func `HTTP/1.0 is answered and closed`() throws {
        let (client, upstream, head) = try stage.exchange("GET /open HTTP/1.0\r\n\r\n")
        #expect(head.hasPrefix("GET /open HTTP/1.1\r\nhost: \r\n"))
        try upstream.answer("hello")
        let answer = try client.readAnswer()
        #expect(answer.body.text == "hello")
        #expect(answer.value("connection") == "close")
        #expect(try client.readToEnd().bytes.isEmpty)
    }

    @Test func `HTTP/1.0 may keep its connection`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try upstream.answer("one")
        #expect(try client.readAnswer().value("connection") == "keep-alive")
        try client.send("GET /open HTTP/1.0\r\n\r\n")
        _ = try upstream.readHead()
        try upstream.answer("two")
        #expect(try client.readAnswer().body.text == "two")
        #expect(try client.readToEnd().bytes.isEmpty)
    }

    @Test func `HTTP/1.0 gets a chunked answer without its chunks`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nT: 1\r\n\r\n")
        let head = try client.readAnswerHead()
        #expect(head.value("transfer-encoding") == nil)
        #expect(head.value("connection") == "close")
        #expect(try client.readToEnd().bytes.text == "hello")
    }

    @Test func `HTTP/1.0 does not get an interim answer`() throws {
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi")
        try upstream.send("HTTP/1.1 100 Continue\r\n\r\n")
        try upstream.answer()
        #expect(try client.readHead().hasPrefix("HTTP/1.1 200 "))
    }

    @Test func `a client that ends its side still gets its answer`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endSending()
        try stage.settle()
        try upstream.answer("late")
        #expect(try client.readAnswer().body.text == "late")
        #expect(try client.readToEnd().bytes.isEmpty)
    }

    @Test func `a client that ends its side at once gets all its answers`() throws {
        let client = try stage.client()
        try client.send(
            "GET /secret HTTP/1.1\r\nHost: a\r\n\r\nGET /open HTTP/1.1\r\nHost: a\r\n\r\nGET /secret HTTP/1.1\r\nHost: a\r\n\r\n"
        )
        client.endSending()
        let upstream = try stage.upstream.accept()
        _ = try upstream.readHead()
        try upstream.answer("two")
        #expect(try client.readAnswer().status == 401)
        #expect(try client.readAnswer().body.text == "two")
        #expect(try client.readAnswer().status == 401)
        #expect(try client.readToEnd().bytes.isEmpty)
    }

    @Test func `a client that ends its side in the middle of a body takes the upstream's request with it`() throws {
        // The end may come before the upstream is connected, or after.
        for waits in [false, true] {
            let client = try stage.client()
            try client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
            if !waits { client.endSending() }
            let upstream = try stage.upstream.accept()
            if waits {
                _ = try upstream.read(through: "half")
                client.endSending()
            }
            _ = try upstream.readToEnd()
            _ = try client.readToEnd()
        }
    }

    @Test func `a client that ends its side before it has read its answer gets all of it`() throws {
        // Sizes around what fits the system's buffers: for some the gateway holds the end of the answer when
        // the client ends its side.
        for size in stride(from: 200_000, through: 4_000_000, by: 200_000) {
            let client = try stage.client(receiveBuffer: 4096)
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            let upstream = try stage.upstream.accept()
            _ = try upstream.readHead()
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n"
            var rest = Array(head.utf8) + [UInt8](repeating: 0x78, count: size)
            for _ in 0..<20 where !rest.isEmpty {
                rest.removeFirst(try upstream.sendNow(rest[...]))
                try stage.settle()
            }
            let held = rest.count
            client.endSending()
            try stage.settle()
            #expect(try client.readAnswerHead().status == 200)
            // What did not fit before the client read.
            if held > 0 {
                try client.skip(count: size - held)
                try upstream.send(rest)
            }
            try client.skip(count: held > 0 ? held : size)
            #expect(try client.readToEnd().bytes.isEmpty, "\(size) bytes")
        }
    }

    @Test func `an aborted client takes its upstream connection with it`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart")
        _ = try client.readAnswerHead()
        client.abort()
        _ = try upstream.readToEnd()
        let (waiting, silent, _) = try stage.exchange("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
        waiting.abort()
        _ = try silent.readToEnd()
        #expect(stage.gateway.isRunning)
    }
}

@Suite struct `Requests with a body` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    @Test func `100 Continue is the upstream's to give`() throws {
        let (client, upstream, head) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        #expect(head.contains("Expect: 100-continue\r\n"))
        try stage.settle()
        #expect(client.isSilent)
        try upstream.send("HTTP/1.1 100 Continue\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
        try client.send("hello")
        #expect(try upstream.read(count: 5).text == "hello")
        try upstream.answer("done")
        #expect(try client.readAnswer().body.text == "done")
    }

    @Test func `103 Early Hints come before the answer`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
        try upstream.answer("done")
        #expect(try client.readAnswer().body.text == "done")
    }

    @Test(arguments: [
        "Content-Length: 30000", "Transfer-Encoding: chunked", "Content-Length: 5\r\nExpect: 100-continue",
    ])
    func `refused before the body get one final answer and no 100`(_ line: String) throws {
        let client = try stage.client()
        try client.send("POST /secret HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 401)
        #expect(answer.value("connection") == "close")
        // A client that sends on all the same is not reset before it has read.
        if line.hasSuffix("30000") { try client.send([UInt8](repeating: 0x78, count: 30_000)) }
        let (rest, wasReset) = try client.readToEnd()
        #expect(rest.isEmpty)
        #expect(!wasReset)
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `refused behind a body that was sent along close their connection`() throws {
        let client = try stage.client()
        try client.send("POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        let answer = try client.readAnswer()
        #expect(answer.status == 401)
        let (rest, _) = try client.readToEnd()
        #expect(rest.isEmpty)
    }

    @Test func `answered early are not read to the end`() throws {
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nstart")
        _ = try upstream.read(count: 5)
        try upstream.answer("too much", status: "413 Content Too Large")
        let answer = try client.readAnswer()
        #expect(answer.status == 413)
        #expect(answer.body.text == "too much")
        #expect(answer.value("connection") == "close")
        #expect(try client.readToEnd().bytes.isEmpty)
        _ = try upstream.readToEnd()
    }

    @Test func `answered early without a length and then reset are seen to be cut`() throws {
        for isSending in [false, true] {
            let (client, upstream, _) = try stage.exchange(
                "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nhello")
            _ = try upstream.read(count: 5)
            try upstream.send("HTTP/1.1 200 OK\r\n\r\npart")
            #expect(try client.readAnswerHead().status == 200)
            #expect(try client.readChunk().text == "part")
            // More than any buffer holds: the gateway is in the middle of sending when the reset comes.
            let piece = [UInt8](repeating: 0x78, count: 64 << 10)[...]
            if isSending {
                var quiet = 0
                while quiet < 20 { quiet = try client.sendNow(piece) == 0 ? quiet + 1 : 0 }
            }
            upstream.abort()
            #expect(!(try client.readToEnd().bytes.text.contains("0\r\n")))
        }
    }

    @Test func `answered early with success may still be sent to the end`() throws {
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        _ = try upstream.read(count: 5)
        try upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")
        #expect(try client.readAnswerHead().status == 200)
        #expect(try client.readChunk().text == "he")
        try client.send("world")
        #expect(try upstream.read(count: 5).text == "world")
        try upstream.send("3\r\nllo\r\n0\r\n\r\n")
        #expect(try client.readChunk().text == "llo")
    }

    @Test func `keep their trailers, but for those that would route or frame`() throws {
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nAuthorization: Bearer x\r\nContent-Length: 9\r\n\r\n")
        #expect(try upstream.readChunk().text == "abc")
        #expect(try upstream.readChunk().isEmpty)
        #expect(try upstream.read(through: "\r\n\r\n") == "X-Sum: 1\r\n\r\n")
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `are forwarded as they come`() throws {
        let (client, upstream, _) = try stage.exchange("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
        for digit in 0..<10 {
            try client.send("\(digit)")
            #expect(try upstream.read(count: 1).text == "\(digit)")
        }
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
    }
}

@Suite struct `Answers` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var method = "GET"
        var answer: String
        var status = 200
        var body = ""
        var trailers: [String] = []
        /// Fields the client must find, nil: must not.
        var fields: [String: String?] = [:]
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "a length", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", body: "hello",
            fields: ["content-length": "5"]),
        Case(name: "no body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", fields: ["content-length": "0"]),
        Case(
            name: "chunks",
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
            body: "hello", fields: ["transfer-encoding": "chunked", "content-length": nil]),
        Case(
            name: "trailers",
            answer:
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n",
            body: "he", trailers: ["X-Sum: 1"]),
        Case(
            name: "HEAD with a length", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            fields: ["content-length": "5"]),
        Case(
            name: "HEAD with chunks", method: "HEAD", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        Case(
            name: "204", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204,
            fields: ["content-length": nil]),
        Case(
            name: "304", answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", status: 304,
            fields: ["etag": "\"x\""]),
        Case(name: "no reason", answer: "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", body: "ok"),
        Case(
            name: "hop-by-hop fields",
            answer:
                "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok",
            body: "ok", fields: ["connection": nil, "x-hop": nil, "keep-alive": nil, "upgrade": nil]),
        Case(
            name: "two cookies",
            answer: "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
            fields: ["set-cookie": "a=1"]),
    ]

    @Test func `are conveyed whatever their framing, one behind the other`() throws {
        let client = try stage.client()
        var upstream: Wire?
        for entry in Self.cases {
            try client.send("\(entry.method) /open HTTP/1.1\r\nHost: a\r\n\r\n")
            let connection = try upstream ?? stage.upstream.accept()
            upstream = connection
            _ = try connection.readHead()
            try connection.send(entry.answer)
            let answer = try client.readAnswer(toHead: entry.method == "HEAD")
            #expect(answer.status == entry.status, "\(entry.name)")
            #expect(answer.body.text == entry.body, "\(entry.name)")
            #expect(answer.trailers == entry.trailers, "\(entry.name)")
            for (name, value) in entry.fields { #expect(answer.value(name) == value, "\(entry.name)") }
        }
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `without a length end with the upstream's connection, and the client's stays`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.0 200 OK\r\n\r\nhello")
        #expect(try client.readAnswerHead().value("transfer-encoding") == "chunked")
        #expect(try client.readChunk().text == "hello")
        upstream.close()
        #expect(try client.read(through: "\r\n\r\n") == "0\r\n\r\n")
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let next = try stage.upstream.accept()
        _ = try next.readHead()
        try next.answer("two")
        #expect(try client.readAnswer().body.text == "two")
    }

    @Test func `in parts arrive as they are sent`() throws {
        let (client, upstream, _) = try stage.exchange(
            "GET /open HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(try client.readAnswerHead().value("content-type") == "text/event-stream")
        for index in 0..<20 {
            let event = "data: \(index)\n\n"
            try upstream.send("\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n")
            #expect(try client.readChunk().text == event)
        }
        try upstream.send("0\r\n\r\n")
        #expect(try client.readChunk().isEmpty)
    }

    @Test(arguments: [
        "Content-Length: 100\r\n\r\npart", "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        "Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n",
    ])
    func `cut short by the upstream end without a clean end`(_ answer: String) throws {
        for resets in [false, true] {
            let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            try upstream.send("HTTP/1.1 200 OK\r\n\(answer)")
            _ = try client.readAnswerHead()
            #expect(try client.read(through: "part").hasSuffix("part"))
            if resets { upstream.abort() } else { upstream.close() }
            let (rest, _) = try client.readToEnd()
            #expect(!rest.text.contains("0\r\n\r\n"))
            #expect(!rest.text.contains("HTTP/1.1"))
        }
    }

    @Test func `cut short for an HTTP/1.0 client, whose body ends with the connection, are reset`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.0\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n")
        _ = try client.readAnswerHead()
        #expect(try client.read(count: 4).text == "part")
        upstream.close()
        // A plain close would tell it that this was all.
        #expect(try client.readToEnd().wasReset)
    }

    @Test(arguments: [
        "garbage\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 99 x\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nA B: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: 1\r\n folded\r\n\r\n", "HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ])
    func `that are no HTTP become 502, and their connection is not used again`(_ text: String) throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send(text)
        let answer = try client.readAnswer()
        #expect(answer.status == 502)
        #expect(answer.refusal == "upstream_malformed")
        _ = try upstream.readToEnd()
        try client.send("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().status == 401)
    }

    @Test func `that never come become 502`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream.close()
        let answer = try client.readAnswer()
        #expect(answer.status == 502)
        #expect(answer.refusal == "upstream_closed")
    }

    @Test func `with bytes behind their end are the last of their connection`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        #expect(try client.readAnswer().body.text == "ok")
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        let next = try stage.upstream.accept()
        #expect(try next.readHead().hasPrefix("GET /open/2 "))
        try next.answer("good")
        #expect(try client.readAnswer().body.text == "good")
        _ = try upstream.readToEnd()
    }

    @Test func `that nobody asked for end an idle connection`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open/1 HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
        _ = try upstream.readToEnd()
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        let next = try stage.upstream.accept()
        _ = try next.readHead()
        try next.answer("two")
        #expect(try client.readAnswer().body.text == "two")
    }
}

@Suite struct `A reused upstream connection` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    /// A client that has had an answer, and the upstream connection that waits for more.
    private func warmedUp() throws -> (client: Wire, upstream: Wire) {
        let (client, upstream, _) = try stage.exchange("GET /open/warm HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.answer()
        _ = try client.readAnswer()
        return (client, upstream)
    }

    @Test(arguments: ["GET", "HEAD", "DELETE", "OPTIONS", "PUT"])
    func `that dies before a byte of its answer is tried once more for what may be repeated`(_ method: String) throws {
        let (client, upstream) = try warmedUp()
        try client.send("\(method) /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try upstream.readHead().hasPrefix("\(method) /open/2 "))
        upstream.close()
        let next = try stage.upstream.accept()
        #expect(try next.readHead().hasPrefix("\(method) /open/2 "))
        try next.answer("")
        #expect(try client.readAnswer(toHead: method == "HEAD").status == 200)
    }

    @Test func `is tried once and not twice`() throws {
        let (client, upstream) = try warmedUp()
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try upstream.readHead()
        upstream.close()
        let next = try stage.upstream.accept()
        _ = try next.readHead()
        next.close()
        #expect(try client.readAnswer().refusal == "upstream_closed")
        #expect(!stage.upstream.hasVisitor)
    }

    @Test(arguments: ["POST", "PATCH", "LOCK"])
    func `is not tried again for what may not be repeated`(_ method: String) throws {
        let (client, upstream) = try warmedUp()
        try client.send("\(method) /open/2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        _ = try upstream.readHead()
        upstream.close()
        #expect(try client.readAnswer().refusal == "upstream_closed")
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `is not tried again once a byte of the answer has come`() throws {
        let (client, upstream) = try warmedUp()
        try client.send("GET /open/2 HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try upstream.readHead()
        try upstream.send("HTTP/1.1 2")
        upstream.close()
        #expect(try client.readAnswer().refusal == "upstream_closed")
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `is not tried again once a byte of the body has gone`() throws {
        let (client, upstream) = try warmedUp()
        try client.send("PUT /open/2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        _ = try upstream.readHead()
        _ = try upstream.read(count: 5)
        upstream.close()
        #expect(try client.readAnswer().refusal == "upstream_closed")
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `is not tried again once the end of an empty chunked body has gone`() throws {
        let (client, upstream) = try warmedUp()
        try client.send("PUT /open/2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        _ = try upstream.readHead()
        #expect(try upstream.read(through: "\r\n\r\n") == "0\r\n\r\n")
        upstream.close()
        #expect(try client.readAnswer().refusal == "upstream_closed")
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `that was closed while idle is not used`() throws {
        let (client, upstream) = try warmedUp()
        upstream.close()
        try stage.settle()
        try client.send("POST /open/2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        let next = try stage.upstream.accept()
        _ = try next.readHead()
        try next.answer("fresh")
        #expect(try client.readAnswer().body.text == "fresh")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ])
    func `is not kept where the upstream says so`(_ answer: String) throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send(answer)
        #expect(try client.readAnswer().body.text == "ok")
        #expect(try upstream.readToEnd().bytes.isEmpty)
    }
}
