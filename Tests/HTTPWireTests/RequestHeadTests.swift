import HTTPWire
import Testing

@Suite struct `A request head` {
    private static func parse(_ text: String) throws -> ReadRequest {
        try #require(try ReadRequest.parse(text))
    }

    @Test func `is read as it stands`() throws {
        let head = try Self.parse(
            "GET /a?b=c HTTP/1.1\r\nHost: Example.com:8080\r\nX-Empty:\r\nX-Blank: \t a b \t \r\nx:1\r\n\r\nrest")
        #expect(head.method == "GET")
        #expect(head.target == "/a?b=c")
        #expect(head.minorVersion == 1)
        #expect(head.host == "Example.com:8080")
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(!head.expectsContinue)
        #expect(head.kept == ["Host: Example.com:8080", "X-Empty: ", "X-Blank: a b", "x: 1"])
        #expect(head.byteCount == 81)
    }

    @Test func `values keep obs-text and tabs`() throws {
        let head = try Self.parse("GET / HTTP/1.1\r\nHost: a\r\nX: é\tb\r\n\r\n")
        #expect(head.kept.last == "X: é\tb")
    }

    @Test func `any token is a method`() throws {
        #expect(try Self.parse("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\nHost: a\r\n\r\n").method == "!#$%&'*+-.^_`|~09azAZ")
        #expect(try Self.parse("get / HTTP/1.1\r\nHost: a\r\n\r\n").method == "get")
    }

    struct Kept: Sendable, CustomTestStringConvertible {
        var name: String
        var lines: String
        var version = "1.1"
        var framing = BodyFraming.none
        var keepsAlive = true
        var expectsContinue = false
        var dropped: [String] = []
        var testDescription: String { name }
    }

    static let kept: [Kept] = [
        Kept(name: "a length", lines: "Content-Length: 5\r\n", framing: .length(5)),
        Kept(name: "a length of zero", lines: "Content-Length: 0\r\n"),
        Kept(name: "a length with zeros before it", lines: "Content-Length: 0005\r\n", framing: .length(5)),
        Kept(
            name: "the largest length", lines: "Content-Length: 999999999999999999\r\n",
            framing: .length(999_999_999_999_999_999)),
        Kept(name: "blanks around a length are not its", lines: "Content-Length: \t5 \r\n", framing: .length(5)),
        Kept(
            name: "chunked", lines: "Transfer-Encoding: chunked\r\n", framing: .chunked, dropped: ["Transfer-Encoding"]),
        Kept(
            name: "chunked in capitals", lines: "TRANSFER-ENCODING: CHUNKED\r\n", framing: .chunked,
            dropped: ["TRANSFER-ENCODING"]),
        Kept(name: "close", lines: "Connection: close\r\n", keepsAlive: false, dropped: ["Connection"]),
        Kept(
            name: "close among others", lines: "Connection: foo, Close ,bar\r\n", keepsAlive: false,
            dropped: ["Connection"]),
        Kept(
            name: "close wins over keep-alive", lines: "Connection: close\r\nConnection: keep-alive\r\n",
            keepsAlive: false,
            dropped: ["Connection", "Connection"]),
        Kept(name: "HTTP/1.0 closes", lines: "", version: "1.0", keepsAlive: false),
        Kept(
            name: "HTTP/1.0 with keep-alive", lines: "Connection: Keep-Alive\r\n", version: "1.0",
            dropped: ["Connection"]),
        Kept(
            name: "expectation with a body", lines: "Expect: 100-Continue\r\nContent-Length: 1\r\n",
            framing: .length(1),
            expectsContinue: true),
        Kept(name: "expectation without a body", lines: "Expect: 100-continue\r\n"),
        Kept(
            name: "expectation of an HTTP/1.0 client", lines: "Expect: 100-continue\r\nContent-Length: 1\r\n",
            version: "1.0", framing: .length(1), keepsAlive: false),
        Kept(name: "an empty list of options", lines: "Connection: , ,\r\n", dropped: ["Connection"]),
        Kept(name: "an empty Connection", lines: "Connection:\r\n", dropped: ["Connection"]),
    ]

    @Test(arguments: kept)
    func `says what its fields mean`(_ entry: Kept) throws {
        let head = try Self.parse("POST / HTTP/\(entry.version)\r\nHost: a\r\n\(entry.lines)\r\n")
        #expect(head.framing == entry.framing)
        #expect(head.keepsAlive == entry.keepsAlive)
        #expect(head.expectsContinue == entry.expectsContinue)
        #expect(head.dropped == entry.dropped)
    }

