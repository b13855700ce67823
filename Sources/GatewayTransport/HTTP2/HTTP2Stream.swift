internal import Bytes
internal import HTTPWire
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// One stream of an HTTP/2 connection as a stream of HTTP/1.1: its user reads and writes messages of HTTP/1.1, the
/// other side has frames. Either side of a connection.
class HTTP2Stream: Stream {
    final let session: HTTP2Session
    final var id: HTTP2StreamID
    /// In the form of HTTP/1.1, for the user when it may read.
    private final var input = ByteQueue()
    /// Bytes of DATA frames in `input`, with their padding.
    private final var heldBytes = 0
    /// What the other side may still send.
    final var inboundWindow: Int
    /// Bytes of DATA frames that were written and have not left.
    final var unsentBytes = 0
    /// The other side's message is complete.
    final var hasReadEnd = false
    /// Our message is complete.
    final var hasWrittenEnd = false
    final var isTouched = false
    final var isClosedOnWire = false
    /// The other side knows of it.
    final var isOnWire = true
    /// Why it was closed on the wire; nil for an end in order.
    final var resetReason: HTTP2ErrorCode?
    private final var isDelivering = false

    init(_ session: HTTP2Session, id: HTTP2StreamID) {
        self.session = session
        self.id = id
        inboundWindow = session.windows.stream
        super.init(worker: session.worker)
    }

    override var hasUnsent: Bool { !output.isEmpty || unsentBytes > 0 }

    // MARK: - In

    /// Something has come that its user has not taken.
    final var holdsInput: Bool { !input.isEmpty }

    /// A header block behind the first one.
    func receive(_ headers: HPACKHeaders, end: Bool) {}

    /// Whether a body in the form of HTTP/1.1 has chunks.
    var readsInChunks: Bool { false }

    final func receive(_ data: Span<UInt8>, padding: Int, end: Bool) {
        heldBytes += data.count + padding
        session.heldBytes += data.count + padding
        if data.count > 0 {
            if readsInChunks {
                input.append(room: HeadWriter.maxChunkHeadBytes) { HeadWriter.writeChunkHead(data.count, into: &$0) }
                input.append(data)
                input.append("\r\n")
            } else {
                input.append(data)
            }
        }
        if end {
            hasReadEnd = true
            if readsInChunks { input.append("0\r\n\r\n") }
        }
        session.touch(self)
    }

    /// What the other side has sent, in the form of HTTP/1.1.
    final func receive(_ bytes: [UInt8]) {
        input.append(bytes.span)
        session.touch(self)
    }

    final override func resumeReading() {
        if !input.isEmpty { session.touch(self) }
    }

    private func deliver() {
        guard !input.isEmpty, isOpen, !isDelivering, let user, user.mayRead else { return }
        isDelivering = true
        var bytes = ByteQueue()
        swap(&bytes, &input)
        session.heldBytes -= heldBytes
        heldBytes = 0
        user.received(bytes.bytes)
        isDelivering = false
        bytes.removeAll()
        if input.isEmpty { swap(&bytes, &input) }
    }

    /// What is left to be done when an event ends.
    final func settle() {
        isTouched = false
        deliver()
        guard isOpen else { return }
        if isClosedOnWire { return closedOnWire() }
        if hasWrittenEnd, unsentBytes == 0, output.isEmpty { writtenWhole() }
        guard isOpen else { return }
        updateWritability()
        openWindow()
    }

    private func openWindow() {
        let missing = session.windows.stream - heldBytes - inboundWindow
        guard !hasReadEnd, missing >= session.windows.stream / 2 else { return }
        session.write(id, .windowUpdate(windowSizeIncrement: missing))
    }

    // MARK: - Out

    /// What may wait for the other side's window before the writer has to.
    private static let maxUnsentBytes = 32 << 10

    final func updateWritability() {
        guard isOpen else { return }
        setWritable(
            session.bytes.isWritable && unsentBytes <= (isWritable ? Self.maxUnsentBytes : Self.maxUnsentBytes / 2))
    }

    final override func send() {
        guard isOpen, !hasWrittenEnd, !isClosedOnWire else { return worker.takeMemoryBack(from: &output) }
        // Read from a local, since what it becomes is written to the session.
        var written = ByteQueue()
        swap(&written, &output)
        let taken = writeFrames(written.bytes)
        written.removeFirst(taken)
        swap(&written, &output)
        if output.isEmpty { worker.takeMemoryBack(from: &output) }
        session.touch(self)
        if atEnd != .goOn, !hasWrittenEnd { endedUnwritten() }
    }

    /// Writes what bytes of HTTP/1.1 say as frames.
    ///
    /// - Returns: how many of them that was.
    func writeFrames(_ bytes: Span<UInt8>) -> Int { bytes.count }

    /// - Parameter byteCount: of the lines in the form of HTTP/1.1, or more.
    final func writeHeaders(_ headers: HPACKHeaders, lines byteCount: Int, end: Bool) {
        guard isOpen else { return }
        guard session.fits(headers, lines: byteCount) else {
            fate = .tooLarge
            return close()
        }
        session.write(id, .headers(.init(headers: headers, endStream: end)))
        if end { hasWrittenEnd = true }
    }

    final func writeData(_ data: ByteBuffer, end: Bool) {
        guard isOpen else { return }
        unsentBytes += data.readableBytes
        session.write(id, .data(.init(data: .byteBuffer(data), endStream: end)))
        if end { hasWrittenEnd = true }
    }

    /// The user has ended its bytes, and they were no whole message.
    func endedUnwritten() {}

    // MARK: - The end

    /// Everything of our message has left, or is with the socket.
    func writtenWhole() {}

    func closedOnWire() {
        hasFailed = resetReason != nil
        finish()
    }

    /// The whole connection is gone.
    final func connectionClosed() {
        guard isOpen else { return }
        isClosedOnWire = true
        hasFailed = true
        markClosed()
        tellClosed()
    }

    /// The other side has broken the rules for this stream.
    final func breakOff() {
        guard isOpen else { return }
        hasFailed = true
        fate = .malformed
        if !isClosedOnWire { session.write(id, .rstStream(.protocolError)) }
        finish()
    }

    /// Over in order: the user is told when the event ends.
    final func finish() {
        letGo()
        markClosed()
        session.remove(self)
    }

    final override func closeSocket() {
        letGo()
        if isOnWire, !isClosedOnWire, session.bytes.isOpen { session.write(id, .rstStream(closeReason)) }
        session.remove(self)
    }

    /// What the other side is told where the user closes.
    var closeReason: HTTP2ErrorCode { .cancel }

    private func letGo() {
        session.heldBytes -= heldBytes
        heldBytes = 0
        input = ByteQueue()
    }
}
