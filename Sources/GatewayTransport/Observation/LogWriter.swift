internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Writes the access log to a descriptor on a thread of its own: a full pipe never stops an event loop.
final class LogWriter: Sendable {
    private let descriptor: Int32
    private let thread = NIOThreadPool(numberOfThreads: 1)
    private let waitingBytes = Atomic<Int>(0)
    private let droppedLines = Atomic<Int>(0)
    private let isStopping = Atomic<Bool>(false)
    /// The process ends and nobody reads: what is queued is dropped as a whole, not waited for line by line.
    private let hasGivenUp = Atomic<Bool>(false)

    /// What may wait for a reader that is slow; more is dropped and counted.
    private static let maxWaitingBytes = 16 << 20

    init(descriptor: Int32) {
        self.descriptor = descriptor
        thread.start()
    }

    /// Lines that were dropped because nobody read them in time.
    var dropped: Int { droppedLines.load(ordering: .relaxed) }

    /// Queues whole lines.
    func write(_ lines: [UInt8], count: Int) {
        guard waitingBytes.load(ordering: .relaxed) + lines.count <= Self.maxWaitingBytes else {
            droppedLines.add(count, ordering: .relaxed)
            return
        }
        waitingBytes.add(lines.count, ordering: .relaxed)
        thread.submit { [self] state in
            defer { waitingBytes.subtract(lines.count, ordering: .relaxed) }
            if case .active = state, !hasGivenUp.load(ordering: .relaxed) { writeAll(lines) }
        }
    }

    /// Writes what is queued, as far as it is read, and ends the thread.
    func shutdown() async {
        isStopping.store(true, ordering: .relaxed)
        try? await thread.runIfActive {}
        try? await thread.shutdownGracefully()
    }

    /// Writes in pieces that a pipe takes whole or not at all, so that the thread is never stuck in a write.
    private func writeAll(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                guard waitUntilWritable() else { return }
                let piece = min(buffer.count - written, Self.pieceBytes)
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, piece)
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }

    /// False once the process ends and nobody reads.
    private func waitUntilWritable() -> Bool {
        while true {
            var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&request, 1, Self.patienceMilliseconds)
            if ready > 0 { return true }
            if isStopping.load(ordering: .relaxed) {
                hasGivenUp.store(true, ordering: .relaxed)
                return false
            }
        }
    }

    /// `PIPE_BUF` of Linux.
    private static let pieceBytes = 4096
    private static let patienceMilliseconds: Int32 = 200
}
