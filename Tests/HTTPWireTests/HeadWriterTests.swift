import Bytes
import HTTPWire
import Testing

@Suite struct `A head that is forwarded` {
    /// What an upstream gets of a request, or the error it is refused with.
    private static func forwarded(_ text: String, lines: String = "", moreLines: String = "") throws -> String {
        let bytes = Array(text.utf8)
        var table = FieldTable()
        let head = try #require(try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table))
        var target = CanonicalTarget()
        try target.read(head, bytes.span)
        let storage = target.isVerbatim ? bytes : target.storage
        let query = target.query.map { $0.lowerBound - 1..<$0.upperBound } ?? 0..<0
        let lines = Array(lines.utf8)
        let moreLines = Array(moreLines.utf8)
        let additions = HeadWriter.RequestAdditions(
            path: storage.span.extracting(target.path), query: storage.span.extracting(query), lines: lines.span,
            moreLines: moreLines.span, authority: bytes.span.extracting(target.authority), sendsForwardedHost: true)
        return written(bound: HeadWriter.boundOfRequest(head, additions)) {
            HeadWriter.writeRequest(head, table, bytes.span, additions, into: &$0)
        }
    }

    @Test func `keeps its lines in order and says where it came from`() throws {
        let text = try Self.forwarded(
            "GET /a/../b?c HTTP/1.1\r\nHost: Example.com\r\nA: 1\r\nConnection: a\r\nB:  2 \r\nc: 3\r\n\r\n",
            lines: "X-User: alice\r\n", moreLines: "x-forwarded-for: 192.0.2.1\r\n")
        #expect(
            text == "GET /b?c HTTP/1.1\r\nHost: Example.com\r\nB:  2 \r\nc: 3\r\nX-User: alice\r\n"
                + "x-forwarded-for: 192.0.2.1\r\nx-forwarded-host: Example.com\r\n\r\n")
    }

    @Test func `says chunked anew`() throws {
        let text = try Self.forwarded("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: CHUNKED\r\n\r\n")
        #expect(text == "POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\nx-forwarded-host: a\r\n\r\n")
    }

    @Test func `of an HTTP/1.0 client is HTTP/1.1 with a Host`() throws {
        // RFC 9112 §3.2: an HTTP/1.1 request has a Host, if an empty one.
        #expect(try Self.forwarded("GET /a HTTP/1.0\r\nX: 1\r\n\r\n") == "GET /a HTTP/1.1\r\nhost: \r\nX: 1\r\n\r\n")
        #expect(
            try Self.forwarded("GET http://b/a HTTP/1.0\r\nX: 1\r\n\r\n")
                == "GET /a HTTP/1.1\r\nhost: b\r\nX: 1\r\nx-forwarded-host: b\r\n\r\n")
    }

    @Test(arguments: [
        "GET /a HTTP/1.1\r\nHost:\r\n\r\n", "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", "GET http://a/ HTTP/1.0\r\nHost:\r\n\r\n", "GET /a HTTP/1.0\r\n\r\n",
        "GET http://a/ HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `has exactly one Host or is refused`(_ text: String) throws {
        guard let forwarded = try? Self.forwarded(text) else { return }
        let hosts = forwarded.split(separator: "\r\n").filter { $0.lowercased().hasPrefix("host:") }
        #expect(hosts.count == 1, "\(forwarded)")
        // What a strict server behind makes of it.
        #expect(try ReadRequest.parse(forwarded) != nil)
    }

    @Test func `fits its bound whatever is dropped and added`() throws {
        let text = try Self.forwarded(
            "P / HTTP/1.0\r\nContent-Length: 3\r\n\r\n", lines: String(repeating: "a: b\r\n", count: 100))
        #expect(text.utf8.count > 600)
    }

    // MARK: - Answers

    private static func answered(
        _ text: String, framing: BodyFraming, keepsAlive: Bool = true, isHTTP11: Bool = true
    ) throws -> String {
        let bytes = Array(text.utf8)
        let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
        var table = FieldTable()
        let head = try #require(
            try ResponseHeadParser.parse(bytes.span, toHead: false, limits: .standard, into: &table))
        let plan = HeadWriter.ResponsePlan(framing: framing, keepsAlive: keepsAlive, isHTTP11: isHTTP11)
        return written(bound: HeadWriter.boundOfResponse(head)) {
            HeadWriter.writeResponse(head, table, bytes.span, plan: plan, date: date.span, into: &$0)
        }
    }

    @Test func `an answer keeps its lines and gets a date`() throws {
        #expect(
            try Self.answered(
                "HTTP/1.1 200 OK\r\nA: 1\r\nConnection: A\r\nContent-Length: 2\r\n\r\n", framing: .length(2))
                == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")
        #expect(
            try Self.answered("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n", framing: .length(2))
                == "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n")
    }

    @Test func `an answer of HTTP/1.0 without a reason is written as HTTP/1.1`() throws {
        #expect(
            try Self.answered("HTTP/1.0 200\r\nDate: x\r\n\r\n", framing: .chunked)
                == "HTTP/1.1 200 \r\nDate: x\r\ntransfer-encoding: chunked\r\n\r\n")
    }

    @Test func `the connection's fate is said where it is not the usual one`() throws {
        #expect(
            try Self.answered("HTTP/1.1 204 x\r\nDate: x\r\n\r\n", framing: .none, keepsAlive: false)
                == "HTTP/1.1 204 x\r\nDate: x\r\nconnection: close\r\n\r\n")
        #expect(
            try Self.answered("HTTP/1.1 204 x\r\nDate: x\r\n\r\n", framing: .none, isHTTP11: false)
                == "HTTP/1.1 204 x\r\nDate: x\r\nconnection: keep-alive\r\n\r\n")
    }

    @Test func `an interim answer gets nothing added`() throws {
        #expect(
            try Self.answered("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", framing: .none)
                == "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n")
    }

    @Test func `an answer fits its bound however short it was`() throws {
        let text = try Self.answered("HTTP/1.1 200\r\n\r\n", framing: .chunked, keepsAlive: false)
        #expect(text.hasPrefix("HTTP/1.1 200 \r\n"))
    }

    // MARK: - Chunks

    @Test(arguments: [
        (0, "0\r\n"), (1, "1\r\n"), (15, "f\r\n"), (16, "10\r\n"), (255, "ff\r\n"), (4096, "1000\r\n"),
        (Int.max, "7fffffffffffffff\r\n"),
    ])
    func `a chunk's size is written in hexadecimal`(_ count: Int, _ line: String) {
        #expect(written(bound: HeadWriter.maxChunkHeadBytes) { HeadWriter.writeChunkHead(count, into: &$0) } == line)
    }

    @Test func `the last chunk carries the trailers that are kept`() throws {
        let bytes = Array("0\r\nA: 1\r\nHost: evil\r\nB: 2\r\n\r\n".utf8)
        var decoder = BodyDecoder(.chunked)
        var table = FieldTable()
        var position = 0
        let event = try decoder.next(bytes.span, at: &position, limits: .standard, trailers: &table)
        #expect(event == .end)
        let text = written(bound: HeadWriter.boundOfLastChunk(table)) {
            HeadWriter.writeLastChunk(table, bytes.span, into: &$0)
        }
        #expect(text == "0\r\nA: 1\r\nB: 2\r\n\r\n")
        let none = FieldTable()
        let plain = written(bound: HeadWriter.boundOfLastChunk(none)) {
            HeadWriter.writeLastChunk(none, bytes.span, into: &$0)
        }
        #expect(plain == "0\r\n\r\n")
    }
}

