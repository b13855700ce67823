/// The string grammar of RFC 8259 §7: scanning, decoding and writing.
package enum JSONString {
    /// Validates a string from behind its opening quotation mark; answers the offset of the closing one.
    static func scan(
        _ text: Span<UInt8>, from start: Int, hasEscapes: inout Bool
    ) throws(JSONError) -> Int {
        var index = start
        while true {
            index = skipPlain(text, from: index)
            guard index < text.count else { break }
            let byte = text[index]
            if byte == UInt8(ascii: "\"") { return index }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                index = try skipEscape(text, at: index)
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: index)
            } else if byte < 0x80 {
                index &+= 1
            } else {
                let length = UTF8Validation.sequenceLength(text, at: index)
                guard length > 0 else { throw JSONError(.invalidUTF8, at: index) }
                index += length
            }
        }
        throw JSONError(.unexpectedEnd, at: index)
    }

    /// The offset of the first byte that is not plain ASCII text, or a little before it: eight bytes at a time,
    /// while none of them is a control character, a quotation mark, a backslash or beyond ASCII.
    @inline(__always)
    private static func skipPlain(_ text: Span<UInt8>, from start: Int) -> Int {
        unsafe text.withUnsafeBytes { bytes in
            var index = start
            while index &+ 8 <= bytes.count {
                let word = unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                // In the lowest byte that is marked each of these is exact (Warren, Hacker's Delight, §6-1).
                let quotes = word ^ (ones &* 0x22)
                let backslashes = word ^ (ones &* 0x5C)
                let marks =
                    (word | ((word &- ones &* 0x20) & ~word) | ((quotes &- ones) & ~quotes)
                        | ((backslashes &- ones) & ~backslashes)) & (ones &* 0x80)
                guard marks == 0 else { return index &+ marks.trailingZeroBitCount / 8 }
                index &+= 8
            }
            return index
        }
    }

    private static var ones: UInt64 { 0x0101_0101_0101_0101 }

    private static func skipEscape(_ text: Span<UInt8>, at backslash: Int) throws(JSONError) -> Int {
        guard backslash + 1 < text.count else { throw JSONError(.unexpectedEnd, at: backslash + 1) }
        switch text[backslash + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return backslash + 2
        case UInt8(ascii: "u"):
            guard let unit = codeUnit(text, at: backslash + 2) else {
                throw JSONError(.invalidEscape, at: backslash)
            }
            guard unit & 0xF800 == 0xD800 else { return backslash + 6 }
            // A high surrogate must be followed by an escaped low one.
            guard unit < 0xDC00, backslash + 12 <= text.count,
                text[backslash + 6] == UInt8(ascii: "\\"), text[backslash + 7] == UInt8(ascii: "u"),
                let low = codeUnit(text, at: backslash + 8), low & 0xFC00 == 0xDC00
            else { throw JSONError(.invalidEscape, at: backslash) }
            return backslash + 12
        default:
            throw JSONError(.invalidEscape, at: backslash)
        }
    }

    private static func codeUnit(_ text: Span<UInt8>, at start: Int) -> UInt32? {
        guard start + 4 <= text.count else { return nil }
        var unit: UInt32 = 0
        for index in start..<start + 4 {
            guard let digit = text[index].hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
        }
        return unit
    }

    /// Decodes the escapes of a scanned string (the bytes between the quotation marks).
    static func decode(_ raw: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                bytes.append(raw[index])
                index += 1
                continue
            }
            switch raw[index + 1] {
            case UInt8(ascii: "b"): bytes.append(0x08)
            case UInt8(ascii: "f"): bytes.append(0x0C)
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "u"):
                index += decodeUnicodeEscape(raw, at: index, into: &bytes)
                continue
            default: bytes.append(raw[index + 1])
            }
            index += 2
        }
        return bytes
    }

    /// Appends the scalar of the escape at `start`; answers how many bytes the escape takes.
    private static func decodeUnicodeEscape(
        _ raw: Span<UInt8>, at start: Int, into bytes: inout [UInt8]
    ) -> Int {
        var value = codeUnit(raw, at: start + 2) ?? 0xFFFD
        var length = 6
        if value & 0xFC00 == 0xD800, let low = codeUnit(raw, at: start + 8) {
            value = 0x10000 + (value & 0x3FF) << 10 + (low & 0x3FF)
            length = 12
        }
        bytes.append(contentsOf: String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8)
        return length
    }

    /// Appends `text` as a JSON string, quotation marks included.
    package static func write(_ text: Span<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for index in 0..<text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                output.append(UInt8(ascii: "\\"))
                output.append(byte)
            case 0x0A: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case 0x0D: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "r")])
            case 0x09: output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "t")])
            case 0..<0x20, 0x7F:
                output.append(contentsOf: Array("\\u00".utf8))
                output.append(hexDigit(byte >> 4))
                output.append(hexDigit(byte & 15))
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Appends `text` as a JSON string, quotation marks included.
    package static func write(_ text: String, to output: inout [UInt8]) {
        let bytes = [UInt8](text.utf8)
        write(bytes.span, to: &output)
    }

    /// Appends UTF-8 text as a JSON string that is ASCII alone: all beyond it as escapes.
    package static func writeASCII(_ text: [UInt8], to output: inout [UInt8]) {
        guard text.contains(where: { $0 >= 0x80 }) else { return write(text.span, to: &output) }
        var escaped: [UInt8] = []
        write(text.span, to: &escaped)
        for unit in String(decoding: escaped, as: UTF8.self).utf16 {
            guard unit >= 0x80 else {
                output.append(UInt8(unit))
                continue
            }
            output += [UInt8(ascii: "\\"), UInt8(ascii: "u")]
            for shift in [12, 8, 4, 0] { output.append(hexDigit(UInt8(truncatingIfNeeded: unit >> shift & 15))) }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x61 + value - 10
    }
}
