internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// A connection to an upstream: drives a `ClientConnection` on a stream.
final class UpstreamConnection: BufferedUser {
    /// Held, since it may be retired while this connection still serves.
    let pool: UpstreamPool
    private let worker: Worker
    private var machine: ClientConnection
    /// Whom the request in service is for.
    private var client: DownstreamConnection?
    /// What is in service where nobody reads the answer.
    private var mirrored: MirroredRequest?
    /// The head that was sent, with the body where that was gathered, kept until the answer begins: it may have to
    /// be sent again.
    var requestHead = ByteQueue()
    /// Whether the request in service came on a connection that had served before.
    private(set) var isReused = false
    /// Requests it has carried.
    private(set) var servedCount: Int
    /// It is a stream of a connection that carries others.
    private let isStream: Bool
    /// Uptime in nanoseconds.
    var idleSince: Int64 = 0
    /// When the request in service was sent: uptime in nanoseconds.
    private var beganAt: Int64 = 0

    /// - Parameter isReused: it is a stream of a connection that has carried other requests.
    init(stream: Stream, pool: UpstreamPool, isReused: Bool = false) {
        self.pool = pool
        servedCount = isReused ? 1 : 0
        isStream = stream is HTTP2ClientStream
        worker = stream.worker
        machine = ClientConnection(limits: pool.served.traffic.headLimits)
        super.init(stream: stream)
        stream.user = self
    }

    // MARK: - The request

    /// Sends the request whose head stands in `requestHead`.
    func begin(for client: DownstreamConnection, _ request: ForwardedRequest) {
        self.client = client
        begin(request)
    }

    /// Sends the copy of a request that stands in `requestHead`.
    func begin(for mirrored: MirroredRequest, _ request: ForwardedRequest) {
        self.mirrored = mirrored
        begin(request)
    }

    private func begin(_ request: ForwardedRequest) {
        isReused = servedCount > 0
        servedCount += 1
        beganAt = worker.uptime
        machine.begin(toHead: request.isHead, isComplete: request.isWhole, asksForUpgrade: request.asksForWebSocket)
        stream.write(requestHead)
    }

    func requestEnded() {
        machine.requestEnded()
    }

    /// What was sent, for another connection.
    func takeRequestHead() -> ByteQueue {
        var head = ByteQueue()
        swap(&head, &requestHead)
        return head
    }

    /// Goes back to the pool without having served.
    func giveBackUnused() {
        if isStream { return stream.close() }
        // It may die idle like any other.
        servedCount = max(servedCount, 1)
        pool.giveBack(self)
    }

    /// The client is gone or has been answered: whatever still comes is of no use.
    func abandon() {
        client = nil
        stream.close()
    }

    /// The same for a copy, if it is in service here.
    func abandon(_ mirrored: MirroredRequest) {
        guard self.mirrored === mirrored else { return }
        self.mirrored = nil
        stream.close()
    }

    override func writabilityChanged() {
        client?.updateDeadline()
        if stream.isWritable { client?.stream.resumeReading() }
    }

    // MARK: - The answer

    /// What memory for a request's head may measure and be kept for the next one's.
    private static let maxSpareBytes = 64 << 10

    /// The client is slow: what it does not read is not read here.
    override var mayRead: Bool { client?.stream.isWritable ?? true }

    override func received(_ bytes: Span<UInt8>) {
        guard let client else {
            // Bytes on an idle connection belong to nothing.
            return mirrored == nil ? stream.close() : take(bytes)
        }
        take(bytes)
        client.flush()
    }

