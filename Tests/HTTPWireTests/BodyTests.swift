import HTTPWire
import Testing

@Suite struct `A chunked body` {
    private static let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

    /// What comes behind the head.
    private static func read(_ body: String, limits: HeadLimits = .standard) -> [ServerDriver.Event] {
        var driver = ServerDriver(limits: limits, answersAtOnce: false)
        driver.feed(head + body)
        return Array(driver.events.dropFirst())
    }

    struct Taken: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var payload: String
        var trailers: [String] = []
        var testDescription: String { name }
    }

    static let taken: [Taken] = [
        Taken(name: "empty", body: "0\r\n\r\n", payload: ""),
        Taken(name: "two chunks", body: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", payload: "abcde"),
        Taken(
            name: "hexadecimal sizes in both cases", body: "a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n",
            payload: "01234567890123456789a"),
        Taken(name: "zeros before a size", body: "0003\r\nabc\r\n000\r\n\r\n", payload: "abc"),
        Taken(name: "line ends and zeros as data", body: "7\r\n0\r\n\r\n0\r\r\n0\r\n\r\n", payload: "0\r\n\r\n0\r"),
        Taken(name: "extensions", body: "3;a=b;c=\"d;e\"\r\nabc\r\n0;last\r\n\r\n", payload: "abc"),
        Taken(name: "an extension with blanks", body: "3; a = b\r\nabc\r\n0\r\n\r\n", payload: "abc"),
        Taken(
            name: "trailers", body: "1\r\na\r\n0\r\nX-Sum: 1\r\ny:2\r\n\r\n", payload: "a",
            trailers: ["X-Sum: 1", "y: 2"]),
        Taken(
            name: "trailers that would frame, route or authenticate are dropped",
            body: "0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nAuthorization: Bearer x\r\n"
                + "Cookie: a=b\r\nConnection: close\r\nExpect: 100-continue\r\nTrailer: x\r\nX-Forwarded-For: 1.2.3.4\r\n"
                + "Forwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Sum: 1\r\n\r\n",
            payload: "", trailers: ["X-Sum: 1"]),
    ]

    @Test(arguments: taken)
    func `is taken apart`(_ entry: Taken) {
        var expected: [ServerDriver.Event] = entry.payload.isEmpty ? [] : [.body(entry.payload)]
        expected.append(.end(trailers: entry.trailers))
        #expect(Self.read(entry.body) == expected)
    }

    @Test(arguments: taken)
    func `split at every byte gives the same`(_ entry: Taken) {
        let bytes = Array((Self.head + entry.body).utf8)
        let whole = ServerDriver.events([bytes])
        for cut in Self.head.utf8.count..<bytes.count {
            #expect(ServerDriver.events([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole, "cut at \(cut)")
        }
        #expect(ServerDriver.events(bytes.map { [$0] }) == whole)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var body: String
        var error = WireError.malformedChunk
        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(name: "no size", body: "\r\nabc"),
        Refused(name: "an extension without a size", body: ";a=b\r\n"),
        Refused(name: "a size with a sign", body: "+3\r\nabc\r\n"),
        Refused(name: "a negative size", body: "-3\r\nabc\r\n"),
        Refused(name: "a size with a prefix", body: "0x3\r\nabc\r\n"),
        Refused(name: "a size that is no number", body: "g\r\n"),
        Refused(name: "a blank before the size", body: " 3\r\nabc\r\n"),
        Refused(name: "a blank behind the size", body: "3 \r\nabc\r\n"),
        Refused(name: "a blank before the extension", body: "3 ;a\r\nabc\r\n"),
        Refused(name: "a tab behind the size", body: "3\t\r\nabc\r\n"),
        Refused(name: "an underscore in the size", body: "1_0\r\n"),
        Refused(name: "a size that wraps 64 bits", body: "10000000000000003\r\nabc\r\n"),
        Refused(name: "a size of sixteen digits", body: "0000000000000003\r\nabc\r\n"),
        Refused(name: "a size line that ends in LF", body: "3\nabc\r\n0\r\n\r\n"),
        Refused(name: "a size line that ends in CR", body: "3\rabc\r\n0\r\n\r\n"),
        Refused(name: "LF inside an extension", body: "3;a\nabc\r\n0\r\n\r\n"),
        Refused(name: "CR inside an extension", body: "3;a\rb\r\nabc\r\n0\r\n\r\n"),
        Refused(name: "NUL inside an extension", body: "3;a\0b\r\nabc\r\n0\r\n\r\n"),
        Refused(name: "data without its line end", body: "3\r\nabcd\r\n0\r\n\r\n"),
        Refused(name: "data that ends in LF", body: "3\r\nabc\n0\r\n\r\n"),
        Refused(name: "data that ends in CR", body: "3\r\nabc\r0\r\n\r\n"),
        Refused(name: "data shorter than said", body: "5\r\nabc\r\n0\r\n\r\n"),
        Refused(name: "an extension of 300 bytes", body: "1;\(String(repeating: "x", count: 300))\r\na\r\n"),
        Refused(
            name: "17 KiB of extensions in all",
            body: String(repeating: "1;\(String(repeating: "x", count: 200))\r\na\r\n", count: 90) + "0\r\n\r\n"),
        Refused(name: "folding in trailers", body: "0\r\nX: 1\r\n 2\r\n\r\n", error: .malformedTrailer),
        Refused(name: "a bare LF in trailers", body: "0\r\nX: 1\nY: 2\r\n\r\n", error: .malformedTrailer),
        Refused(name: "a trailer that is no field", body: "0\r\nGET / HTTP/1.1\r\n\r\n", error: .malformedTrailer),
        Refused(name: "a blank before a trailer's colon", body: "0\r\nX : 1\r\n\r\n", error: .malformedTrailer),
        Refused(name: "bare LF behind the last chunk", body: "0\r\n\n", error: .malformedTrailer),
        Refused(
            name: "9 KiB of trailers", body: "0\r\nX: \(String(repeating: "x", count: 9 << 10))\r\n\r\n",
            error: .trailerTooLarge),
        Refused(
            name: "trailers without end", body: "0\r\nX: \(String(repeating: "x", count: 9 << 10))",
            error: .trailerTooLarge),
        Refused(
            name: "129 trailers", body: "0\r\n\(String(repeating: "x: 1\r\n", count: 129))\r\n", error: .trailerTooLarge
        ),
    ]

    @Test(arguments: refused)
    func `is refused and nothing behind it is read`(_ entry: Refused) {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.head + entry.body)
        #expect(driver.events.last == .failed(entry.error))
        driver.feed("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(driver.events.last == .failed(entry.error))
        #expect(!driver.machine.keepsAlive)
        #expect(driver.machine.isServing)
    }

    @Test func `an endless size line is refused before its end`() {
        #expect(Self.read("1;" + String(repeating: "x", count: 300)).last == .failed(.malformedChunk))
        #expect(Self.read(String(repeating: "0", count: 16)).last == .failed(.malformedChunk))
    }
}

@Suite struct `A body of stated length` {
    @Test func `ends with its last byte`() {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        #expect(driver.events.last == .body("ab"))
        #expect(!driver.machine.hasReadWholeRequest)
        driver.feed("cdeGET")
        #expect(driver.events.suffix(2) == [.body("abcde"), .end(trailers: [])])
        #expect(driver.machine.hasReadWholeRequest)
        #expect(driver.isBlocked)
    }

    @Test func `is never looked into`() {
        let smuggled = "GET /x HTTP/1.1\r\nHost: evil\r\n\r\n"
        let events = ServerDriver.events([
            Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)".utf8)
        ])
        #expect(events.count == 4)
        #expect(events[1] == .body(smuggled))
        #expect(events.last == .after(.nextRequest))
    }
}
