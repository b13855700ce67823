import Bytes
import HTTPWire

/// A request head as text, for comparison.
struct ReadRequest: Equatable, Sendable {
    var method: String
    var target: String
    var minorVersion: Int
    var host: String
    var framing: BodyFraming
    var keepsAlive: Bool
    var expectsContinue: Bool
    /// Lines that are forwarded, as written.
    var kept: [String]
    /// Names of those that are not.
    var dropped: [String]
    var byteCount: Int

    init(_ head: RequestHead, _ table: FieldTable, _ bytes: [UInt8]) {
        method = bytes.text(head.methodName)
        target = bytes.text(head.target)
        minorVersion = Int(head.minorVersion)
        host = bytes.text(head.host)
        framing = head.framing
        keepsAlive = head.keepsAlive
        expectsContinue = head.expectsContinue
        kept = table.lines.filter { !$0.isDropped }.map { "\(bytes.text($0.name)): \(bytes.text($0.value))" }
        dropped = table.lines.filter(\.isDropped).map { bytes.text($0.name) }
        byteCount = head.byteCount
    }

    /// The head at the start of the text; nil where it is not complete.
    static func parse(_ text: String, limits: HeadLimits = .standard) throws(WireError) -> ReadRequest? {
        try parse(Array(text.utf8), limits: limits)
    }

    static func parse(_ bytes: [UInt8], limits: HeadLimits = .standard) throws(WireError) -> ReadRequest? {
        var table = FieldTable()
        guard let head = try RequestHeadParser.parse(bytes.span, limits: limits, into: &table) else { return nil }
        return ReadRequest(head, table, bytes)
    }
}

/// A response head as text, for comparison.
struct ReadResponse: Equatable, Sendable {
    var status: Int
    var statusText: String
    var minorVersion: Int
    var framing: BodyFraming
    var keepsAlive: Bool
    var kept: [String]
    var dropped: [String]

    init(_ head: ResponseHead, _ table: FieldTable, _ bytes: [UInt8]) {
        status = head.status
        statusText = bytes.text(head.statusText)
        minorVersion = Int(head.minorVersion)
        framing = head.framing
        keepsAlive = head.keepsAlive
        kept = table.lines.filter { !$0.isDropped }.map { "\(bytes.text($0.name)): \(bytes.text($0.value))" }
        dropped = table.lines.filter(\.isDropped).map { bytes.text($0.name) }
    }

    static func parse(
        _ text: String, toHead: Bool = false, limits: HeadLimits = .standard
    ) throws(WireError) -> ReadResponse? {
        let bytes = Array(text.utf8)
        var table = FieldTable()
        guard let head = try ResponseHeadParser.parse(bytes.span, toHead: toHead, limits: limits, into: &table) else {
            return nil
        }
        return ReadResponse(head, table, bytes)
    }
}

extension [UInt8] {
    func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// What a server connection said of the bytes it was fed, bodies in one piece however they came.
struct ServerDriver {
    enum Event: Equatable {
        case head(ReadRequest)
        case body(String)
        case end(trailers: [String])
        case failed(WireError)
        case after(ServerConnection.AfterResponse)
    }

    var machine: ServerConnection
    private(set) var events: [Event] = []
    private(set) var isBlocked = false
    private(set) var discarded = 0
    /// Whether each request is answered as soon as it has been read whole.
    var answersAtOnce: Bool
    private var bytes: [UInt8] = []
    private var table = FieldTable()
    /// Only behind a chunked body the table holds trailers.
    private var framing = BodyFraming.none

    init(limits: HeadLimits = .standard, answersAtOnce: Bool = true) {
        machine = ServerConnection(limits: limits)
        self.answersAtOnce = answersAtOnce
    }

    /// The events of bytes that come in the pieces given.
    static func events(_ pieces: [[UInt8]], limits: HeadLimits = .standard) -> [Event] {
        var driver = ServerDriver(limits: limits)
        for piece in pieces { driver.feed(piece) }
        return driver.events
    }

    mutating func feed(_ text: String) { feed(Array(text.utf8)) }

    mutating func feed(_ piece: [UInt8]) {
        bytes += piece
        goOn()
    }

