internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore

/// Drives a `ServerConnection` on a NIO channel: one connection of a client.
///
/// It decides nothing about requests and parses nothing: bytes go to the state machine, heads to the
/// pipeline, and what they answer is carried out here.
final class DownstreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let worker: Worker
    private let slot: BindSlot
    var machine: ServerConnection
    private(set) var context: ChannelHandlerContext?
    /// Bytes that wait: for more of their message, for the answer before theirs, or for an upstream.
    private var pending: ByteBuffer?
    var upstream: UpstreamHandler?
    var exchange = Exchange()
    private var isConnecting = false
    /// Inside `serve`, which goes on by itself when a request has been answered.
    private var isInServe = false
    private var hasUnflushedWrites = false
    private var wantsRead = false
    private var hasEndedInput = false
    private(set) var isClosed = false
    private var drainedBytes = 0
    private var connection = ConnectionContext(address: nil, port: 0, scheme: "http")

    /// Body bytes read and dropped after a refusal, so that the client can read the answer.
    private static let maxDrainedBytes = 64 << 10
    private static let drainTimeout = TimeAmount.seconds(5)
    /// Bodies up to this size are copied behind their head, so that both go out in one piece.
    static let maxCopiedBytes = 16 << 10

    /// The request in service.
    struct Exchange {
        var request = ForwardedRequest(isHead: false, hasBody: false, isIdempotent: false)
        var isChunked = false
        var style = RefusalStyle.agentgateway
        var hasSentBody = false
        var wasRetried = false
        var hasWrittenHead = false
        var plan = HeadWriter.ResponsePlan(framing: .none, keepsAlive: true, isHTTP11: true)
        var upstreamFraming = BodyFraming.none
    }

    init(worker: Worker, slot: BindSlot) {
        self.worker = worker
        self.slot = slot
        machine = ServerConnection(limits: worker.limits)
    }

    var isWritable: Bool { context?.channel.isWritable ?? false }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let address = context.channel.remoteAddress
        connection = ConnectionContext(address: address?.ipAddress, port: address?.port ?? 0, scheme: "http")
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
                exchange = Exchange()
                exchange.style = slot.bind?.refusalStyle ?? .agentgateway
                refuse(RefusalCode(error))
            case .discard:
                drain(buffer.readableBytes - position)
                position = buffer.readableBytes
                break reading
            }
        }
        writeOutput()
        guard position < buffer.readableBytes, !isClosed else { return }
        var rest = buffer
        rest.moveReaderIndex(forwardBy: position)
        pending = rest
    }

    /// Goes on with what waited, after an answer or a connection has come.
    private func continueServing() {
        guard !isInServe, !isClosed else { return }
        if let waiting = pending {
            pending = nil
            serve(waiting)
        }
        upstream?.flush()
        flush()
        if hasEndedInput, !machine.isServing { return closeWhenWritten() }
        resumeReading()
    }

    func read(context: ChannelHandlerContext) {
        let isWaiting = pending != nil && machine.isServing
        let isCongested = upstream.map { !machine.hasReadWholeRequest && !$0.isWritable } ?? false
        if isWaiting || isCongested {
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
        if context.channel.isWritable { upstream?.resumeReading() }
    }

    // MARK: - The request

    private func handle(_ head: RequestHead, _ bytes: Span<UInt8>) {
        exchange = Exchange()
        exchange.request = ForwardedRequest(
            isHead: head.method == .head, hasBody: head.framing != .none, isIdempotent: head.method.isIdempotent)
        exchange.isChunked = head.framing == .chunked
        guard let bind = slot.bind else { return refuse(.notReady) }
        exchange.style = bind.refusalStyle
        let decision = Pipeline.decide(
            head, bytes, worker.scratch, bind: bind, connection: connection, cache: &worker.tokens, now: worker.now)
        switch decision {
        case .refuse(let refusal): refuse(refusal)
        case .forward(let upstream): forward(head, bytes, upstream: upstream)
        }
    }

    private func forward(_ head: RequestHead, _ bytes: Span<UInt8>, upstream index: Int) {
        guard let pool = worker.pool(upstream: index) else { return refuse(.noBackend) }
        if let connection = pool.takeIdle() {
            upstream = connection
            connection.requestHead.clear()
            render(head, bytes, into: &connection.requestHead)
            connection.begin(for: self, exchange.request)
        } else {
            var buffer = ByteBuffer()
            render(head, bytes, into: &buffer)
            connect(pool, head: buffer)
        }
    }

    private func render(_ head: RequestHead, _ bytes: Span<UInt8>, into buffer: inout ByteBuffer) {
        let scratch = worker.scratch
        let target = scratch.target
        if target.isVerbatim {
            render(head, bytes, target: bytes, scratch, into: &buffer)
        } else {
            let storage = target.storage
            render(head, bytes, target: storage.span, scratch, into: &buffer)
        }
    }

    private func render(
        _ head: RequestHead, _ bytes: Span<UInt8>, target text: Span<UInt8>, _ scratch: RequestScratch,
        into buffer: inout ByteBuffer
    ) {
        let target = scratch.target
        let query = target.query.map { $0.lowerBound - 1..<$0.upperBound } ?? 0..<0
        let rewritten = scratch.rewrittenQuery
        let lines = scratch.addedLines
        let forwarding = connection.forwardingLines
        let additions = HeadWriter.RequestAdditions(
            path: text.extracting(target.path),
            query: scratch.hasRewrittenQuery ? rewritten.span : text.extracting(query),
            lines: lines.span, moreLines: forwarding.span, authority: bytes.extracting(target.authority))
        let table = scratch.table
        buffer.writeWithOutputRawSpan(minimumWritableBytes: HeadWriter.boundOfRequest(head, additions)) {
            HeadWriter.writeRequest(head, table, bytes, additions, into: &$0)
        }
    }

    /// Opens a connection for a request whose head is written already.
    private func connect(_ pool: UpstreamPool, head: ByteBuffer) {
        isConnecting = true
        pool.connect().assumeIsolated().whenComplete { result in
            self.isConnecting = false
            switch result {
            case .success(let connection) where self.isClosed:
                connection.giveBackUnused()
            case .success(let connection):
                self.upstream = connection
                connection.requestHead = head
                connection.begin(for: self, self.exchange.request)
            case .failure(let error):
                if !self.isClosed { self.refuse(UpstreamPool.refusalCode(of: error)) }
            }
            self.continueServing()
        }
    }

    private func forwardBody(_ buffer: ByteBuffer, _ range: Range<Int>) {
        guard let upstream else { return }
        exchange.hasSentBody = true
        if exchange.isChunked {
            upstream.write(BodyWriter.chunk(buffer, range))
        } else {
            upstream.write(BodyWriter.slice(buffer, range))
        }
    }

    private func forwardEnd(_ bytes: Span<UInt8>) {
        guard let upstream else { return }
        if exchange.isChunked {
            var last = ByteBuffer()
            BodyWriter.writeLastChunk(worker.scratch.table, bytes, into: &last)
            upstream.write(last)
        }
        upstream.requestEnded()
    }

    // MARK: - Answers of our own

    private func refuse(_ code: RefusalCode) {
        refuse(Refusal(code, style: exchange.style))
    }

    private func refuse(_ refusal: Refusal) {
        if !machine.hasReadWholeRequest { machine.closeAfterResponse() }
        let answer = refusal.rendered(
            toHead: exchange.request.isHead, keepsAlive: machine.keepsAlive, date: worker.date.bytes)
        worker.output.writeBytes(answer)
        responseEnded()
    }

    // MARK: - The upstream's answer

    /// The answer has been written whole.
    func responseEnded() {
        upstream = nil
        switch machine.responseEnded() {
        case .nextRequest: continueServing()
        case .close: closeWhenWritten()
        case .drainThenClose: drainWhenWritten()
        }
    }

    /// The upstream closed before a byte of an answer.
    ///
    /// - Parameter head: what was sent, if the connection had served before: then it may have died idle,
    ///   and a request that is idempotent and has sent no body goes out once more on a fresh one.
    func upstreamDied(head: ByteBuffer?, pool: UpstreamPool) {
        upstream = nil
        guard let head, exchange.request.isIdempotent, !exchange.hasSentBody, !exchange.wasRetried,
            !exchange.hasWrittenHead
        else { return upstreamFailed(.upstreamClosed) }
        exchange.wasRetried = true
        connect(pool, head: head)
    }

    func upstreamFailed(_ code: RefusalCode) {
        upstream = nil
        if exchange.hasWrittenHead {
            // Closing is the only way left to say that the answer is not whole.
            worker.output.clear()
            close()
        } else {
            refuse(code)
            writeOutput()
            flush()
        }
    }

    // MARK: - Bytes out

    /// Hands what stands in the worker's output to the channel.
    func writeOutput() {
        guard worker.output.readableBytes > 0 else { return }
        hasUnflushedWrites = true
        worker.clientToFlush = self
        context?.write(wrapOutboundOut(worker.output), promise: nil)
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

    private func closeWhenWritten() {
        whenWritten { $0.close(promise: nil) }
    }

    /// Ends our side, then reads and drops a bounded rest: a reset would take the answer from the client.
    private func drainWhenWritten() {
        whenWritten { context in
            context.close(mode: .output, promise: nil)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.drainTimeout) { bound.value.close(promise: nil) }
        }
        resumeReading()
    }

    private func whenWritten(_ action: @escaping (ChannelHandlerContext) -> Void) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in action(context) }
        let last = worker.output
        worker.output.clear()
        context.writeAndFlush(wrapOutboundOut(last), promise: promise)
    }

    private func drain(_ count: Int) {
        drainedBytes += count
        if drainedBytes > Self.maxDrainedBytes { close() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else { return }
        hasEndedInput = true
        // A request that is whole is still answered; half a request is nothing.
        if !machine.isServing || !machine.hasReadWholeRequest, !isConnecting { close() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        isClosed = true
        pending = nil
        upstream?.abandon()
        upstream = nil
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
