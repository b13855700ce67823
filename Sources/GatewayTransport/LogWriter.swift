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
            if case .active = state { Self.writeAll(lines, to: descriptor) }
        }
    }

    /// Writes what is queued and ends the thread.
    func shutdown() async {
        try? await thread.runIfActive {}
        try? await thread.shutdownGracefully()
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                written += count
            }
        }
    }
}
