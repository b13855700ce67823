/// Where runs of bytes of one kind end, sixteen bytes at a time: most of a request's head is one token of a thousand
/// bytes.
extension Span where Element == UInt8 {
    /// The first byte at or behind `start` that may not stand in a field value (RFC 9110 §5.5), or `count`.
    @inlinable @inline(__always)
    package func endOfFieldValue(from start: Int) -> Int {
        var position = start
        while let end = end(
            of: &position, marking: { SIMD16(repeating: 0x20) .> $0 .| ($0 .== SIMD16(repeating: 0x7F)) })
        {
            guard self[end] == ASCII.tab else { return end }
            position = end &+ 1
        }
        while position < count, self[position].isFieldValueByte { position &+= 1 }
        return position
    }

    /// The first byte at or behind `start` that is no letter, no digit and no hyphen, or `count`: names of fields and
    /// of hosts are made of little else.
    @inlinable @inline(__always)
    package func endOfLettersDigitsAndHyphens(from start: Int) -> Int {
        var position = start
        let end = end(of: &position) { bytes in
            let capital: SIMDMask<SIMD16<Int8>> = (bytes &- SIMD16(repeating: 0x41)) .< SIMD16(repeating: 26)
            let small: SIMDMask<SIMD16<Int8>> = (bytes &- SIMD16(repeating: 0x61)) .< SIMD16(repeating: 26)
            let digit: SIMDMask<SIMD16<Int8>> = (bytes &- SIMD16(repeating: 0x30)) .< SIMD16(repeating: 10)
            let hyphen: SIMDMask<SIMD16<Int8>> = bytes .== SIMD16(repeating: 0x2D)
            return .!(capital .| small .| digit .| hyphen)
        }
        if let end { return end }
        while position < count, self[position].isASCIILetter || self[position].isASCIIDigit || self[position] == 0x2D {
            position &+= 1
        }
        return position
    }

    /// The first byte that `marking` marks, of the whole sixteens at or behind `position`; nil where it marks none,
    /// with `position` behind them.
    @inlinable @inline(__always)
    func end(of position: inout Int, marking: (SIMD16<UInt8>) -> SIMDMask<SIMD16<Int8>>) -> Int? {
        let bytes = unsafe bytes
        while position &+ 16 <= bytes.byteCount {
            let block = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: SIMD16<UInt8>.self)
            let marks = unsafe unsafeBitCast(marking(block), to: SIMD2<UInt64>.self)
            if marks[0] | marks[1] != 0 {
                let (word, start) = marks[0] != 0 ? (marks[0], position) : (marks[1], position &+ 8)
                return start &+ word.littleEndian.trailingZeroBitCount >> 3
            }
            position &+= 16
        }
        return nil
    }
}
