internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// A connection of a client: drives a `ServerConnection` on a stream.
///
/// It decides nothing about requests and parses nothing: bytes go to the state machine, heads to the
/// pipeline, and what they answer is carried out here. The rest of it is in files of its own: `+Request`,
/// `+Body`, `+Response`, `+Ending`, `+Deadline`, `+Retry`.
final class DownstreamConnection: BufferedUser {
    let worker: Worker
    let slot: BindSlot
    private(set) var context: ConnectionContext
    private let ends: SocketEnds
    var machine: ServerConnection
    var upstream: UpstreamConnection?
    var exchange = Exchange()
    var deadline = Deadline()
    /// The head of the request that waits for a connection, as it goes to the upstream; empty where none does.
    var connectingHead = ByteQueue()
    /// The head of the request that waits for keys, or for its time, as it came; empty where none does.
    private var heldHead = ByteQueue()
    /// The body of the request in service, where rules read it.
    var gathered: GatheredBody?
    /// The room of bodies of answers that wait for the client to read them; the bytes are with the stream.
    var unreadBodies: [GatheredBody] = []
    /// Inside `understand`, which goes on by itself when a request has been answered.
    private var isUnderstanding = false
    private(set) var hasEndedInput = false
    /// Answered for good: the rest of what the client sends is read and dropped.
    var isLingering = false
    var drainedBytes = 0
    /// Uptime from which on an answer is the last.
    let retiresAt: Int64

    /// The request in service.
    struct Exchange {
        var request = ForwardedRequest(isHead: false, isWhole: true, isIdempotent: false)
        var isChunked = false
        var bodyBytes: UInt64 = 0
        /// A piece of the body, or its end, has gone to an upstream.
        var hasSentBody = false
        var wasRetried = false
        /// What has been sent of the body is kept behind the head, for it may have to be sent again.
        var keepsBody = false
        /// The client sends its body only once the upstream says 100.
        var awaitsContinue = false
        var hasWrittenHead = false
        /// Whether it has waited for keys: a request waits once.
        var hasAwaitedKeys = false
        /// Whether a password of it was checked, or should have been.
        var hasAwaitedPassword = false
        var isTunnel = false
        var plan = HeadWriter.ResponsePlan(framing: .none, keepsAlive: true, isHTTP11: true)
        var upstreamFraming = BodyFraming.none
        var startedAt: Int64 = 0
        /// Uptime when the last piece of an answer, or of either side of a tunnel, went by.
        var lastPieceAt: Int64 = 0
        var status = 0
        /// What its route says of time and repetition; nil where it says nothing.
        var course: RequestCourse?
        /// What is changed of the answer's field lines on its way to the client; nil: nothing.
        var responseEdit: FieldEdit?
        /// What is known of the answer before there is one; nil: nothing.
        var answerPlan: AnswerPlan?
        /// What is done to the answer by expressions; nil: nothing.
        var answerCourse: AnswerCourse?
        /// The request, where an expression says of its answer whether the server is well.
        var judgedRequest: KeptRequest?
        /// What has come of the body of an answer that is held.
        var heldBytes: UInt64 = 0
        /// Names that a client may not send in trailers either; nil: none.
        var guardedNames: FieldNames?
        /// Unix seconds when the token that was verified expires.
        var tokenExpiresAt: Int64?
        /// For the access log; nil where it is off.
        var record: AccessRecord?
    }

    /// - Parameter context: of the connection that the stream is a part of; nil where it is one of its own.
    init(stream: Stream, slot: BindSlot, ends: SocketEnds, context: ConnectionContext? = nil) {
        self.slot = slot
        self.ends = ends
        worker = stream.worker
        let traffic = slot.traffic
        machine = ServerConnection(limits: traffic.headLimits)
        self.context = context ?? ConnectionContext(ends, nil, speaksHTTP2: false, traffic: traffic)
        retiresAt = worker.retirement(traffic)
        super.init(stream: stream)
        stream.user = self
        updateDeadline()
    }

    var isConnecting: Bool { !connectingHead.isEmpty }
    /// The request in service cannot go on yet: its body is not read.
    var isHeld: Bool { isConnecting || !heldHead.isEmpty }

    override func secured(_ agreement: TLSAgreement) {
        // What was asked for when the handshake began may have changed meanwhile.
        guard slot.terminator?.asks(agreement.demand, for: agreement.listener) ?? false else { return close() }
        if agreement.speaksHTTP2 { return becomeHTTP2(Span(), agreement) }
        context = ConnectionContext(ends, agreement, speaksHTTP2: false, traffic: slot.traffic)
    }

    /// Leaves the stream to HTTP/2.
    ///
    /// - Parameter bytes: those that have come.
    private func becomeHTTP2(_ bytes: Span<UInt8>, _ agreement: TLSAgreement? = nil) {
        worker.remove(self)
        let context = ConnectionContext(ends, agreement, speaksHTTP2: true, traffic: slot.traffic)
        do {
            let session = try HTTP2ServerSession(over: stream, slot: slot, ends: ends, context)
            worker.add(session)
            if !bytes.isEmpty { session.received(bytes) }
        } catch {
            stream.close()
        }
    }

