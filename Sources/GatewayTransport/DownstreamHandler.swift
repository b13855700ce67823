internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore

/// Drives a `ServerConnection` on a NIO channel: one connection of a client.
///
/// It decides nothing about requests and parses nothing: bytes go to the state machine, heads to the
/// pipeline, and what they answer is carried out here. The rest of it is in files of its own: `+Request`,
/// `+Response`, `+Ending`, `+Deadline`.
final class DownstreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let worker: Worker
    let slot: BindSlot
    var machine: ServerConnection
    private(set) var context: ChannelHandlerContext?
    private(set) var connection: ConnectionContext
    /// Bytes that wait: for more of their message, for the answer before theirs, or for an upstream.
    private(set) var pending: ByteBuffer?
    var upstream: UpstreamHandler?
    var exchange = Exchange()
    var deadline = Deadline()
    var isConnecting = false
    /// Inside `serve`, which goes on by itself when a request has been answered.
    private var isInServe = false
    private var hasUnflushedWrites = false
    private var wantsRead = false
    var hasEndedInput = false
    private(set) var isClosed = false
    private(set) var isWritable = true
    var drainedBytes = 0

    /// The request in service.
    struct Exchange {
        var request = ForwardedRequest(isHead: false, hasBody: false, isIdempotent: false)
        var isChunked = false
        var style = RefusalStyle.agentgateway
        var bodyBytes: UInt64 = 0
        /// A piece of the body, or its end, has gone to an upstream.
        var hasSentBody = false
        var wasRetried = false
        /// The client sends its body only once the upstream says 100.
        var awaitsContinue = false
        var hasWrittenHead = false
        var isTunnel = false
        var plan = HeadWriter.ResponsePlan(framing: .none, keepsAlive: true, isHTTP11: true)
        var upstreamFraming = BodyFraming.none
        var startedAt: Int64 = 0
        var status = 0
        /// Unix seconds when the token that was verified expires.
        var tokenExpiresAt: Int64?
        /// For the access log; nil where it is off.
        var record: AccessRecord?
    }

    init(worker: Worker, slot: BindSlot) {
        self.worker = worker
        self.slot = slot
        let traffic = worker.snapshot.traffic
        machine = ServerConnection(limits: traffic.headLimits)
        connection = ConnectionContext(address: nil, port: 0, scheme: "http", traffic: traffic)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let address = context.channel.remoteAddress
        connection = ConnectionContext(
            address: address?.ipAddress, port: address?.port ?? 0, scheme: "http", traffic: worker.snapshot.traffic)
        worker.tick()
        worker.add(self)
        updateDeadline()
    }

    // MARK: - Bytes in

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        worker.tick()
        var buffer = unwrapInboundIn(data)
        if var earlier = pending {
            pending = nil
            earlier.writeBuffer(&buffer)
            buffer = earlier
        }
        serve(buffer)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        upstream?.flush()
        flush()
    }

    /// Understands as much as can be acted upon now; the rest stays in `pending`.
    private func serve(_ buffer: ByteBuffer) {
        isInServe = true
        defer { isInServe = false }
        var position = 0
        // The body of a request waits until its upstream is connected.
        reading: while !isClosed, !isConnecting || machine.hasReadWholeRequest {
            switch machine.next(buffer.readableBytesUInt8Span, at: &position, table: &worker.scratch.table) {
            case .needsBytes, .blocked:
                break reading
            case .head(let head):
                let end = position + head.byteCount
                handle(head, buffer.readableBytesUInt8Span.extracting(position..<end))
                position = end
            case .body(let range):
                forwardBody(buffer, range)
            case .end:
                forwardEnd(buffer.readableBytesUInt8Span)
            case .failed(let error):
                refuse(malformed: error)
            case .discard:
                discard(buffer.readableBytes - position)
                position = buffer.readableBytes
                break reading
            }
        }
        writeOutput()
        if position < buffer.readableBytes, !isClosed {
            var rest = buffer
            rest.moveReaderIndex(forwardBy: position)
            pending = rest
        }
        updateDeadline()
    }

    /// Goes on with what waited, after an answer or a connection has come.
    func continueServing() {
        guard !isInServe, !isClosed else { return }
        writeOutput()
        if let waiting = pending {
            pending = nil
            serve(waiting)
        } else {
            updateDeadline()
        }
        upstream?.flush()
        flush()
        if hasEndedInput, !isConnecting {
            if !machine.isServing { return closeWhenWritten() }
            if !machine.hasReadWholeRequest { return close() }
        }
        resumeReading()
    }

    func read(context: ChannelHandlerContext) {
        // Half a chunk's size line is no reason to wait: the other half is still to be read.
        let isWaiting = pending != nil && machine.isServing && (isConnecting || machine.hasReadWholeRequest)
        let isCongested = upstream.map { !machine.hasReadWholeRequest && !$0.isWritable } ?? false
        // Answers of our own need no upstream that could be held back: whoever does not read them gets no more.
        let isUnread = !isWritable && (!machine.isServing || machine.hasReadWholeRequest)
        if isWaiting || isCongested || isUnread {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func resumeReading() {
        guard wantsRead else { return }
        wantsRead = false
        context.map { read(context: $0) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        updateDeadline()
        guard isWritable else { return }
        upstream?.resumeReading()
        resumeReading()
    }

    // MARK: - Bytes out

    /// Hands what stands in the worker's output to the channel.
    func writeOutput() {
        guard worker.output.readableBytes > 0 else { return }
        write(worker.output)
        worker.output.clear()
    }

    func write(_ buffer: ByteBuffer) {
        hasUnflushedWrites = true
        worker.clientToFlush = self
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    func flush() {
        guard hasUnflushedWrites else { return }
        hasUnflushedWrites = false
        context?.flush()
    }

    // MARK: - The end

    func close() {
        context?.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else { return }
        hasEndedInput = true
        // A request that is whole is still answered; half a request is nothing.
        if isConnecting { return }
        if !machine.isServing { return closeWhenWritten() }
        if !machine.hasReadWholeRequest { close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        pending = nil
        worker.tick()
        worker.remove(self)
        upstream?.abandon()
        upstream = nil
        if machine.isServing { finishRecord(wasAborted: true) }
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
