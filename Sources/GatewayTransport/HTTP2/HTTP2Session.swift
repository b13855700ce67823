internal import Bytes
internal import GatewayEngine
internal import HTTPWire
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// A connection that speaks HTTP/2, on a stream of bytes: either side of it. Each of its streams is a `Stream` of
/// its own, on which the connections of HTTP/1.1 stand unchanged (Docs/Decisions/0014).
///
/// What follows an event is done once, at its end (`settle`): frames that were written leave, windows are opened,
/// users of streams are told. So answers that come together leave together, and nobody is called back while calling.
class HTTP2Session: StreamUser {
    final let bytes: Stream
    final let worker: Worker
    /// Whose time limits hold.
    final let served: ServedSnapshot
    /// What the other side may send before it is taken.
    final let windows: HTTP2Limits.Windows
    final private(set) var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    private final var framing: HTTP2Framing!
    /// Streams for which something is left to be done when the event ends.
    private final var touched: [HTTP2Stream] = []
    /// Streams that have closed, whose users are still to be told.
    private final var closed: [HTTP2Stream] = []
    private final var isReading = false
    private final var willSettle = false
    /// The last of it has been said.
    final private(set) var isEnding = false
    /// The other side's settings have come: it does speak HTTP/2.
    final private(set) var isAgreed = false
    /// Bytes that streams hold and whose users have not taken.
    final var heldBytes = 0
    /// What the other side may still send, as it knows it.
    private final var inboundWindow = 65_535
    /// Bytes that came when it was over.
    private final var droppedBytes = 0
    /// WINDOW_UPDATE frames of the other side that no DATA of ours explains. The library does not count them.
    private final var needlessUpdates = 0
    /// Uptime in nanoseconds since which there has been no stream.
    private final var idleSince: Int64
    /// Uptime in nanoseconds since which the other side has not taken what was written to it.
    private final var unreadSince: Int64?
    private final var blocks = HeaderBlockMeasure()
    /// The lines of a message that was written in the form of HTTP/1.1.
    final var table = FieldTable()

    init(over bytes: Stream, _ mode: NIOHTTP2Handler.ParserMode, _ served: ServedSnapshot) throws {
        self.bytes = bytes
        self.served = served
        worker = bytes.worker
        windows = mode == .server ? .init(served.traffic.http2) : .standard
        idleSince = worker.uptime
        super.init()
        framing = try HTTP2Framing(self, mode, served.traffic, loop: worker.loopForHandlers())
        bytes.user = self
        settleLater()
    }

    // MARK: - In

    /// Who does not read gets no answers, and says nothing that would need one.
    override var mayRead: Bool { bytes.isWritable || isEnding }

    override func received(_ bytes: Span<UInt8>) {
        if isEnding { return drop(bytes.count) }
        isReading = true
        framing.read(bytes)
        isReading = false
        settle()
    }

