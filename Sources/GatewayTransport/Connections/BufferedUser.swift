internal import HTTPWire

/// A user of a stream that understands its bytes message by message: what is not complete yet waits.
class BufferedUser: StreamUser {
    final let stream: Stream
    /// Bytes that wait: for more of their message, or until they may be acted upon.
    private final var pending = ByteQueue()

    init(stream: Stream) {
        self.stream = stream
        super.init()
    }

    final var hasPending: Bool { !pending.isEmpty }

    /// Understands as much as can be acted upon now.
    ///
    /// - Returns: how many bytes that was.
    func understand(_ bytes: Span<UInt8>) -> Int { bytes.count }

    /// Understands bytes behind those that wait.
    final func take(_ bytes: Span<UInt8>) {
        guard pending.isEmpty else {
            pending.append(bytes)
            return takePending()
        }
        let taken = understand(bytes)
        if taken < bytes.count, stream.isOpen { pending.append(bytes.extracting(taken..<bytes.count)) }
    }

    /// Tries again what waits.
    final func takePending() {
        guard hasPending else { return }
        var waiting = ByteQueue()
        swap(&waiting, &pending)
        let taken = understand(waiting.bytes)
        guard taken < waiting.count, stream.isOpen else { return }
        waiting.removeFirst(taken)
        swap(&waiting, &pending)
    }

    final func dropPending() {
        pending = ByteQueue()
    }
}
