internal import Bytes
internal import HTTPWire

/// A copy of a request for a backend whose answer nobody reads: gathered while the request goes to its own upstream,
/// and sent when it is whole.
final class MirroredRequest {
    private enum State {
        case gathering, sent, over
    }

    private let mirrors: Mirrors
    private let pool: UpstreamPool
    private var request: ForwardedRequest
    private let isChunked: Bool
    /// Names that a client may not send in trailers; nil: none.
    private let guarded: FieldNames?
    private var state = State.gathering
    /// The head, and what has come of the body in its framing; empty once it has been sent.
    private var bytes = ByteQueue()
    /// What was taken of the room for copies.
    private var room = 0
    private var bodyBytes = 0
    private var connection: UpstreamConnection?
    private var answerBytes = 0
    /// Uptime in nanoseconds.
    var endsAt: Int64 = .max

    /// Of a body; a request with more is not copied.
    static let maxBodyBytes = 64 << 10
    /// Of an answer: after that its connection is closed.
    private static let maxAnswerBytes = 1 << 20

    /// Nil, and counted, where there is no room for another copy.
    ///
    /// - Parameters:
    ///   - head: as it goes to the backend.
    ///   - guarded: names that a client may not send in trailers; nil: none.
    init?(
        head: consuming ByteQueue, of request: ForwardedRequest, isChunked: Bool, guarding guarded: FieldNames?,
        to pool: UpstreamPool, _ mirrors: Mirrors
    ) {
        guard mirrors.begin() else {
            mirrors.count(.busy)
            return nil
        }
        self.mirrors = mirrors
        self.pool = pool
        self.guarded = guarded
        self.isChunked = isChunked
        self.request = request
        self.request.isWhole = true
        bytes = head
        guard take(bytes.count) else { return nil }
    }

    deinit {
        // Its request was never whole.
        if state == .gathering { mirrors.count(.unfinished) }
        mirrors.end(bytes: room)
    }

    // MARK: - Gathering

    func append(_ piece: Span<UInt8>) {
        guard state == .gathering else { return }
        bodyBytes += piece.count
        guard bodyBytes <= Self.maxBodyBytes else { return end(.bodyTooLarge) }
        guard take(piece.count) else { return }
        bytes.appendBody(piece, inChunks: isChunked)
    }

    /// Takes a body that has been gathered already.
    func append(_ body: GatheredBody) {
        guard state == .gathering else { return }
        guard body.byteCount <= Self.maxBodyBytes else { return end(.bodyTooLarge) }
        guard take(body.byteCount) else { return }
        body.write(to: &bytes, guarding: guarded)
    }

    /// The request has ended.
    ///
    /// - Parameter source: what the trailer lines in the table were read from.
    func appendEnd(_ trailers: inout FieldTable, _ source: Span<UInt8>) {
        guard state == .gathering, isChunked else { return }
        guarded?.drop(from: &trailers, in: source)
        bytes.appendLastChunk(trailers, source)
    }

    private func take(_ count: Int) -> Bool {
        guard mirrors.take(count) else {
            end(.busy)
            return false
        }
        room += count
        return true
    }

    // MARK: - Sending

    /// The copy is whole.
    func send() {
        guard state == .gathering else { return }
        state = .sent
        mirrors.send(self)
    }

    func begin() {
        guard state == .sent else { return }
        request.speaksHTTP2 = pool.speaksHTTP2(request)
        if let connection = pool.take(request) { return begin(on: connection) }
        pool.connect(request) { [self] result in
            switch result {
            case .success(let connection) where state == .over: connection.giveBackUnused()
            case .success(let connection): begin(on: connection)
            case .failure: end(.failed)
            }
        }
    }

    private func begin(on connection: UpstreamConnection) {
        self.connection = connection
        connection.requestHead = ByteQueue()
        swap(&connection.requestHead, &bytes)
        connection.begin(for: self, request)
        connection.requestHead = ByteQueue()
        connection.stream.flush()
    }

    /// A piece of the answer has come.
    ///
    /// - Returns: whether more of it is wanted.
    func discard(_ count: Int) -> Bool {
        answerBytes += count
        return answerBytes <= Self.maxAnswerBytes
    }

    /// Nothing more is to be done for it.
    func end(_ fate: MirrorFate) {
        guard state != .over else { return }
        state = .over
        bytes = ByteQueue()
        mirrors.count(fate)
        mirrors.remove(self)
        let connection = connection
        self.connection = nil
        connection?.abandon(self)
    }
}
