/// A fast keyed hash of byte strings, for tables that an enemy may fill.
///
/// A multiply-and-fold construction over 16-byte strides with a random 128-bit key. It is not a
/// cryptographic hash: whoever relies on it must compare the bytes too. The key must be random per
/// process so that nobody outside can choose colliding inputs.
package struct KeyedHash: Sendable {
    /// What sets the chains of a long text apart; any numbers that differ in many bits.
    private static let chains: (UInt64, UInt64, UInt64) = (
        0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9
    )

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

    /// The hash of `bytes`.
    package func callAsFunction(_ bytes: Span<UInt8>) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe hash($0) }
    }

    private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        var state = first ^ (UInt64(truncatingIfNeeded: count) &* 0x9E37_79B9_7F4A_7C15)
        var offset = 0
        if count >= 64 {
            // Four chains, as each waits for its own multiplications.
            var lanes = (state, state ^ Self.chains.0, state ^ Self.chains.1, state ^ Self.chains.2)
            while offset &+ 64 <= count {
                lanes.0 = unsafe Self.fold(bytes, offset, second, lanes.0)
                lanes.1 = unsafe Self.fold(bytes, offset &+ 16, second ^ Self.chains.0, lanes.1)
                lanes.2 = unsafe Self.fold(bytes, offset &+ 32, second ^ Self.chains.1, lanes.2)
                lanes.3 = unsafe Self.fold(bytes, offset &+ 48, second ^ Self.chains.2, lanes.3)
                offset &+= 64
            }
            state = Self.fold(lanes.0 ^ lanes.1, lanes.2 ^ lanes.3 ^ second)
        }
        while offset &+ 16 <= count {
            state = unsafe Self.fold(bytes, offset, second, state)
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

    /// The state behind the sixteen bytes at `offset`.
    @inline(__always)
    private static func fold(
        _ bytes: UnsafeRawBufferPointer, _ offset: Int, _ secret: UInt64, _ state: UInt64
    ) -> UInt64 {
        let a = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let b = unsafe bytes.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self)
        return fold(a ^ secret, b ^ state)
    }

    @inline(__always)
    private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }
}
