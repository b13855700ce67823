import HTTPWire
import Testing

@Suite struct `A response head` {
    struct Taken: Sendable, CustomTestStringConvertible {
        var text: String
        var toHead = false
        var status = 200
        var framing: BodyFraming
        var keepsAlive = true
        var dropped: [String] = []
        var testDescription: String { text.replacing("\r\n", with: "⏎") + (toHead ? " to HEAD" : "") }
    }

    static let taken: [Taken] = [
        Taken(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", framing: .length(5)),
        Taken(text: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", framing: .length(0)),
        Taken(text: "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n", framing: .length(5)),
        Taken(text: "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", framing: .length(5)),
        Taken(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", framing: .chunked,
            dropped: ["Transfer-Encoding"]),
        Taken(text: "HTTP/1.1 200 OK\r\n\r\n", framing: .untilClose, keepsAlive: false),
        Taken(text: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", framing: .length(5), keepsAlive: false),
        Taken(
            text: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n", framing: .length(5),
            dropped: ["Connection"]),
        Taken(
            text: "HTTP/1.1 200 OK\r\nConnection: close, X-Secret\r\nX-Secret: 1\r\nContent-Length: 5\r\n\r\n",
            framing: .length(5), keepsAlive: false, dropped: ["Connection", "X-Secret"]),
        // No body whatever the fields say
        Taken(text: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", toHead: true, framing: .none),
        Taken(
            text: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", toHead: true, framing: .none,
            dropped: ["Transfer-Encoding"]),
        Taken(text: "HTTP/1.1 200 OK\r\n\r\n", toHead: true, framing: .none),
        Taken(text: "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", status: 304, framing: .none),
        Taken(text: "HTTP/1.1 304 Not Modified\r\n\r\n", status: 304, framing: .none),
        Taken(
            text: "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", status: 204, framing: .none,
            dropped: ["Content-Length"]),
        Taken(
            text: "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", status: 100, framing: .none,
            dropped: ["Content-Length"]),
    ]

    @Test(arguments: taken)
    func `says how its body ends`(_ entry: Taken) throws {
        let head = try #require(try ReadResponse.parse(entry.text, toHead: entry.toHead))
        #expect(head.status == entry.status)
        #expect(head.framing == entry.framing)
        #expect(head.keepsAlive == entry.keepsAlive)
        #expect(head.dropped == entry.dropped)
        for count in 0..<entry.text.utf8.count {
            #expect(try ReadResponse.parse(String(decoding: entry.text.utf8.prefix(count), as: UTF8.self)) == nil)
        }
    }

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
    }

    static let refused: [Refused] = [
        Refused("no HTTP at all", "garbage garbage garbage\r\n\r\n", .malformedStatusLine),
        Refused("no HTTP in its first byte", "x", .malformedStatusLine),
        Refused("HTTP/2", "HTTP/2 200 OK\r\n\r\n", .malformedStatusLine),
        Refused("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n", .malformedStatusLine),
        Refused("lower case", "http/1.1 200 OK\r\n\r\n", .malformedStatusLine),
        Refused("two digits", "HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
        Refused("four digits", "HTTP/1.1 2000 OK\r\n\r\n", .malformedStatusLine),
        Refused("status below 100", "HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine),
        Refused("status of 600", "HTTP/1.1 600 OK\r\n\r\n", .malformedStatusLine),
        Refused("status with a sign", "HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine),
        Refused("two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n", .malformedStatusLine),
        Refused("bare LF behind the status line", "HTTP/1.1 200 OK\nX: 1\r\n\r\n", .malformedStatusLine),
        Refused("bare CR behind the status line", "HTTP/1.1 200 OK\rX: 1\r\n\r\n", .malformedStatusLine),
        Refused("NUL in the reason", "HTTP/1.1 200 O\0K\r\n\r\n", .malformedStatusLine),
        Refused("bare LF in fields", "HTTP/1.1 200 OK\r\nX: 1\nY: 2\r\n\r\n", .malformedField),
        Refused("folding", "HTTP/1.1 200 OK\r\nX: 1\r\n 2\r\n\r\n", .malformedField),
        Refused("blank before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n", .malformedField),
        Refused(
            "two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", .conflictingFraming),
        Refused(
            "a length beside a coding", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            .conflictingFraming),
        Refused("a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .conflictingFraming),
        Refused("another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", .unsupportedTransferCoding),
        Refused("a bad length", "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n", .invalidContentLength),
        Refused(
            "a bad length beside no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: x\r\n\r\n",
            .invalidContentLength),
    ]

    @Test(arguments: refused)
    func `is refused`(_ entry: Refused) {
        #expect(throws: entry.error) { try ReadResponse.parse(entry.text) }
    }

    @Test func `is bounded`() {
        let limits = HeadLimits(maxHeadBytes: 60, maxTargetBytes: 10, maxFields: 2, maxTrailerBytes: 10)
        let long = String(repeating: "x", count: 60)
        #expect(throws: WireError.headTooLarge) {
            try ReadResponse.parse("HTTP/1.1 200 OK\r\nX: \(long)\r\n\r\n", limits: limits)
        }
        #expect(throws: WireError.headTooLarge) { try ReadResponse.parse("HTTP/1.1 200 \(long)", limits: limits) }
        #expect(throws: WireError.headTooLarge) {
            try ReadResponse.parse("HTTP/1.1 200 OK\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n", limits: limits)
        }
    }
}

@Suite struct `A connection to an upstream` {
    @Test func `reads an answer and may be used again`() {
        var driver = ClientDriver()
        for _ in 0..<3 {
            driver.machine.begin(toHead: false, isComplete: true)
            #expect(driver.machine.isBeforeAnswer)
            #expect(!driver.machine.isReusable)
            driver.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            #expect(driver.machine.isReusable)
            #expect(!driver.machine.isBeforeAnswer)
        }
        #expect(driver.events.count == 9)
    }

    static let answers: [String] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX: 1\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\n\r\nuntil it closes\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nA B: 1\r\n\r\n",
    ]

    @Test(arguments: answers)
    func `split at every byte gives the same answer`(_ text: String) {
        let bytes = Array(text.utf8)
        let whole = ClientDriver.events([bytes])
        #expect(!whole.isEmpty)
        for cut in 1..<bytes.count {
            #expect(ClientDriver.events([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(ClientDriver.events(bytes.map { [$0] }) == whole)
    }

    @Test func `the answer to HEAD has no body`() {
        let events = ClientDriver.events("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", toHead: true)
        #expect(events.last == .end(trailers: []))
        let excess = ClientDriver.events("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", toHead: true)
        #expect(excess.last == .unsolicited)
    }

    @Test func `bytes behind an answer are nobody's`() {
        var driver = ClientDriver()
        driver.machine.begin(toHead: false, isComplete: true)
        driver.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokX")
        #expect(driver.events.last == .unsolicited)
        #expect(!driver.machine.isReusable)
    }

    @Test func `bytes without a request are nobody's`() {
        var driver = ClientDriver()
        driver.feed("HTTP/1.1 200 OK\r\n\r\n")
        #expect(driver.events == [.unsolicited])
    }

    @Test func `an answer before the request is whole ends the connection's use`() {
        var driver = ClientDriver()
        driver.machine.begin(toHead: false, isComplete: false)
        driver.feed("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        #expect(driver.events.last == .end(trailers: []))
        #expect(!driver.machine.isReusable)
        driver.machine.begin(toHead: false, isComplete: false)
        driver.machine.requestEnded()
        driver.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        #expect(driver.machine.isReusable)
    }

    @Test(arguments: [
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    ])
    func `is not used again where the upstream closes`(_ text: String) {
        var driver = ClientDriver()
        driver.machine.begin(toHead: false, isComplete: true)
        driver.feed(text)
        #expect(driver.events.last == .end(trailers: []))
        #expect(!driver.machine.isReusable)
    }

    @Test func `switching protocols is refused, as nobody asked`() {
        #expect(ClientDriver.events("HTTP/1.1 101 Switching Protocols\r\n\r\n") == [.failed(.malformedStatusLine)])
    }

    @Test func `behind a switch that was asked for everything is the other protocol's`() {
        var driver = ClientDriver()
        driver.machine.begin(toHead: false, isComplete: true, asksForUpgrade: true)
        driver.feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u{81}HTTP/1.1 200 OK\r\n\r\n")
        #expect(driver.events.count == 2)
        #expect(driver.events.last == .body("\u{81}HTTP/1.1 200 OK\r\n\r\n"))
        #expect(!driver.machine.isReusable)
        #expect(driver.machine.inputClosed() == .endsBody)
    }

    @Test func `a switch may be refused by an ordinary answer`() {
        var driver = ClientDriver()
        driver.machine.begin(toHead: false, isComplete: true, asksForUpgrade: true)
        driver.feed("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        #expect(driver.events.last == .end(trailers: []))
        #expect(driver.machine.isReusable)
        driver.machine.begin(toHead: false, isComplete: true)
        driver.feed("HTTP/1.1 101 Switching Protocols\r\n\r\n")
        #expect(driver.events.last == .failed(.malformedStatusLine))
    }

    @Test func `a flood of interim answers is refused`() {
        let events = ClientDriver.events(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 20))
        #expect(events.count == 17)
        #expect(events.last == .failed(.malformedStatusLine))
    }

    struct Closing: Sendable, CustomTestStringConvertible {
        var name: String
        var answer: String?
        var closing: ClientConnection.Closing
        var testDescription: String { name }
    }

    static let closings: [Closing] = [
        Closing(name: "idle", answer: nil, closing: .idle),
        Closing(name: "no byte", answer: "", closing: .beforeAnswer),
        Closing(name: "one byte", answer: "H", closing: .truncated),
        Closing(name: "an interim answer only", answer: "HTTP/1.1 100 Continue\r\n\r\n", closing: .truncated),
        Closing(name: "half a head", answer: "HTTP/1.1 200 OK\r\nX", closing: .truncated),
        Closing(name: "half a body", answer: "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", closing: .truncated),
        Closing(
            name: "no last chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            closing: .truncated),
        Closing(
            name: "half the last chunk", answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
            closing: .truncated),
        Closing(name: "a body until then", answer: "HTTP/1.1 200 OK\r\n\r\nab", closing: .endsBody),
        Closing(name: "an empty body until then", answer: "HTTP/1.1 200 OK\r\n\r\n", closing: .endsBody),
        Closing(name: "a whole answer", answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", closing: .idle),
    ]

    @Test(arguments: closings)
    func `knows what the upstream's closing means`(_ entry: Closing) {
        var driver = ClientDriver()
        if let answer = entry.answer {
            driver.machine.begin(toHead: false, isComplete: true)
            driver.feed(answer)
        }
        #expect(driver.machine.inputClosed() == entry.closing)
        #expect(!driver.machine.isReusable)
    }
}
