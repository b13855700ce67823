#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension OutputRawSpan {
    /// Appends a copy of `bytes`; the caller has reserved the room.
    package mutating func append(copying bytes: Span<UInt8>) {
        precondition(bytes.count <= freeCapacity, "the writer reserved too little room")
        guard bytes.count > 0 else { return }
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe bytes.withUnsafeBytes { source in
                unsafe (buffer.baseAddress.unsafelyUnwrapped + initializedCount)
                    .copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: source.count)
            }
            initializedCount += bytes.count
        }
    }

    /// Appends a literal; the caller has reserved the room.
    package mutating func append(_ literal: StaticString) {
        let count = literal.utf8CodeUnitCount
        precondition(count <= freeCapacity, "the writer reserved too little room")
        unsafe withUnsafeMutableBytes { buffer, initializedCount in
            unsafe (buffer.baseAddress.unsafelyUnwrapped + initializedCount)
                .copyMemory(from: literal.utf8Start, byteCount: count)
            initializedCount += count
        }
    }
}