    /// A frame of the other side, which the handler found to be in order.
    final func received(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .headers(let payload): received(payload.headers, end: payload.endStream, on: frame.streamID)
        case .data(let payload):
            guard let stream = streams[frame.streamID], case .byteBuffer(let buffer) = payload.data else { return }
            stream.receive(
                buffer.readableBytesUInt8Span, padding: payload.paddingBytes.map { $0 + 1 } ?? 0, end: payload.endStream
            )
        case .settings(.settings(let settings)):
            isAgreed = true
            for setting in settings where setting.parameter == .maxFrameSize { blocks.maxBytes = setting.value }
            agreed(settings)
        case .goAway(let last, _, _): goingAway(after: last)
        case .windowUpdate: countWindowUpdate()
        default: break
        }
    }

    private func received(_ headers: HPACKHeaders, end: Bool, on id: HTTP2StreamID) {
        if let stream = streams[id] { stream.receive(headers, end: end) } else { begin(id, headers, end: end) }
    }

    private func countWindowUpdate() {
        needlessUpdates += 1
        guard needlessUpdates == HTTP2Limits.needlessWindowUpdates, !isEnding else { return }
        write(.rootStream, .goAway(lastStreamID: .maxID, errorCode: .enhanceYourCalm, opaqueData: nil))
    }

    /// What the other side asks us to keep to; once more whenever that changes.
    func agreed(_ settings: HTTP2Settings) {}

    /// The other side takes no stream of ours beyond this one.
    func goingAway(after last: HTTP2StreamID) {}

    /// The first header block of a stream that the other side opens.
    func begin(_ id: HTTP2StreamID, _ headers: HPACKHeaders, end: Bool) {}

    /// Of the connection or of one stream: what the other side may still send.
    final func windowChanged(_ id: HTTP2StreamID, inbound: Int?) {
        guard let inbound else { return }
        if id == .rootStream { inboundWindow = inbound } else { streams[id]?.inboundWindow = inbound }
    }

    /// A stream is over, in order or by a reset of either side.
    final func streamClosed(_ id: HTTP2StreamID, _ reason: HTTP2ErrorCode?) {
        guard let stream = streams[id] else { return }
        stream.isClosedOnWire = true
        stream.resetReason = reason
        touch(stream)
    }

    override func inputEnded() {
        // Whoever ends the connection has no use for answers.
        bytes.close()
    }

    // MARK: - Out

    final func frameBytes(_ span: Span<UInt8>) {
        bytes.write(span)
    }

    final func write(_ id: HTTP2StreamID, _ payload: HTTP2Frame.FramePayload) {
        framing.write(id, payload)
    }

    /// Whether a block of fields can be written.
    ///
    /// - Parameter byteCount: of their lines in the form of HTTP/1.1, or more.
    final func fits(_ headers: HPACKHeaders, lines byteCount: Int) -> Bool {
        blocks.fits(headers, lines: byteCount)
    }

    /// A frame has left, of whoever wrote it.
    final func wrote(_ frame: HTTP2Frame) {
        switch frame.payload {
        case .data(let payload):
            guard let stream = streams[frame.streamID] else { return }
            stream.unsentBytes -= payload.data.readableBytes
            needlessUpdates = max(0, needlessUpdates - HTTP2Limits.windowUpdatesPerFrame)
            touch(stream)
        case .goAway(_, let code, _) where code != .noError && !isEnding: end()
        default: break
        }
    }

    override func writabilityChanged() {
        for stream in streams.values { stream.updateWritability() }
        if bytes.isWritable { bytes.resumeReading() }
        settleLater()
    }

    // MARK: - Streams

    final func add(_ stream: HTTP2Stream) {
        streams[stream.id] = stream
    }

    /// Takes a stream out; its user is told when the event ends.
    final func remove(_ stream: HTTP2Stream) {
        guard streams.removeValue(forKey: stream.id) != nil else { return }
        if streams.isEmpty { idleSince = worker.uptime }
        removed(stream)
        closed.append(stream)
        settleLater()
    }

    func removed(_ stream: HTTP2Stream) {}

    final func touch(_ stream: HTTP2Stream) {
        guard !stream.isTouched else { return }
        stream.isTouched = true
        touched.append(stream)
        settleLater()
    }

    final func settleLater() {
        guard !isReading, !willSettle else { return }
        willSettle = true
        worker.loop.soon { [self] in
            willSettle = false
            settle()
        }
    }

    private func settle() {
        isReading = true
        settleStreams()
        isReading = false
        if isEnding { bytes.closeOutputWhenWritten() } else { bytes.flush() }
    }

    private func settleStreams() {
        repeat {
            framing.flush()
            let batch = touched
            touched.removeAll(keepingCapacity: true)
            for stream in batch { stream.settle() }
            let gone = closed
            closed.removeAll()
            for stream in gone { stream.tellClosed() }
        } while !touched.isEmpty || !closed.isEmpty
        guard bytes.isOpen else { return }
        openWindow()
        streamsSettled()
        framing.flush()
    }

    /// Nothing is left to be done for any stream.
    func streamsSettled() {}

    /// Lets the other side send what streams could take: in large steps, but never less than a stream needs to go on.
    private func openWindow() {
        let missing = windows.connection - heldBytes - inboundWindow
        let isShort = inboundWindow < windows.stream && missing >= windows.stream / 2
        guard isShort || missing >= windows.connection / 8, !isEnding else { return }
        write(.rootStream, .windowUpdate(windowSizeIncrement: missing))
    }

    // MARK: - The end

    /// Says that no stream of the other side beyond this one is served, and closes when that has left.
    final func end(after last: HTTP2StreamID) {
        guard !isEnding else { return }
        write(.rootStream, .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        end()
    }

    /// Ends our side when what was written has left. Until the other side ends, for a moment at most, what still
    /// comes is dropped: a reset would take from it what it has not read.
    private func end() {
        isEnding = true
        for stream in streams.values { stream.connectionClosed() }
        streams = [:]
        settleLater()
    }

    private func drop(_ count: Int) {
        droppedBytes += count
        if droppedBytes > Self.maxDroppedBytes { bytes.close() }
    }

    private static let maxDroppedBytes = 1 << 20
    private static let lingerSeconds: Int64 = 1

    override func closed(byError: Bool) {
        framing.end()
        let streams = streams
        self.streams = [:]
        for stream in streams.values { stream.connectionClosed() }
        let gone = closed
        closed = []
        for stream in gone { stream.tellClosed() }
    }

    /// Once a second: what has taken too long.
    func checkDeadline() {
        let traffic = served.traffic
        unreadSince = !bytes.isWritable || isEnding ? unreadSince ?? worker.uptime : nil
        let patience = isEnding ? Self.lingerSeconds : traffic.bodySeconds
        if let unreadSince, worker.uptime - unreadSince >= patience * 1_000_000_000 { return bytes.close() }
        guard streams.isEmpty else { return }
        let limit = isAgreed ? idleSeconds : traffic.headSeconds
        if worker.uptime - idleSince >= limit * 1_000_000_000 { endIdle() }
    }

    var idleSeconds: Int64 { served.traffic.idleSeconds }

    /// There has been no stream for too long.
    func endIdle() {
        end(after: .rootStream)
    }
}
