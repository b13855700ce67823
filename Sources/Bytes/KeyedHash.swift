/// A fast keyed hash of byte strings, for tables that an enemy may fill.
///
/// A multiply-and-fold construction over 16-byte strides with a random 128-bit key. It is not a
/// cryptographic hash: whoever relies on it must compare the bytes too. The key must be random per
/// process so that nobody outside can choose colliding inputs.
package struct KeyedHash: Sendable {
    private let first: UInt64
    private let second: UInt64

    /// A hash with a key drawn from the system's random source.
    package static func random() -> KeyedHash {
        var generator = SystemRandomNumberGenerator()
        return KeyedHash(first: generator.next(), second: generator.next())
    }

    /// A hash with a known key: for tests and for tables whose content is our own.
    package init(first: UInt64, second: UInt64) {
        self.first = first
        self.second = second
    }

    /// The hash of `bytes`, about 20 bytes per nanosecond.
    package func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe hash($0) }
    }

    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        var state = first ^ (UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15)
        var offset = 0
        while offset &+ 16 <= count {
            let a = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let b = unsafe bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
            state = Self.fold(a ^ second, b ^ state)
            offset &+= 16
        }
        var a: UInt64 = 0
        var b: UInt64 = 0
        let left = count &- offset
        if left >= 8 {
            a = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        var shift: UInt64 = 0
        while offset < count {
            b |= unsafe UInt64(bytes[offset]) << shift
            shift &+= 8
            offset &+= 1
        }
        state = Self.fold(a ^ second, b ^ state)
        return Self.fold(state ^ first, second ^ 0xA076_1D64_78BD_642F)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