@Suite struct `A known field` {
    @Test(arguments: [
        ("host", KnownField.host), ("Content-Length", .contentLength), ("TRANSFER-ENCODING", .transferEncoding),
        ("expect", .expect), ("connection", .connection), ("keep-alive", .keepAlive),
        ("proxy-connection", .proxyConnection), ("te", .te), ("trailer", .trailer), ("upgrade", .upgrade),
        ("http2-settings", .http2Settings), ("proxy-authorization", .proxyAuthorization),
        ("proxy-authenticate", .proxyAuthenticate), ("forwarded", .forwarded), ("x-real-ip", .xRealIP), ("date", .date),
        ("authorization", .authorization), ("cookie", .cookie), ("x-forwarded-for", .xForwarded),
        ("x-forwarded-host", .xForwarded), ("x-forwarded-proto", .xForwarded), ("x-forwarded-port", .xForwarded),
        ("x-forwarded-prefix", .xForwarded), ("x-forwarded-client-cert", .xForwarded), ("x-forwarded-x", .xForwarded),
        ("X-Forwarded-By", .xForwarded), ("x-forwarded-server", .xForwarded), ("x-forwarded-scheme", .xForwarded),
        // Servers that make variables of names (CGI, WSGI) read an underscore as a hyphen.
        ("X_Forwarded_For", .xForwarded), ("x-forwarded_host", .xForwarded), ("X_Real_IP", .xRealIP),
        ("x-forwarded-", .other), ("x-forwarded", .other), ("hosts", .other), ("content-lengths", .other), ("", .other),
        ("cookies", .other), ("set-cookie", .other), ("x-host", .other),
    ])
    func `is known by its name in any case`(_ name: String, _ known: KnownField) {
        for written in [name, name.uppercased(), name.lowercased()] {
            let bytes = Array(written.utf8)
            let found = KnownField.of(bytes.span)
            #expect(found == known, "\(written)")
        }
    }
}
