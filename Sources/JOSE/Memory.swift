#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension Span where Element == UInt8 {
    /// The offset of the first `byte` at or after `start`, by `memchr`: tokens are scanned whole for dots.
    @inline(__always)
    func offset(of byte: UInt8, from start: Int) -> Int? {
        guard start < count else { return nil }
        return unsafe withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return nil }
            guard let hit = unsafe memchr(base + start, CInt(byte), buffer.count - start) else { return nil }
            return unsafe UnsafeRawPointer(hit) - base
        }
    }
}
