internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore

/// Drives a `ClientConnection` on a NIO channel: one connection to an upstream.
final class UpstreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Holds the pool, which may be retired while this connection still serves.
    private let pool: UpstreamPool
    private let worker: Worker
    private var machine: ClientConnection
    private var context: ChannelHandlerContext?
    /// Whom the request in service is for.
    private var client: DownstreamHandler?
    /// The head that was sent, kept until the answer begins: it may have to be sent again.
    var requestHead = ByteBuffer()
    /// Bytes of the answer that are not complete enough to be read.
    private var pending: ByteBuffer?
    private var hasUnflushedWrites = false
    private var wantsRead = false
    /// Whether the request in service came on a connection that had served before.
    private var isReused = false
    private var hasServed = false
    /// Uptime in nanoseconds.
    var idleSince: Int64 = 0
    private(set) var isOpen = true
    /// Whether it is one of the pool's: an attempt at another address of the same name is not.
    var isCounted = false
    private(set) var isWritable = true

    init(pool: UpstreamPool) {
        self.pool = pool
        worker = pool.worker
        machine = ClientConnection(limits: pool.worker.snapshot.traffic.headLimits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func close() {
        isOpen = false
        context?.close(promise: nil)
    }

    // MARK: - The request

    /// Sends the request whose head stands in `requestHead`.
    func begin(for client: DownstreamHandler, _ request: ForwardedRequest) {
        self.client = client
        isReused = hasServed
        hasServed = true
        machine.begin(toHead: request.isHead, isComplete: !request.hasBody, asksForUpgrade: request.asksForWebSocket)
        write(requestHead)
    }

    func write(_ buffer: ByteBuffer) {
        hasUnflushedWrites = true
        context?.write(wrapOutboundOut(buffer), promise: nil)
    }

    func requestEnded() {
        machine.requestEnded()
    }

    func flush() {
        guard hasUnflushedWrites else { return }
        hasUnflushedWrites = false
        context?.flush()
    }

    /// Goes back to the pool without having served.
    func giveBackUnused() {
        pool.giveBack(self)
    }

    /// The client is gone or has been answered: whatever still comes is of no use.
    func abandon() {
        client = nil
        close()
    }

    /// The client can take more of the answer.
    func resumeReading() {
        guard wantsRead else { return }
        wantsRead = false
        context?.read()
    }

    // MARK: - The answer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        worker.tick()
        var buffer = unwrapInboundIn(data)
        if var earlier = pending {
            pending = nil
            earlier.writeBuffer(&buffer)
            buffer = earlier
        }
        // Bytes on an idle connection belong to nothing.
        guard let client else { return close() }
        read(&buffer, for: client)
        client.writeOutput()
    }

    private func read(_ buffer: inout ByteBuffer, for client: DownstreamHandler) {
        var position = 0
        while true {
            let input = machine.next(buffer.readableBytesUInt8Span, at: &position, table: &worker.responseTable)
            switch input {
            case .needsBytes:
                keepRest(of: buffer, from: position)
                return
            case .informational(let head):
                client.writeInformational(
                    head, buffer.readableBytesUInt8Span.extracting(position..<buffer.readableBytes))
                position += head.byteCount
            case .head(let head):
                client.writeHead(head, buffer.readableBytesUInt8Span.extracting(position..<buffer.readableBytes))
                position += head.byteCount
            case .body(let range):
                client.writeBody(buffer, range)
            case .end:
                client.writeEnd(buffer.readableBytesUInt8Span)
                finish(client, isClean: position == buffer.readableBytes)
                return
            case .failed, .unsolicited:
                self.client = nil
                close()
                client.upstreamFailed(.upstreamMalformed)
                return
            }
        }
    }

    private func keepRest(of buffer: ByteBuffer, from position: Int) {
        guard position < buffer.readableBytes else { return }
        var rest = buffer
        rest.moveReaderIndex(forwardBy: position)
        pending = rest
    }

    /// Decides what becomes of this connection before the client is told: what the client does next may
    /// come back here.
    private func finish(_ client: DownstreamHandler, isClean: Bool) {
        self.client = nil
        if isClean, machine.isReusable, isOpen {
            pool.giveBack(self)
        } else {
            close()
        }
        client.responseEnded()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        worker.flushClient()
    }

    func read(context: ChannelHandlerContext) {
        if let client, !client.isWritable {
            wantsRead = true
        } else {
            context.read()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        isWritable = context.channel.isWritable
        if isWritable { client?.resumeReading() }
    }

    // MARK: - The end

    func channelInactive(context: ChannelHandlerContext) {
        isOpen = false
        if isCounted { pool.remove(self) }
        worker.tick()
        guard let client else { return }
        self.client = nil
        switch machine.inputClosed() {
        case .endsBody:
            client.writeEnd(ByteBuffer().readableBytesUInt8Span)
            client.responseEnded()
            client.writeOutput()
            worker.flushClient()
        case .beforeAnswer:
            client.upstreamDied(head: isReused ? requestHead : nil, pool: pool)
        case .idle, .truncated:
            client.upstreamFailed(.upstreamClosed)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset: the channel closes and `channelInactive` follows.
        close()
    }
}

/// What a connection must know of the request it carries.
struct ForwardedRequest {
    var isHead: Bool
    var hasBody: Bool
    /// Whether it may be sent a second time.
    var isIdempotent: Bool
    var asksForWebSocket = false
}
