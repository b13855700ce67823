import Bytes
import HTTPWire
import Testing

@Suite struct `The head of an HTTP/2 request` {
    struct Case: CustomTestStringConvertible {
        var name: String
        var fields: [(String, String)]
        var error: WireError
        var hasBody = false
        var testDescription: String { name }

        init(_ name: String, _ fields: [(String, String)], _ error: WireError, hasBody: Bool = false) {
            self.name = name
            self.fields = fields
            self.error = error
            self.hasBody = hasBody
        }
    }

    private static let get = [(":method", "GET"), (":scheme", "https"), (":path", "/a?b"), (":authority", "a.test")]

    private static func made(_ fields: [(String, String)], hasBody: Bool = false) throws(WireError) -> String {
        var head = HTTP2RequestHead()
        head.begin()
        for (name, value) in fields { try head.add(Array(name.utf8).span, Array(value.utf8).span) }
        try head.finish(hasBody: hasBody)
        return String(decoding: head.bytes, as: UTF8.self)
    }

    @Test func `becomes a head of HTTP/1.1`() throws {
        #expect(try Self.made(Self.get + [("x", "y")]) == "GET /a?b HTTP/1.1\r\nhost: a.test\r\nx: y\r\n\r\n")
    }

    @Test func `has its cookies in one line`() throws {
        let head = try Self.made(Self.get + [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")])
        #expect(head.hasSuffix("\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n"))
    }

    @Test func `says how long the body is, or sends it in chunks`() throws {
        #expect(try Self.made(Self.get, hasBody: true).contains("\r\ntransfer-encoding: chunked\r\n"))
        let sized = try Self.made(Self.get + [("content-length", "7")], hasBody: true)
        #expect(sized.contains("\r\ncontent-length: 7\r\n") && !sized.contains("chunked"))
    }

    @Test func `takes a Host that says what the authority says, or stands for it`() throws {
        let host = [("host", "A.test")]
        #expect(try Self.made(Self.get + host).contains("\r\nhost: a.test\r\n"))
        #expect(try Self.made(Array(Self.get.dropLast()) + host).contains("\r\nhost: A.test\r\n"))
    }

    @Test(arguments: [
        Case("a name in capitals", get + [("X-Y", "z")], .malformedField),
        Case("an empty name", get + [("", "z")], .malformedField),
        Case("a blank in a name", get + [("x y", "z")], .malformedField),
        Case("a line end in a name", get + [("x\r\ny", "z")], .malformedField),
        Case("a colon in a name", get + [("x:", "z")], .malformedField),
        Case("a line end in a value", get + [("x", "a\r\nb: c")], .malformedField),
        Case("a line feed in a value", get + [("x", "a\nb")], .malformedField),
        Case("a NUL in a value", get + [("x", "a\0b")], .malformedField),
        Case("a blank before a value", get + [("x", " a")], .malformedField),
        Case("a tab behind a value", get + [("x", "a\t")], .malformedField),
        Case("connection", get + [("connection", "close")], .malformedConnectionField),
        Case("keep-alive", get + [("keep-alive", "1")], .malformedConnectionField),
        Case("proxy-connection", get + [("proxy-connection", "close")], .malformedConnectionField),
        Case("transfer-encoding", get + [("transfer-encoding", "chunked")], .malformedConnectionField),
        Case("upgrade", get + [("upgrade", "websocket")], .malformedConnectionField),
        Case("te but for trailers", get + [("te", "gzip")], .malformedConnectionField),
        Case("a pseudo-header that is not known", get + [(":x", "y")], .malformedField),
        Case("an answer's pseudo-header", get + [(":status", "200")], .malformedField),
        Case("an extended CONNECT", get + [(":protocol", "websocket")], .malformedField),
        Case("a pseudo-header behind a field", [("x", "y")] + get, .malformedField),
        Case("a method twice", get + [(":method", "GET")], .malformedField),
        Case("a path twice", get + [(":path", "/")], .malformedField),
        Case("no method", Array(get.dropFirst()), .malformedRequestLine),
        Case("no path", [get[0], get[1], get[3]], .malformedRequestLine),
        Case("no scheme", [get[0], get[2], get[3]], .malformedRequestLine),
        Case("another scheme", [get[0], (":scheme", "ftp"), get[2]], .malformedRequestLine),
        Case("an empty path", [get[0], get[1], (":path", "")], .malformedRequestLine),
        Case("a path that is a URL", [get[0], get[1], (":path", "http://b/")], .malformedRequestLine),
        Case("a blank in the path", [get[0], get[1], (":path", "/ HTTP/1.1")], .malformedRequestLine),
        Case("a line end in the path", [get[0], get[1], (":path", "/\r\nx:y")], .malformedRequestLine),
        Case("a blank in the method", [(":method", "GET /")] + get.dropFirst(), .malformedRequestLine),
        Case("a line end in the authority", [get[0], get[1], get[2], (":authority", "a\r\nb")], .malformedField),
        Case("CONNECT", [(":method", "CONNECT"), (":authority", "a:1")], .methodNotSupported),
        Case("another Host", get + [("host", "b.test")], .hostInvalid),
        Case("two Hosts", get + [("host", "a.test"), ("host", "a.test")], .hostInvalid),
        Case(
            "two lengths", get + [("content-length", "1"), ("content-length", "1")], .conflictingFraming, hasBody: true),
        Case("a length that is no number", get + [("content-length", "+1")], .invalidContentLength, hasBody: true),
        Case("a length without a body", get + [("content-length", "1")], .conflictingFraming),
    ])
    func `is refused where it is malformed`(_ entry: Case) {
        #expect(throws: entry.error) { try Self.made(entry.fields, hasBody: entry.hasBody) }
    }

    @Test func `leaves nothing of one request to the next`() throws {
        var head = HTTP2RequestHead()
        for fields in [Self.get + [("cookie", "a=1"), ("content-length", "0")]] {
            head.begin()
            for (name, value) in fields { try head.add(Array(name.utf8).span, Array(value.utf8).span) }
            try head.finish(hasBody: true)
        }
        #expect(head.hasLength)
        head.begin()
        for (name, value) in Self.get { try head.add(Array(name.utf8).span, Array(value.utf8).span) }
        try head.finish(hasBody: false)
        #expect(!head.hasLength)
        #expect(String(decoding: head.bytes, as: UTF8.self) == "GET /a?b HTTP/1.1\r\nhost: a.test\r\n\r\n")
    }
}
