internal import Bytes
internal import HTTPWire

/// Bytes that wait, first in, first out, in one block of memory.
struct ByteQueue: ~Copyable {
    private var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0
    private var start = 0
    private var end = 0

    init() {}

    deinit { base?.deallocate() }

    var count: Int { end - start }
    var isEmpty: Bool { end == start }

    var bytes: Span<UInt8> {
        @_lifetime(borrow self) get {
            let first = base.map { ($0 + start).assumingMemoryBound(to: UInt8.self) }
            return _overrideLifetime(UnsafeBufferPointer(start: first, count: count).span, borrowing: self)
        }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: base.map { UnsafeRawPointer($0) + start }, count: count))
    }

    /// Appends what a writer writes.
    ///
    /// - Parameter room: bytes it writes at most.
    mutating func append(room: Int, _ write: (inout OutputRawSpan) -> Void) {
        reserve(room)
        let free = UnsafeMutableRawBufferPointer(start: base.unsafelyUnwrapped + end, count: capacity - end)
        var output = OutputRawSpan(buffer: free, initializedCount: 0)
        write(&output)
        end += output.finalize(for: free)
    }

    mutating func append(_ bytes: Span<UInt8>) {
        guard bytes.count > 0 else { return }
        reserve(bytes.count)
        bytes.withUnsafeBytes {
            (base.unsafelyUnwrapped + end).copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: $0.count)
        }
        end += bytes.count
    }

    mutating func append(_ literal: StaticString) {
        append(room: literal.utf8CodeUnitCount) { $0.append(literal) }
    }

    /// Appends a piece of a body.
    mutating func appendBody(_ bytes: Span<UInt8>, inChunks: Bool) {
        guard inChunks else { return append(bytes) }
        guard bytes.count > 0 else { return }
        append(room: HeadWriter.maxChunkHeadBytes) { HeadWriter.writeChunkHead(bytes.count, into: &$0) }
        append(bytes)
        append("\r\n")
    }

    /// Has a request that was written with a Host of its own, which comes first of its lines, name another server.
    mutating func replaceHost(by host: [UInt8]) {
        guard let first = bytes.firstIndex(of: ASCII.lineFeed),
            let end = bytes.firstIndex(of: ASCII.lineFeed, from: first + 1)
        else { return }
        var other = ByteQueue()
        other.append(bytes.extracting(0...first))
        other.append("host: ")
        other.append(host.span)
        other.append("\r\n")
        other.append(bytes.extracting(end + 1..<count))
        swap(&self, &other)
    }

    /// - Parameter bytes: those the trailer lines were read from.
    mutating func appendLastChunk(_ trailers: FieldTable, _ bytes: Span<UInt8>) {
        append(room: HeadWriter.boundOfLastChunk(trailers)) { HeadWriter.writeLastChunk(trailers, bytes, into: &$0) }
    }

    /// Drops the oldest bytes; the memory stays.
    mutating func removeFirst(_ count: Int) {
        precondition(count <= self.count, "more bytes removed than there are")
        start += count
        if start == end { removeAll() }
    }

    /// Drops all bytes; the memory stays.
    mutating func removeAll() {
        start = 0
        end = 0
    }

    private mutating func reserve(_ room: Int) {
        guard capacity - end < room else { return }
        if start > 0, let base {
            // What was taken makes room.
            base.copyMemory(from: base + start, byteCount: count)
            end -= start
            start = 0
            if capacity - end >= room { return }
        }
        grow(to: end + room)
    }

    private mutating func grow(to needed: Int) {
        var size = max(capacity * 2, Self.minCapacity)
        while size < needed { size *= 2 }
        let grown = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        if let base {
            grown.copyMemory(from: base, byteCount: end)
            base.deallocate()
        }
        base = grown
        capacity = size
    }

    private static let minCapacity = 512
}
