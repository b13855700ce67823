internal import GatewayEngine
internal import NIOCore
internal import NIOEmbedded
internal import NIOHTTP2

/// Makes and reads the frames of one connection: swift-nio-http2 in a channel that has no socket.
///
/// It touches nobody's memory but its own: what is read is handed to the session frame by frame, what is written
/// leaves through `HTTP2Session.frameBytes`.
final class HTTP2Framing {
    private let channel: EmbeddedChannel
    private let bottom: ChannelBottom
    private let frames: FrameHandler

    init(
        _ session: HTTP2Session, _ mode: NIOHTTP2Handler.ParserMode, _ traffic: TrafficPolicy, loop: EmbeddedEventLoop
    ) throws {
        frames = FrameHandler(session)
        bottom = ChannelBottom { [weak session] in session?.frameBytes($0) }
        channel = EmbeddedChannel(loop: loop)
        let told = WrittenFrames(session)
        let handler = HTTP2Limits.handler(mode, traffic, told: told)
        try channel.pipeline.syncOperations.addHandlers([bottom, handler, frames])
        // The handlers begin when their channel is active. The address is nobody's.
        channel.connect(to: try SocketAddress(ipAddress: "::", port: 0), promise: nil)
    }

    func read(_ bytes: Span<UInt8>) {
        channel.pipeline.fireChannelRead(bytes.withUnsafeBytes { ByteBuffer(bytes: $0) })
        channel.pipeline.fireChannelReadComplete()
    }

    func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        frames.write(HTTP2Frame(streamID: id, payload: payload))
    }

    /// Lets as much leave as the windows of the other side allow.
    func flush() {
        frames.flush()
    }

    func end() {
        bottom.close()
        channel.embeddedEventLoop.run()
    }
}

/// The end of the pipeline that our code stands at.
private final class FrameHandler: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private weak var session: HTTP2Session?
    private var context: ChannelHandlerContext?

    init(_ session: HTTP2Session) {
        self.session = session
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func write(_ frame: HTTP2Frame) {
        context?.write(wrapOutboundOut(frame), promise: nil)
    }

    func flush() {
        context?.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        session?.received(unwrapInboundIn(data))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            session?.windowChanged(event.streamID, inbound: event.inboundWindowSize)
        case let event as StreamClosedEvent: session?.streamClosed(event.streamID, event.reason)
        default: break
        }
    }

    /// What is wrong with the other side's frames the handler has said on the wire, which `WrittenFrames` hears. Where
    /// one of ours could not be written, the other side cannot read what follows.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOHTTP2Errors.UnableToSerializeFrame { session?.bytes.close() }
    }
}

/// Hears of each frame that leaves, whoever wrote it.
private final class WrittenFrames: NIOHTTP2FrameDelegate {
    private weak var session: HTTP2Session?

    init(_ session: HTTP2Session) {
        self.session = session
    }

    func wroteFrame(_ frame: HTTP2Frame) {
        session?.wrote(frame)
    }
}