    override func understand(_ bytes: Span<UInt8>) -> Int {
        guard let client else { return discard(bytes) }
        var position = 0
        while true {
            switch machine.next(bytes, at: &position, table: &worker.responseTable) {
            case .needsBytes:
                return position
            case .informational(let head):
                client.writeInformational(head, bytes.extracting(position..<bytes.count))
                position += head.byteCount
            case .head(let head):
                if let condition = pool.endpoint.condition {
                    note(head, bytes.extracting(position..<bytes.count), of: condition, for: client)
                }
                if client.retries(status: head.status) {
                    self.client = nil
                    stream.close()
                    client.retry(takeRequestHead(), insteadOf: pool)
                    return bytes.count
                }
                if requestHead.capacity > Self.maxSpareBytes { requestHead = ByteQueue() }
                client.writeHead(head, bytes.extracting(position..<bytes.count))
                position += head.byteCount
                // Its body is too large to be held.
                guard self.client != nil else { return bytes.count }
            case .body(let range):
                client.writeBody(bytes.extracting(range))
                // It was too large.
                guard self.client != nil else { return bytes.count }
            case .end:
                client.writeEnd(bytes)
                finish(client, isClean: position == bytes.count)
                return bytes.count
            case .failed, .unsolicited:
                self.client = nil
                stream.close()
                pool.note(.connectionFailed)
                client.upstreamFailed(.upstreamMalformed)
                return bytes.count
            }
        }
    }

    /// Has an answer speak for its server, or against it.
    private func note(
        _ head: ResponseHead, _ bytes: Span<UInt8>, of condition: EndpointCondition, for client: DownstreamConnection
    ) {
        condition.note(answerAfter: worker.uptime - beganAt, at: worker.uptime)
        guard let request = client.exchange.judgedRequest, condition.judgesAnswers else {
            return worker.note(.status(head.status), of: condition)
        }
        let isHealthy = condition.isHealthy(client.message(head, bytes), to: request)
        worker.note(.answer(isHealthy: isHealthy), of: condition)
    }

    /// Reads an answer that nobody waits for.
    ///
    /// - Returns: how much of it was understood.
    private func discard(_ bytes: Span<UInt8>) -> Int {
        var position = 0
        while let mirrored {
            switch machine.next(bytes, at: &position, table: &worker.responseTable) {
            case .needsBytes: return position
            case .informational(let head), .head(let head): position += head.byteCount
            case .body(let range):
                if !mirrored.discard(range.count) { mirrored.end(.answered) }
            case .end:
                self.mirrored = nil
                settle(isClean: position == bytes.count)
                mirrored.end(.answered)
            case .failed, .unsolicited: mirrored.end(.failed)
            }
        }
        return bytes.count
    }

    /// Decides what becomes of this connection before the client is told: what the client does next may
    /// come back here.
    private func finish(_ client: DownstreamConnection, isClean: Bool) {
        self.client = nil
        settle(isClean: isClean)
        client.responseEnded()
    }

    private func settle(isClean: Bool) {
        if isClean, machine.isReusable, stream.isUsable {
            pool.giveBack(self)
        } else {
            stream.close()
        }
    }

    // MARK: - The end

    override func inputEnded() {
        stream.close()
    }

    override func closed(byError: Bool) {
        if !isStream { pool.remove(self) }
        guard let client else { return closedOnMirrored(byError: byError) }
        self.client = nil
        if stream.fate == .malformed { return client.upstreamFailed(.upstreamMalformed) }
        if stream.fate == .tooLarge { return client.upstreamFailed(.headTooLarge) }
        switch machine.inputClosed() {
        case .endsBody where !byError:
            client.writeEnd(Span())
            client.responseEnded()
            client.flush()
        case .beforeAnswer:
            client.upstreamDied(self)
        case .idle, .truncated, .endsBody:
            client.upstreamFailed(.upstreamClosed)
        }
    }

    private func closedOnMirrored(byError: Bool) {
        guard let mirrored else { return }
        self.mirrored = nil
        mirrored.end(machine.inputClosed() == .endsBody && !byError ? .answered : .failed)
    }
}

/// What a connection must know of the request it carries.
struct ForwardedRequest {
    var isHead: Bool
    /// Whether nothing follows what `begin` sends.
    var isWhole: Bool
    /// Whether it may be sent a second time.
    var isIdempotent: Bool
    var asksForWebSocket = false
    var isGRPC = false
    /// Whether it goes by HTTP/2.
    var speaksHTTP2 = false
}
