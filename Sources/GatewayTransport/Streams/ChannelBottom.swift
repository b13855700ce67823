internal import NIOCore

/// Stands at the bottom of a channel that has no socket: what would leave by one ends here.
final class ChannelBottom: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private var context: ChannelHandlerContext?
    private let write: (Span<UInt8>) -> Void

    /// - Parameter write: takes what leaves.
    init(write: @escaping (Span<UInt8>) -> Void) {
        self.write = write
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let buffer) = unwrapOutboundIn(data) { write(buffer.readableBytesUInt8Span) }
        promise?.succeed()
    }

    /// Tells the handlers that the socket is gone. `EmbeddedChannel.finish` would ask them to close it, and wait for
    /// a peer that nobody hears.
    func close() {
        context?.close(promise: nil)
    }
}