    /// Whether a client that knows that HTTP/2 is spoken here begins with it (RFC 9113 §3.3). TLS agrees on the
    /// protocol before, so that it is no preface there.
    ///
    /// - Parameter bytes: a request line of another version, and what follows.
    private func isPreface(_ bytes: Span<UInt8>) -> Bool {
        let line: StaticString = "PRI * HTTP/2.0\r\n"
        let isFirst = exchange.startedAt == 0 && context.securedBy == nil
        return isFirst && bytes.count >= line.utf8CodeUnitCount
            && bytes.extracting(0..<line.utf8CodeUnitCount).equals(line)
    }

    // MARK: - Bytes in

    override var mayRead: Bool {
        // The last answer is on its way: what follows is not read, or only when it has left.
        if stream.atEnd == .close || isLingering && stream.hasUnsent { return false }
        // Half a chunk's size line is no reason to wait: the other half is still to be read.
        let isWaiting = hasPending && machine.isServing && (isHeld || machine.hasReadWholeRequest)
        let isCongested = upstream.map { !machine.hasReadWholeRequest && !$0.stream.isWritable } ?? false
        // Answers of our own need no upstream that could be held back: whoever does not read them gets no more.
        let isUnread = !stream.isWritable && (!machine.isServing || machine.hasReadWholeRequest)
        return !isWaiting && !isCongested && !isUnread
    }

    override func received(_ bytes: Span<UInt8>) {
        take(bytes)
        flush()
        updateDeadline()
    }

    override func understand(_ bytes: Span<UInt8>) -> Int {
        isUnderstanding = true
        defer { isUnderstanding = false }
        var position = 0
        // The body of a request in service waits until its upstream is connected.
        while stream.isOpen, stream.atEnd != .close,
            !isHeld || machine.hasReadWholeRequest || !machine.isServing
        {
            switch machine.next(bytes, at: &position, table: &worker.scratch.table) {
            case .needsBytes, .blocked:
                return position
            case .head(let head):
                let end = position + head.byteCount
                handle(head, bytes.extracting(position..<end))
                position = end
            case .body(let range):
                forwardBody(bytes.extracting(range))
            case .end:
                forwardEnd(bytes)
            case .failed(.versionNotSupported) where isPreface(bytes.extracting(position...)):
                becomeHTTP2(bytes.extracting(position...))
                return bytes.count
            case .failed(let error):
                refuse(malformed: error)
            case .discard:
                discard(bytes.count - position)
                return bytes.count
            }
        }
        return position
    }

    /// Goes on with what waited, after an answer or a connection has come.
    func continueServing() {
        guard !isUnderstanding, stream.isOpen else { return }
        takePending()
        flush()
        updateDeadline()
        if hasEndedInput { actOnEndedInput() }
        stream.resumeReading()
    }

    func flush() {
        upstream?.stream.flush()
        stream.flush()
    }

    override func writabilityChanged() {
        updateDeadline()
        guard stream.isWritable else { return }
        unreadBodies = []
        upstream?.stream.resumeReading()
        stream.resumeReading()
    }

    // MARK: - Keys that are being fetched

    /// Holds a request: its body is not read.
    func hold(_ head: Span<UInt8>) {
        heldHead.append(head)
    }

    func dropHeld() {
        heldHead = ByteQueue()
    }

    /// Holds a request whose token's key may come.
    func awaitKeys(_ head: Span<UInt8>) {
        exchange.hasAwaitedKeys = true
        hold(head)
    }

    /// Holds a request whose password is checked elsewhere.
    func awaitPassword(_ head: Span<UInt8>) {
        exchange.hasAwaitedPassword = true
        hold(head)
    }

    /// What the request waits for has come, or has taken too long: it is decided on anew.
    func stopWaiting() {
        var held = ByteQueue()
        swap(&held, &heldHead)
        if stream.isOpen, machine.isServing { decideAgain(held.bytes) }
        continueServing()
    }

    /// What was read of it before is gone: others have used the worker's tables since.
    func decideAgain(_ bytes: Span<UInt8>) {
        do {
            guard let head = try RequestHeadParser.parse(bytes, limits: machine.limits, into: &worker.scratch.table)
            else { return refuse(.malformedRequest) }
            decide(head, bytes)
        } catch {
            refuse(malformed: error)
        }
    }

    // MARK: - The end

    func close() {
        stream.close()
    }

    /// Closes once the last answer has left, or when the client takes too long over it.
    func closeWhenWritten() {
        stream.closeWhenWritten()
        updateDeadline()
    }

    override func inputEnded() {
        hasEndedInput = true
        actOnEndedInput()
    }

    private func actOnEndedInput() {
        if isLingering || !machine.isServing { return closeWhenWritten() }
        if isHeld { return }
        if exchange.isTunnel {
            // What the other side still sends is delivered.
            upstream?.stream.closeOutputWhenWritten()
            return updateDeadline()
        }
        // A request that is whole is still answered; half a request is nothing.
        if !machine.hasReadWholeRequest { close() }
    }

    override func closed(byError: Bool) {
        dropPending()
        gathered = nil
        unreadBodies = []
        worker.remove(self)
        upstream?.abandon()
        upstream = nil
        if machine.isServing { finishRecord(wasAborted: true) }
    }
}

extension ConnectionContext {
    fileprivate convenience init(
        _ ends: SocketEnds, _ agreement: TLSAgreement?, speaksHTTP2: Bool, traffic: TrafficPolicy
    ) {
        self.init(
            address: ends.address, port: ends.port, securedBy: agreement?.listener, client: agreement?.client,
            speaksHTTP2: speaksHTTP2, destination: ends.destination, traffic: traffic)
    }
}