    @Test func `HTTP/1.0 needs no Host`() throws {
        #expect(try Self.parse("GET / HTTP/1.0\r\n\r\n").host == "")
    }

    @Test func `hop-by-hop fields are not forwarded`() throws {
        let hopByHop = [
            "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Upgrade", "HTTP2-Settings",
            "Proxy-Authorization", "Proxy-Authenticate",
        ]
        let lines = hopByHop.map { "\($0): y\r\n" }.joined()
        let head = try Self.parse("GET / HTTP/1.1\r\nHost: a\r\n\(lines)X: 1\r\n\r\n")
        #expect(head.dropped == hopByHop)
        #expect(head.kept == ["Host: a", "X: 1"])
    }

    @Test func `fields that Connection names are not forwarded, in any case and number`() throws {
        let head = try Self.parse(
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: x-a\r\nx-A: 2\r\nConnection: X-B,\tx-c\r\nX-C: 3\r\nX-D: 4\r\n\r\n"
        )
        #expect(head.kept == ["Host: a", "X-D: 4"])
    }

    @Test func `Connection can't take away Host, Content-Length or the coding`() throws {
        let length = try Self.parse(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: host, content-length\r\n\r\n")
        #expect(length.kept == ["Host: a", "Content-Length: 5"])
        #expect(length.framing == .length(5))
        let chunked = try Self.parse(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: Transfer-Encoding\r\n\r\n")
        #expect(chunked.framing == .chunked)
    }

    @Test(arguments: ["Connection: close", "Connection: keep-alive", "Connection:"])
    func `is incomplete until its empty line has come`(_ line: String) throws {
        let text = "GET /path HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n"
        for count in 0..<text.utf8.count {
            #expect(try ReadRequest.parse(Array(text.utf8.prefix(count))) == nil, "\(count) bytes")
        }
    }

    // MARK: - Refusals

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var error: WireError
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ error: WireError) {
            self.name = name
            self.text = text
            self.error = error
        }

        /// A request with these field lines, each with its line end.
        init(_ name: String, lines: String, version: String = "1.1", _ error: WireError) {
            self.init(name, "POST / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n", error)
        }
    }

