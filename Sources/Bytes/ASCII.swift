/// Byte classes of the grammars the gateway reads, as branch-free table look-ups.
@usableFromInline
package enum ASCII {
    @inlinable @inline(__always) package static var tab: UInt8 { 0x09 }
    @inlinable @inline(__always) package static var lineFeed: UInt8 { 0x0A }
    @inlinable @inline(__always) package static var carriageReturn: UInt8 { 0x0D }
    @inlinable @inline(__always) package static var space: UInt8 { 0x20 }
}

/// A set of byte values, as a 256-bit map.
@usableFromInline
package struct ByteSet: Sendable {
    @usableFromInline let words: (UInt64, UInt64, UInt64, UInt64)

    /// The set of all bytes for which `contains` answers true.
    package init(_ contains: (UInt8) -> Bool) {
        var words: [UInt64] = [0, 0, 0, 0]
        for byte in UInt8.min...UInt8.max where contains(byte) {
            words[Int(byte >> 6)] |= 1 << UInt64(byte & 63)
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    @inlinable @inline(__always)
    package func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return (word >> UInt64(byte & 63)) & 1 != 0
    }
}

extension UInt8 {
    @inlinable @inline(__always)
    package var isASCIIDigit: Bool { self &- 0x30 < 10 }

    @inlinable @inline(__always)
    package var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }

    @inlinable @inline(__always)
    package var isASCIIUppercase: Bool { self &- 0x41 < 26 }

    /// The lower-case form of an ASCII letter; every other byte as it is.
    @inlinable @inline(__always)
    package var asciiLowercased: UInt8 { isASCIIUppercase ? self | 0x20 : self }

    /// The value of a hexadecimal digit, or nil.
    @inlinable @inline(__always)
    package var hexDigitValue: UInt8? {
        if isASCIIDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// RFC 9110 §5.6.2 `tchar`: the bytes of methods and field names.
    @inlinable @inline(__always)
    package var isTokenCharacter: Bool {
        // Two halves of the ASCII table; bytes above 0x7F are never token characters.
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        let word = self < 0x40 ? low : high
        return self < 0x80 && (word >> UInt64(self & 0x3F)) & 1 != 0
    }

    /// RFC 9110 §5.5: the bytes a field value may hold (visible, obs-text, blank, tab).
    @inlinable @inline(__always)
    package var isFieldValueByte: Bool { (self >= 0x20 && self != 0x7F) || self == ASCII.tab }

    /// RFC 3986 §2.3 unreserved characters.
    @inlinable @inline(__always)
    package var isURIUnreserved: Bool {
        isASCIILetter || isASCIIDigit || self == 0x2D || self == 0x2E || self == 0x5F || self == 0x7E
    }
}

extension Span where Element == UInt8 {
    /// Whether the bytes are exactly those of `other`. Not constant-time: for public values only.
    @inlinable @inline(__always)
    package func equals(_ other: borrowing Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                unsafe mine.elementsEqualByMemory(theirs)
            }
        }
    }

    /// Whether the bytes are exactly those of a literal.
    @inlinable @inline(__always)
    package func equals(_ literal: StaticString) -> Bool {
        guard count == literal.utf8CodeUnitCount else { return false }
        return unsafe withUnsafeBytes { mine in
            unsafe mine.elementsEqualByMemory(
                UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
        }
    }

    /// Whether the bytes equal a lower-case literal once their ASCII letters are lowered.
    @inlinable
    package func equalsIgnoringASCIICase(_ lowercased: StaticString) -> Bool {
        guard count == lowercased.utf8CodeUnitCount else { return false }
        for index in 0..<count where unsafe self[index].asciiLowercased != lowercased.utf8Start[index] {
            return false
        }
        return true
    }

    /// Whether both are equal once their ASCII letters are lowered.
    @inlinable
    package func equalsIgnoringASCIICase(_ other: borrowing Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in 0..<count where self[index].asciiLowercased != other[index].asciiLowercased {
            return false
        }
        return true
    }

    /// Whether the bytes begin with `prefix`.
    package func starts(with prefix: borrowing Span<UInt8>) -> Bool {
        count >= prefix.count && extracting(0..<prefix.count).equals(prefix)
    }

    /// A copy of the bytes.
    package var copied: [UInt8] {
        unsafe withUnsafeBufferPointer { unsafe Array($0) }
    }

    /// The bytes as text; invalid UTF-8 shows as replacement characters, so use it for people only.
    package var text: String {
        unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The offset of the first `byte` at or after `start`, or nil.
    @inlinable @inline(__always)
    package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index &+= 1
        }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    @usableFromInline
    func elementsEqualByMemory(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard count > 0, let mine = baseAddress, let theirs = other.baseAddress else { return true }
        return unsafe compareMemory(mine, theirs, count)
    }
}