    mutating func answer() {
        events.append(.after(machine.responseEnded()))
        goOn()
    }

    private mutating func goOn() {
        isBlocked = false
        let bytes = self.bytes
        var position = 0
        defer { self.bytes.removeFirst(position) }
        while true {
            switch machine.next(bytes.span, at: &position, table: &table) {
            case .needsBytes: return
            case .blocked:
                isBlocked = true
                return
            case .head(let head):
                events.append(.head(ReadRequest(head, table, Array(bytes[position...]))))
                framing = head.framing
                position += head.byteCount
                if answersAtOnce, machine.hasReadWholeRequest { events.append(.after(machine.responseEnded())) }
            case .body(let range): append(bytes.text(range))
            case .end:
                let lines = framing == .chunked ? table.lines.filter { !$0.isDropped } : []
                events.append(.end(trailers: lines.map { "\(bytes.text($0.name)): \(bytes.text($0.value))" }))
                if answersAtOnce { events.append(.after(machine.responseEnded())) }
            case .failed(let error): events.append(.failed(error))
            case .discard:
                discarded += bytes.count - position
                position = bytes.count
                return
            }
        }
    }

    private mutating func append(_ text: String) {
        if case .body(let earlier) = events.last {
            events[events.count - 1] = .body(earlier + text)
        } else {
            events.append(.body(text))
        }
    }
}

/// The same for the connection to an upstream.
struct ClientDriver {
    enum Event: Equatable {
        case informational(ReadResponse)
        case head(ReadResponse)
        case body(String)
        case end(trailers: [String])
        case failed(WireError)
        case unsolicited
    }

    var machine: ClientConnection
    private(set) var events: [Event] = []
    private var bytes: [UInt8] = []
    private var table = FieldTable()
    /// Only behind a chunked body the table holds trailers.
    private var framing = BodyFraming.none
    private var isOver = false

    init(limits: HeadLimits = .standard) {
        machine = ClientConnection(limits: limits)
    }

    static func events(_ pieces: [[UInt8]], toHead: Bool = false) -> [Event] {
        var driver = ClientDriver()
        driver.machine.begin(toHead: toHead, isComplete: true)
        for piece in pieces { driver.feed(piece) }
        return driver.events
    }

    static func events(_ text: String, toHead: Bool = false) -> [Event] {
        events([Array(text.utf8)], toHead: toHead)
    }

    mutating func feed(_ text: String) { feed(Array(text.utf8)) }

    mutating func feed(_ piece: [UInt8]) {
        guard !isOver else { return }
        bytes += piece
        let bytes = self.bytes
        var position = 0
        defer { self.bytes.removeFirst(position) }
        while true {
            switch machine.next(bytes.span, at: &position, table: &table) {
            case .needsBytes: return
            case .informational(let head):
                events.append(.informational(ReadResponse(head, table, Array(bytes[position...]))))
                position += head.byteCount
            case .head(let head):
                events.append(.head(ReadResponse(head, table, Array(bytes[position...]))))
                framing = head.framing
                position += head.byteCount
            case .body(let range): append(bytes.text(range))
            case .end:
                let lines = framing == .chunked ? table.lines.filter { !$0.isDropped } : []
                events.append(.end(trailers: lines.map { "\(bytes.text($0.name)): \(bytes.text($0.value))" }))
            case .failed(let error):
                isOver = true
                events.append(.failed(error))
                return
            case .unsolicited:
                isOver = true
                events.append(.unsolicited)
                return
            }
        }
    }

    private mutating func append(_ text: String) {
        if case .body(let earlier) = events.last {
            events[events.count - 1] = .body(earlier + text)
        } else {
            events.append(.body(text))
        }
    }
}

/// What a writer wrote.
func written(bound: Int, _ write: (inout OutputRawSpan) -> Void) -> String {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bound, alignment: 1)
    defer { buffer.deallocate() }
    var output = OutputRawSpan(buffer: buffer, initializedCount: 0)
    write(&output)
    let count = output.finalize(for: buffer)
    return String(decoding: buffer.prefix(count), as: UTF8.self)
}
