internal import Bytes
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A stream on a NIO channel.
final class NIOStream: Stream, ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var wantsRead = false
    private let opened: (NIOStream, SocketAddress?) -> Void

    /// - Parameter opened: called when the channel is ready, with the other side's address.
    init(worker: Worker, opened: @escaping (NIOStream, SocketAddress?) -> Void) {
        self.opened = opened
        super.init(worker: worker)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        worker.tick()
        opened(self, context.channel.remoteAddress)
    }

    // MARK: - In

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        worker.tick()
        let buffer = unwrapInboundIn(data)
        user?.received(buffer.readableBytesUInt8Span)
    }

    func read(context: ChannelHandlerContext) {
        if user?.mayRead ?? true { context.read() } else { wantsRead = true }
    }

    override func resumeReading() {
        guard wantsRead, let context else { return }
        wantsRead = false
        read(context: context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else { return }
        worker.tick()
        user?.inputEnded()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset: the channel closes and `channelInactive` follows.
        hasFailed = true
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        markClosed()
        // Not from inside a call of the user.
        context.eventLoop.assumeIsolated().execute {
            self.worker.tick()
            self.tellClosed()
        }
    }

    // MARK: - Out

    override func send() {
        guard let context else { return }
        let isLast = atEnd != .goOn
        let buffer = output.withUnsafeBytes { ByteBuffer(bytes: $0) }
        worker.takeMemoryBack(from: &output)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { result in
            // `EPIPE` follows an end that was in order; all else is a reset.
            if case .failure(let error as IOError) = result, error.errnoCode != EPIPE { self.hasFailed = true }
            if isLast { self.outputLeft() }
        }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        worker.tick()
        setWritable(context.channel.isWritable)
    }

    override func closeSocketOutput() {
        context?.close(mode: .output, promise: nil)
    }

    override func closeSocket() {
        context?.close(promise: nil)
    }

    override func makeCloseAbortive() {
        let provider = context?.channel as? any SocketOptionProvider
        _ = provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }
}
