internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// A stream of bytes to a client or to an upstream, with what waits to leave on it.
///
/// Below it stands a driver: `EpollStream` or `NIOStream`; or another stream: `TLSStream`. Above it stands its user,
/// which is told of what comes in. All of it is touched by one thread.
class Stream {
    final let worker: Worker
    /// Held until the stream has closed.
    final var user: StreamUser?
    /// What was written and has not left.
    final var output = ByteQueue()
    final private(set) var isOpen = true
    /// False while the other side does not read what was written to it.
    final private(set) var isWritable = true
    final private(set) var atEnd = AtEnd.goOn
    /// The end was an error: bytes of the other side may be missing.
    final var hasFailed = false
    /// What its end says of the message that was under way.
    final var fate = Fate.unknown
    /// The other side has ended, or will have when what it sent has been read.
    final var isEnding = false

    /// Whether something that was written has not left.
    var hasUnsent: Bool { !output.isEmpty }

    /// Whether something new may be begun on it.
    var isUsable: Bool { isOpen && !isEnding }

    /// What follows when everything written has left.
    enum AtEnd {
        case goOn, closeOutput, close
    }

    enum Fate {
        case unknown
        /// The other side has not acted upon it, and says so: it may be sent again whatever it is.
        case refused
        /// The other side has broken its protocol.
        case malformed
        /// Its fields are too large for the other side's protocol: they have not left.
        case tooLarge
    }

    /// What may wait before the writer has to.
    static let highWater = 64 << 10
    static let lowWater = 32 << 10

    init(worker: Worker) {
        self.worker = worker
    }

    // MARK: - For the user

    /// Writes bytes; they leave with the next `flush`, or before.
    final func write(_ bytes: Span<UInt8>) {
        guard isOpen else { return }
        if bytes.count >= Self.copiedBytes { return writeThrough(bytes) }
        worker.lendMemory(to: &output)
        output.append(bytes)
    }

    final func write(_ queue: borrowing ByteQueue) {
        write(queue.bytes)
    }

    /// Writes what a writer writes.
    ///
    /// - Parameter room: bytes it writes at most.
    final func write(room: Int, _ write: (inout OutputRawSpan) -> Void) {
        guard isOpen else { return }
        worker.lendMemory(to: &output)
        output.append(room: room, write)
    }

    /// More than this is not copied behind what waits, where a driver can do without.
    private static let copiedBytes = 16 << 10

    final func flush() {
        guard isOpen, !output.isEmpty || atEnd != .goOn else { return }
        send()
    }

    /// Closes when everything written has left.
    final func closeWhenWritten() {
        atEnd = .close
        flush()
    }

    /// Ends our side when everything written has left; the other side may go on.
    final func closeOutputWhenWritten() {
        if atEnd == .goOn { atEnd = .closeOutput }
        flush()
    }

    /// Closes at once; what waits is lost. The user is told later, not from here.
    final func close() {
        guard isOpen else { return }
        isOpen = false
        output = ByteQueue()
        closeSocket()
    }

    /// Closes so that the other side sees an error, not an orderly end.
    final func reset() {
        guard isOpen else { return }
        makeCloseAbortive()
        close()
    }

    /// False while nothing can be said on it yet.
    var isReady: Bool { true }

    /// To be called when `StreamUser.mayRead` has become true.
    func resumeReading() {}

    // MARK: - For the driver

    /// Lets as much of `output` leave as can, and calls `outputLeft` when all of it has.
    func send() {}

    /// Writes bytes behind `output`, copying no more of them than have to wait.
    func writeThrough(_ bytes: Span<UInt8>) {
        output.append(bytes)
    }

    func closeSocket() {}
    func makeCloseAbortive() {}
    /// Everything has left and no more will come.
    func closeSocketOutput() {}

    /// The socket is gone without our doing.
    final func markClosed() {
        isOpen = false
        output = ByteQueue()
    }

    /// Tells the user, once, that the stream is gone.
    final func tellClosed() {
        guard let user else { return }
        self.user = nil
        user.closed(byError: hasFailed)
    }

    final func setWritable(_ value: Bool) {
        guard value != isWritable else { return }
        isWritable = value
        user?.writabilityChanged()
    }

    /// Everything written has left.
    final func outputLeft() {
        worker.takeMemoryBack(from: &output)
        switch atEnd {
        case .goOn: break
        case .close: close()
        case .closeOutput:
            atEnd = .goOn
            closeSocketOutput()
            // Whoever waited for that may read now.
            resumeReading()
        }
    }
}

/// Who uses a stream: a client's connection, or one to an upstream.
class StreamUser {
    /// Asked before anything is read. Whoever answers false calls `Stream.resumeReading` when that changes.
    var mayRead: Bool { true }

    /// Before any byte: TLS has been agreed on with a client.
    func secured(_ agreement: TLSAgreement) {}

    /// Before any byte: TLS has been agreed on with an upstream that is who it has to be, and which protocol is
    /// spoken in it.
    func secured(speaksHTTP2: Bool) {}

    func received(_ bytes: Span<UInt8>) {}

    /// The other side has ended its input and may still read.
    func inputEnded() {}

    func writabilityChanged() {}

    /// - Parameter byError: the other side has not ended its bytes in order.
    func closed(byError: Bool) {}
}

/// Payload in its framing.
extension Stream {
    final func writeBody(_ bytes: Span<UInt8>, inChunks: Bool) {
        guard inChunks else { return write(bytes) }
        write(room: HeadWriter.maxChunkHeadBytes) { HeadWriter.writeChunkHead(bytes.count, into: &$0) }
        write(bytes)
        write(room: 2) { $0.append("\r\n") }
    }

    /// - Parameter bytes: those the trailer lines were read from.
    final func writeLastChunk(_ trailers: FieldTable, _ bytes: Span<UInt8>) {
        write(room: HeadWriter.boundOfLastChunk(trailers)) { HeadWriter.writeLastChunk(trailers, bytes, into: &$0) }
    }
}
