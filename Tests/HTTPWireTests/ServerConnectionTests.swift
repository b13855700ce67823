import HTTPWire
import Testing

@Suite struct `A connection to a client` {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func `goes on with the next request once the answer is written`() {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.get)
        #expect(driver.machine.isServing)
        #expect(driver.machine.hasReadWholeRequest)
        driver.answer()
        #expect(driver.events.last == .after(.nextRequest))
        #expect(!driver.machine.isServing)
        driver.feed(Self.get)
        #expect(driver.events.count == 3)
    }

    @Test func `holds a pipelined request back until the one before is answered`() {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.get + "GET /2 HTTP/1.1\r\nHost: b\r\n\r\nGET /3 HTTP/1.1\r\n")
        #expect(driver.events.count == 1)
        #expect(driver.isBlocked)
        driver.answer()
        #expect(driver.events.count == 3)
        guard case .head(let second) = driver.events.last else { return #expect(Bool(false)) }
        #expect(second.target == "/2")
        #expect(second.host == "b")
        #expect(driver.isBlocked)
        driver.answer()
        #expect(driver.events.count == 4)
        driver.feed("Host: c\r\n\r\n")
        guard case .head(let third) = driver.events.last else { return #expect(Bool(false)) }
        #expect(third.target == "/3")
    }

    @Test func `fails on pipelined garbage only after the answer`() {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.get + "\0\0\0")
        #expect(driver.events.count == 1)
        driver.answer()
        #expect(driver.events.suffix(2) == [.after(.nextRequest), .failed(.malformedRequestLine)])
    }

    @Test func `forgives one empty line before each request and no more`() {
        var driver = ServerDriver()
        driver.feed("\r\n" + Self.get + "\r\n" + Self.get)
        #expect(driver.events.count == 4)
        driver.feed("\r\n\r\n")
        #expect(driver.events.last == .failed(.malformedRequestLine))
    }

    struct Ending: Sendable, CustomTestStringConvertible {
        var name: String
        var request: String
        var after: ServerConnection.AfterResponse
        var testDescription: String { name }
    }

    static let endings: [Ending] = [
        Ending(name: "HTTP/1.1", request: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", after: .nextRequest),
        Ending(
            name: "HTTP/1.1 that closes", request: "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            after: .close),
        Ending(name: "HTTP/1.0", request: "GET / HTTP/1.0\r\n\r\n", after: .close),
        Ending(
            name: "HTTP/1.0 that stays", request: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            after: .nextRequest),
        Ending(
            name: "a body that is still coming", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab",
            after: .drainThenClose),
        Ending(
            name: "a body that is whole", request: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab",
            after: .nextRequest),
        Ending(
            name: "chunks whose last has not come",
            request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
            after: .drainThenClose),
        Ending(
            name: "trailers that have not come",
            request: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", after: .drainThenClose),
        Ending(name: "garbage", request: "GET / HTTP/3\r\n\r\n", after: .drainThenClose),
    ]

    @Test(arguments: endings)
    func `knows what follows the answer`(_ entry: Ending) {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(entry.request)
        driver.answer()
        #expect(driver.events.last == .after(entry.after))
        guard entry.after != .nextRequest else { return }
        let count = driver.events.count
        driver.feed(Self.get)
        #expect(driver.events.count == count)
        #expect(driver.discarded >= Self.get.utf8.count)
    }

    @Test func `closes after an answer that was told to be the last`() {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.get)
        driver.machine.closeAfterResponse()
        #expect(driver.machine.planResponse(framing: .length(3)).keepsAlive == false)
        driver.answer()
        #expect(driver.events.last == .after(.close))
    }

    @Test(arguments: [
        (BodyFraming.none, BodyFraming.none), (.length(3), .length(3)), (.chunked, .chunked), (.untilClose, .chunked),
    ])
    func `frames the answer for an HTTP/1.1 client so that the connection stays`(_ from: BodyFraming, _ to: BodyFraming)
    {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed(Self.get)
        let plan = driver.machine.planResponse(framing: from)
        #expect(plan.framing == to)
        #expect(plan.keepsAlive)
    }

    @Test(arguments: [
        (BodyFraming.none, BodyFraming.none, true), (.length(3), .length(3), true), (.chunked, .untilClose, false),
        (.untilClose, .untilClose, false),
    ])
    func `gives an HTTP/1.0 client no chunks`(_ from: BodyFraming, _ to: BodyFraming, _ keepsAlive: Bool) {
        var driver = ServerDriver(answersAtOnce: false)
        driver.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let plan = driver.machine.planResponse(framing: from)
        #expect(plan.framing == to)
        #expect(plan.keepsAlive == keepsAlive)
        driver.answer()
        #expect(driver.events.last == .after(keepsAlive ? .nextRequest : .close))
    }

    struct Upgrade: Sendable, CustomTestStringConvertible {
        var request: String
        var asks: Bool
        var testDescription: String { request.replacing("\r\n", with: "⏎") }
    }

    static let upgrades: [Upgrade] = [
        Upgrade(request: "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n", asks: true),
        Upgrade(request: "GET / HTTP/1.1\r\nConnection: keep-alive, upgrade\r\nUpgrade: websocket\r\n", asks: true),
        Upgrade(request: "GET / HTTP/1.1\r\nUpgrade: websocket\r\n", asks: false),
        Upgrade(request: "GET / HTTP/1.1\r\nConnection: upgrade\r\n", asks: false),
        Upgrade(request: "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n", asks: false),
        Upgrade(request: "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n", asks: false),
        Upgrade(request: "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", asks: false),
        Upgrade(request: "POST / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n", asks: false),
        Upgrade(
            request: "GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n", asks: false),
    ]

    @Test(arguments: upgrades)
    func `knows who asks for a WebSocket, and forwards no other wish`(_ entry: Upgrade) throws {
        let bytes = Array((entry.request + "Host: a\r\n\r\n").utf8)
        var table = FieldTable()
        let head = try #require(try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table))
        #expect(head.asksForWebSocket == entry.asks)
        let kept = ReadRequest(head, table, bytes).kept.map { $0.lowercased() }
        #expect(!kept.contains { $0.hasPrefix("upgrade:") || $0.hasPrefix("connection:") })
    }

    @Test func `remembers HEAD for one request only`() {
        var driver = ServerDriver()
        driver.feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(driver.machine.isHeadRequest)
        driver.feed(Self.get)
        #expect(!driver.machine.isHeadRequest)
    }

    @Test func `a head that drips in costs no more than its lines`() {
        // Looked through anew at every byte this would be two thousand million of them.
        let filler = String(repeating: "x", count: 60_000)
        let bytes = Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(filler)\r\n\r\n".utf8)
        let limits = HeadLimits.standard
        var machine = ServerConnection(limits: limits)
        var table = FieldTable()
        var position = 0
        var heads = 0
        let time = ContinuousClock().measure {
            for count in 1...bytes.count {
                let seen = bytes.span.extracting(0..<count)
                if case .head = machine.next(seen, at: &position, table: &table) { heads += 1 }
            }
        }
        #expect(heads == 1)
        #expect(time < .seconds(2))
    }
}
