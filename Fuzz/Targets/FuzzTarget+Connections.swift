internal import Bytes
internal import HTTPWire

/// Connections: bytes mean the same however they are cut, and a head that was accepted is still one, with the
/// same framing, when it has been written for the other side.
enum ConnectionReading {
    /// Cuts that depend on the input, so that it comes back with it.
    private static func cuts(of input: [UInt8]) -> [Int] {
        guard input.count > 1 else { return [] }
        let digest = input.reduce(into: Digest()) { $0.add($1) }.value
        let first = Int(digest % UInt64(input.count))
        return [first, first + Int(digest >> 32 % UInt64(input.count - first))]
    }

    static func run(request input: [UInt8]) {
        let whole = FuzzBudget.charge(input.count) { ClientSide.digest(of: [input]) }
        require(whole == ClientSide.digest(of: pieces(of: input)), "a request means something else in pieces")
    }

    static func run(response input: [UInt8]) {
        for toHead in [false, true] {
            let whole = FuzzBudget.charge(input.count) { UpstreamSide.digest(of: [input], toHead: toHead) }
            let cut = UpstreamSide.digest(of: pieces(of: input), toHead: toHead)
            require(whole == cut, "an answer means something else in pieces")
        }
    }

    /// Byte by byte where the input is short, otherwise three pieces.
    private static func pieces(of input: [UInt8]) -> [[UInt8]] {
        if input.count <= 256 { return input.map { [$0] } }
        let ends = cuts(of: input).sorted() + [input.count]
        return zip([0] + ends, ends).map { Array(input[$0..<$1]) }
    }
}

/// What was understood, in a number. A body counts by its bytes, not by its pieces.
private struct Digest: Equatable {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }

    mutating func add(_ bytes: Span<UInt8>) {
        for index in bytes.indices { add(bytes[index]) }
    }

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
    }

    mutating func add(_ table: FieldTable, _ bytes: Span<UInt8>) {
        for line in table.lines {
            add(line.isDropped ? 0 : 1)
            add(bytes.extracting(line.line))
        }
    }
}

/// The gateway at the end of a client's connection; every request is answered as soon as it is read.
private struct ClientSide {
    private var digest = Digest()
    private var machine = ServerConnection(limits: .standard)
    private var table = FieldTable()
    private var pending: [UInt8] = []
    private var isChunked = false

    static func digest(of pieces: [[UInt8]]) -> Digest {
        var side = ClientSide()
        for piece in pieces { side.feed(piece) }
        // A line that is no request's is refused at its end, if it came in pieces.
        side.feed([ASCII.lineFeed])
        return side.digest
    }

    private mutating func feed(_ piece: [UInt8]) {
        let bytes = pending.isEmpty ? piece : pending + piece
        var position = 0
        reading: while true {
            switch machine.next(bytes.span, at: &position, table: &table) {
            case .needsBytes, .blocked: break reading
            case .head(let head):
                note(head, bytes.span.extracting(position..<bytes.count))
                isChunked = head.framing == .chunked
                position += head.byteCount
                if machine.hasReadWholeRequest { answer() }
            case .body(let range):
                require(!range.isEmpty && range.upperBound <= position, "a body outside the bytes")
                digest.add(bytes.span.extracting(range))
            case .end:
                if isChunked { digest.add(table, bytes.span) }
                answer()
            case .failed: digest.add("failed")
            case .discard:
                position = bytes.count
                break reading
            }
        }
        pending = Array(bytes[position...])
    }

    private mutating func answer() {
        digest.add("\(machine.responseEnded())")
    }

    private mutating func note(_ head: RequestHead, _ bytes: Span<UInt8>) {
        digest.add("\(head.framing) \(head.keepsAlive) \(head.expectsContinue) \(head.asksForWebSocket)")
        digest.add(bytes.extracting(head.target))
        digest.add(table, bytes)
        var target = CanonicalTarget()
        guard (try? target.read(head, bytes)) != nil else { return }
        HeadCopy.check(head, table, target, bytes)
    }
}

/// The gateway at the end of an upstream's connection.
private struct UpstreamSide {
    private var digest = Digest()
    private var machine = ClientConnection(limits: .standard)
    private var table = FieldTable()
    private var pending: [UInt8] = []
    private var isChunked = false
    private var isOver = false
    private let toHead: Bool

    private init(toHead: Bool) {
        self.toHead = toHead
        machine.begin(toHead: toHead, isComplete: true, asksForUpgrade: toHead)
    }

    static func digest(of pieces: [[UInt8]], toHead: Bool) -> Digest {
        var side = UpstreamSide(toHead: toHead)
        for piece in pieces { side.feed(piece) }
        return side.digest
    }

    private mutating func feed(_ piece: [UInt8]) {
        guard !isOver else { return }
        let bytes = pending.isEmpty ? piece : pending + piece
        var position = 0
        reading: while true {
            switch machine.next(bytes.span, at: &position, table: &table) {
            case .needsBytes: break reading
            case .informational(let head), .head(let head):
                let rest = bytes.span.extracting(position..<bytes.count)
                digest.add("\(head.status) \(head.framing) \(head.keepsAlive)")
                digest.add(table, rest)
                HeadCopy.check(head, table, rest, toHead: toHead)
                isChunked = head.framing == .chunked
                position += head.byteCount
            case .body(let range): digest.add(bytes.span.extracting(range))
            case .end:
                if isChunked { digest.add(table, bytes.span) }
                digest.add("end \(machine.isReusable)")
                guard machine.isReusable else { return finish() }
                machine.begin(toHead: toHead, isComplete: true)
            case .failed:
                digest.add("failed")
                return finish()
            case .unsolicited:
                digest.add("unsolicited")
                return finish()
            }
        }
        pending = Array(bytes[position...])
    }

    private mutating func finish() {
        isOver = true
        pending = []
    }
}
