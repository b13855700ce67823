/// What a base64url text dies of.
package enum Base64URLError: Error, Equatable, Sendable {
    /// A byte outside `A–Z a–z 0–9 - _` (blanks, `+`, `/` and padding included).
    case invalidCharacter(offset: Int)
    /// A length no whole number of bytes encodes to (4n + 1).
    case invalidLength
    /// Unused bits of the last character are not zero: two texts would decode alike.
    case nonZeroTrailingBits
}

/// Canonical base64url without padding (RFC 4648 §5, RFC 7515 appendix C).
package enum Base64URL {
    /// How many bytes `count` characters decode to, given that they are canonical.
    package static func decodedCount(_ count: Int) -> Int { count / 4 * 3 + [0, 0, 1, 2][count % 4] }

    /// Decodes canonical text; anything two decoders could read differently is an error.
    package static func decode(_ text: Span<UInt8>) throws(Base64URLError) -> [UInt8] {
        guard text.count % 4 != 1 else { throw .invalidLength }
        var failure: Base64URLError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: decodedCount(text.count)) { output, count in
            do throws(Base64URLError) {
                count = unsafe try decode(text, into: output)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Decodes canonical text behind what `bytes` holds; on an error `bytes` is left as it was.
    package static func decode(
        _ text: Span<UInt8>, appendingTo bytes: inout [UInt8]
    ) throws(Base64URLError) {
        bytes.append(contentsOf: try decode(text))
    }

    /// Decodes text, whose length is not 4n + 1, into room for exactly what it decodes to.
    private static func decode(
        _ text: Span<UInt8>, into output: UnsafeMutableBufferPointer<UInt8>
    ) throws(Base64URLError) -> Int {
        let count = text.count
        let table = unsafe decodingTable
        var index = 0
        var written = 0
        while index &+ 4 <= count {
            let a = unsafe UInt32(table[Int(text[index])])
            let b = unsafe UInt32(table[Int(text[index &+ 1])])
            let c = unsafe UInt32(table[Int(text[index &+ 2])])
            let d = unsafe UInt32(table[Int(text[index &+ 3])])
            guard (a | b | c | d) < 64 else { throw invalidCharacter(in: text, from: index) }
            let group = a << 18 | b << 12 | c << 6 | d
            unsafe output[written] = UInt8(truncatingIfNeeded: group >> 16)
            unsafe output[written &+ 1] = UInt8(truncatingIfNeeded: group >> 8)
            unsafe output[written &+ 2] = UInt8(truncatingIfNeeded: group)
            written &+= 3
            index &+= 4
        }
        guard index < count else { return written }
        let a = unsafe UInt32(table[Int(text[index])])
        let b = unsafe UInt32(table[Int(text[index + 1])])
        let c = index + 2 < count ? unsafe UInt32(table[Int(text[index + 2])]) : 0
        guard (a | b | c) < 64 else { throw invalidCharacter(in: text, from: index) }
        let group = a << 18 | b << 12 | c << 6
        let isPair = index + 2 == count
        guard group & (isPair ? 0xFFFF : 0xFF) == 0 else { throw .nonZeroTrailingBits }
        unsafe output[written] = UInt8(truncatingIfNeeded: group >> 16)
        if isPair { return written + 1 }
        unsafe output[written + 1] = UInt8(truncatingIfNeeded: group >> 8)
        return written + 2
    }

    /// Encodes without padding.
    package static func encode(_ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let group =
                UInt32(bytes[index]) << 16
                | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            text.append(alphabet[Int(group >> 18 & 63)])
            text.append(alphabet[Int(group >> 12 & 63)])
            if left > 1 { text.append(alphabet[Int(group >> 6 & 63)]) }
            if left > 2 { text.append(alphabet[Int(group & 63)]) }
            index += 3
        }
        return text
    }

    private static func invalidCharacter(in text: Span<UInt8>, from start: Int) -> Base64URLError {
        var index = start
        while index < text.count, unsafe decodingTable[Int(text[index])] < 64 { index += 1 }
        return .invalidCharacter(offset: index)
    }

    private static let alphabet = [UInt8](
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Character → 6-bit value, 0xFF where there is none. Allocated once, never freed or written again.
    nonisolated(unsafe) private static let decodingTable: UnsafePointer<UInt8> = {
        let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
        unsafe table.initialize(repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() {
            unsafe table[Int(character)] = UInt8(value)
        }
        return unsafe UnsafePointer(table)
    }()
}