    static let refused: [Refused] = [
        // The request line
        Refused("bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("bare CR behind the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", .malformedRequestLine),
        Refused("LF alone", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("two blanks before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("two blanks before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("tab for a blank", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("blank before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("no version", "GET /\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("NUL in the target", "GET /a\0 HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("tab in the target", "GET /a\t HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("DEL in the target", "GET /a\u{7F} HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("no token as the method", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("colon in the method", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused(
            "a method of 33 bytes", "\(String(repeating: "A", count: 33)) / HTTP/1.1\r\nHost: a\r\n\r\n",
            .malformedRequestLine),
        Refused("version in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("version without a digit", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("version of two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("version with a comma", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", .malformedRequestLine),
        Refused("TLS on a plain port", "\u{16}\u{3}\u{1}\u{2}\0\u{1}", .malformedRequestLine),
        Refused("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", .versionNotSupported),
        Refused("HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", .versionNotSupported),
        Refused("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
        Refused("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", .methodNotSupported),
        // Field lines
        Refused("bare LF between fields", "GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n", .malformedField),
        Refused("bare LF for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\nX", .malformedField),
        Refused("bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r2\r\n\r\n", .malformedField),
        Refused("bare CR for the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\rX: 1\r\n\r\n", .malformedField),
        Refused("CR CR LF", "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\r\n\r\n", .malformedField),
        Refused("folding with a blank", lines: "X: 1\r\n 2\r\n", .malformedField),
        Refused("folding with a tab", lines: "X: 1\r\n\t2\r\n", .malformedField),
        Refused("folding before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", .malformedField),
        Refused("blank before the colon", lines: "X : 1\r\n", .malformedField),
        Refused("tab before the colon", lines: "X\t: 1\r\n", .malformedField),
        Refused("blank before the colon of Content-Length", lines: "Content-Length : 5\r\n", .malformedField),
        Refused("blank before the colon of the coding", lines: "Transfer-Encoding : chunked\r\n", .malformedField),
        Refused("an empty name", lines: ": 1\r\n", .malformedField),
        Refused("no colon", lines: "X\r\n", .malformedField),
        Refused("a blank in the name", lines: "X Y: 1\r\n", .malformedField),
        Refused("a name with brackets", lines: "X[]: 1\r\n", .malformedField),
        Refused("a name that is no ASCII", lines: "Ünder: 1\r\n", .malformedField),
        Refused("NUL in a name", lines: "X\0: 1\r\n", .malformedField),
        Refused("NUL in a value", lines: "X: 1\0\r\n", .malformedField),
        Refused("NUL far in a value", lines: "X: 0123456789012345678901234567890123\0\r\n", .malformedField),
        Refused("a control byte in a value", lines: "X: \u{1}\r\n", .malformedField),
        Refused("vertical tab before the coding", lines: "Transfer-Encoding: \u{B}chunked\r\n", .malformedField),
        Refused("form feed in a value", lines: "X: a\u{C}b\r\n", .malformedField),
        Refused("DEL in a value", lines: "X: \u{7F}\r\n", .malformedField),
        Refused("DEL far in a value", lines: "X: 01234567890123456789012\u{7F}4567890\r\n", .malformedField),
        // Host
        Refused("no Host", "GET / HTTP/1.1\r\nX: 1\r\n\r\n", .hostInvalid),
        Refused("two Hosts", lines: "Host: b\r\n", .hostInvalid),
        Refused("two equal Hosts", lines: "host: a\r\n", .hostInvalid),
        Refused("two Hosts of HTTP/1.0", lines: "Host: b\r\n", version: "1.0", .hostInvalid),
        // Framing
        Refused(
            "a length beside a coding", lines: "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            .conflictingFraming),
        Refused(
            "a coding beside a length", lines: "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            .conflictingFraming),
        Refused(
            "a length of zero beside a coding", lines: "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
            .conflictingFraming),
        Refused("two lengths", lines: "Content-Length: 5\r\nContent-Length: 6\r\n", .conflictingFraming),
        Refused("two equal lengths", lines: "Content-Length: 5\r\nContent-Length: 5\r\n", .conflictingFraming),
        Refused("a list of lengths", lines: "Content-Length: 5, 5\r\n", .invalidContentLength),
        Refused("a length with a sign", lines: "Content-Length: +5\r\n", .invalidContentLength),
        Refused("a negative length", lines: "Content-Length: -5\r\n", .invalidContentLength),
        Refused("a hexadecimal length", lines: "Content-Length: 0x5\r\n", .invalidContentLength),
        Refused("a length with letters", lines: "Content-Length: 5a\r\n", .invalidContentLength),
        Refused("a blank in a length", lines: "Content-Length: 5 5\r\n", .invalidContentLength),
        Refused("a fraction of a length", lines: "Content-Length: 5.0\r\n", .invalidContentLength),
        Refused("an underscore in a length", lines: "Content-Length: 1_0\r\n", .invalidContentLength),
        Refused("an empty length", lines: "Content-Length:\r\n", .invalidContentLength),
        Refused("full-width digits", lines: "Content-Length: ５\r\n", .invalidContentLength),
        Refused(
            "a length that wraps 64 bits", lines: "Content-Length: 18446744073709551621\r\n", .invalidContentLength),
        Refused("a length of 19 digits", lines: "Content-Length: 1000000000000000000\r\n", .invalidContentLength),
        Refused("another coding", lines: "Transfer-Encoding: gzip\r\n", .unsupportedTransferCoding),
        Refused("identity", lines: "Transfer-Encoding: identity\r\n", .unsupportedTransferCoding),
        Refused("gzip, chunked", lines: "Transfer-Encoding: gzip, chunked\r\n", .unsupportedTransferCoding),
        Refused("chunked, identity", lines: "Transfer-Encoding: chunked, identity\r\n", .unsupportedTransferCoding),
        Refused("chunked, chunked", lines: "Transfer-Encoding: chunked, chunked\r\n", .unsupportedTransferCoding),
        Refused("chunked and a comma", lines: "Transfer-Encoding: chunked,\r\n", .unsupportedTransferCoding),
        Refused("chunked with a parameter", lines: "Transfer-Encoding: chunked;q=1\r\n", .unsupportedTransferCoding),
        Refused("quoted chunked", lines: "Transfer-Encoding: \"chunked\"\r\n", .unsupportedTransferCoding),
        Refused("an empty coding", lines: "Transfer-Encoding:\r\n", .unsupportedTransferCoding),
        Refused("xchunked", lines: "Transfer-Encoding: xchunked\r\n", .unsupportedTransferCoding),
        Refused(
            "two codings", lines: "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", .conflictingFraming),
        Refused(
            "two codings, one unknown", lines: "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
            .unsupportedTransferCoding),
        Refused("a coding in HTTP/1.0", lines: "Transfer-Encoding: chunked\r\n", version: "1.0", .conflictingFraming),
        // Others
        Refused("another expectation", lines: "Expect: 200-ok\r\n", .expectationFailed),
        Refused("a list of expectations", lines: "Expect: 100-continue, x\r\n", .expectationFailed),
        Refused("an empty expectation", lines: "Expect:\r\n", .expectationFailed),
        Refused("no token in Connection", lines: "Connection: a b\r\n", .malformedConnectionField),
        Refused("a quoted option", lines: "Connection: \"close\"\r\n", .malformedConnectionField),
        Refused(
            "17 options", lines: "Connection: \((0..<17).map { "x\($0)" }.joined(separator: ","))\r\n",
            .malformedConnectionField),
    ]

    @Test(arguments: refused)
    func `is refused`(_ entry: Refused) {
        #expect(throws: entry.error) { try ReadRequest.parse(entry.text) }
    }

    @Test(arguments: [
        "G\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\u{1}\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx\u{1}x: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: y\u{1}y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\u{1}b\r\n\r\n",
    ])
    func `with a control byte is refused wherever it stands`(_ template: String) {
        for byte in UInt8.min...UInt8.max where byte < 0x20 || byte == 0x7F {
            // A tab is legal inside a value; a host with one is refused with the target.
            if byte == 0x09, template.contains(": y\u{1}") || template.contains(": a\u{1}") { continue }
            let bytes = template.utf8.map { $0 == 1 ? byte : $0 }
            #expect(throws: WireError.self, "byte \(byte)") { try ReadRequest.parse(bytes) }
        }
    }

    // MARK: - Limits

    @Test func `the limits are exact`() throws {
        let limits = HeadLimits(maxHeadBytes: 60, maxTargetBytes: 10, maxFields: 3, maxTrailerBytes: 10)
        func parse(_ text: String) throws(WireError) -> ReadRequest? { try ReadRequest.parse(text, limits: limits) }
        #expect(try parse("GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n") != nil)
        #expect(throws: WireError.targetTooLong) { try parse("GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n") }
        // Too long is seen before the end has come.
        #expect(throws: WireError.targetTooLong) { try parse("GET /2345678901") }
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\n\r\n") != nil)
        #expect(throws: WireError.headTooLarge) {
            try parse("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n")
        }
        let rest = 60 - "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        let exact = String(repeating: "x", count: rest)
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\nX: \(exact)\r\n\r\n") != nil)
        #expect(throws: WireError.headTooLarge) { try parse("GET / HTTP/1.1\r\nHost: a\r\nX: \(exact)x\r\n\r\n") }
        #expect(throws: WireError.headTooLarge) { try parse("GET / HTTP/1.1\r\nHost: a\r\nX: \(exact)xxxxxx") }
        #expect(try parse("GET / HTTP/1.1\r\nHost: a\r\nX: \(exact)xx") == nil)
    }

    @Test func `an endless method is refused before anything follows it`() {
        #expect(throws: WireError.malformedRequestLine) { try ReadRequest.parse(String(repeating: "A", count: 100)) }
    }

    // MARK: - Splits

    /// Every head of this file, with what follows one.
    private static var corpus: [String] {
        let bodies = kept.map { "POST /x HTTP/\($0.version)\r\nHost: a\r\n\($0.lines)\r\n" }
        return bodies + refused.map(\.text) + [
            "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\nrest",
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n",
        ]
    }

    @Test func `split at every byte gives what it gives in one piece`() {
        for text in Self.corpus {
            let bytes = Array(text.utf8)
            let whole = ServerDriver.events([bytes])
            #expect(!whole.isEmpty)
            for cut in 1..<bytes.count {
                let halves = ServerDriver.events([Array(bytes[..<cut]), Array(bytes[cut...])])
                #expect(halves == whole, "\(text.debugDescription) cut at \(cut)")
            }
            let single = ServerDriver.events(bytes.map { [$0] })
            #expect(single == whole, "\(text.debugDescription) byte by byte")
        }
    }
}
