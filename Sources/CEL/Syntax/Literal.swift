internal import Bytes

/// Reads the values of literal tokens.
enum Literal {
    static func integer(_ text: ArraySlice<UInt8>, isNegative: Bool, at offset: Int) throws(CELIssue) -> CELValue {
        guard let magnitude = magnitude(text), magnitude <= (isNegative ? 1 << 63 : UInt64(Int64.max)) else {
            throw CELIssue(.syntax, "the number does not fit 64 bits", at: offset)
        }
        return .int(isNegative ? Int64(truncatingIfNeeded: 0 &- magnitude) : Int64(magnitude))
    }

    static func unsigned(_ text: ArraySlice<UInt8>, at offset: Int) throws(CELIssue) -> CELValue {
        guard let magnitude = magnitude(text.dropLast()) else {
            throw CELIssue(.syntax, "the number does not fit 64 bits", at: offset)
        }
        return .uint(magnitude)
    }

    static func double(_ text: ArraySlice<UInt8>, isNegative: Bool, at offset: Int) throws(CELIssue) -> CELValue {
        guard let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite else {
            throw CELIssue(.syntax, "the number does not fit a double", at: offset)
        }
        return .double(isNegative ? -value : value)
    }

    private static func magnitude(_ text: ArraySlice<UInt8>) -> UInt64? {
        let digits = String(decoding: text, as: UTF8.self)
        let isHexadecimal = digits.hasPrefix("0x") || digits.hasPrefix("0X")
        return isHexadecimal ? UInt64(digits.dropFirst(2), radix: 16) : UInt64(digits)
    }

    /// The bytes a string or bytes token stands for.
    static func bytes(_ token: Token, of source: [UInt8]) throws(CELIssue) -> [UInt8] {
        var start = token.range.lowerBound
        var isRaw = false
        while source[start].isASCIILetter {
            if source[start] | 0x20 == UInt8(ascii: "r") { isRaw = true }
            start += 1
        }
        let quote = source[start]
        let isTriple = token.range.upperBound - start >= 6 && source[start + 1] == quote && source[start + 2] == quote
        let margin = isTriple ? 3 : 1
        let content = source[(start + margin)..<(token.range.upperBound - margin)]
        guard !isRaw, content.contains(UInt8(ascii: "\\")) else { return Array(content) }
        return try unescape(content, isBytes: token.kind == .bytes)
    }

    private static func unescape(_ text: ArraySlice<UInt8>, isBytes: Bool) throws(CELIssue) -> [UInt8] {
        var output: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            guard text[index] == UInt8(ascii: "\\"), index + 1 < text.endIndex else {
                output.append(text[index])
                index += 1
                continue
            }
            let letter = text[index + 1]
            if let byte = simpleEscapes[letter] {
                output.append(byte)
                index += 2
                continue
            }
            guard let (digits, radix, skip) = numericEscape(letter, isBytes: isBytes) else {
                throw CELIssue(.syntax, "unknown escape sequence", at: index)
            }
            let end = index + skip + digits
            guard end <= text.endIndex, let value = number(text[(index + skip)..<end], radix: radix) else {
                throw CELIssue(.syntax, "malformed escape sequence", at: index)
            }
            if isBytes {
                guard value < 256 else { throw CELIssue(.syntax, "the escape is no byte", at: index) }
                output.append(UInt8(value))
            } else {
                guard let scalar = Unicode.Scalar(value) else {
                    throw CELIssue(.syntax, "the escape is no Unicode scalar value", at: index)
                }
                output.append(contentsOf: String(scalar).utf8)
            }
            index = end
        }
        return output
    }

    private static let simpleEscapes: [UInt8: UInt8] = [
        UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "n"): 0x0A,
        UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "v"): 0x0B, UInt8(ascii: "\\"): 0x5C,
        UInt8(ascii: "?"): 0x3F, UInt8(ascii: "\""): 0x22, UInt8(ascii: "'"): 0x27, UInt8(ascii: "`"): 0x60,
    ]

    /// How many digits follow, their radix, and how many bytes stand before them.
    private static func numericEscape(_ letter: UInt8, isBytes: Bool) -> (digits: Int, radix: UInt32, skip: Int)? {
        switch letter {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): (2, 16, 2)
        case UInt8(ascii: "u") where !isBytes: (4, 16, 2)
        case UInt8(ascii: "U") where !isBytes: (8, 16, 2)
        case UInt8(ascii: "0")...UInt8(ascii: "3"): (3, 8, 1)
        default: nil
        }
    }

    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt32) -> UInt32? {
        var value: UInt32 = 0
        for byte in digits {
            guard let digit = byte.hexDigitValue, UInt32(digit) < radix else { return nil }
            value = value &* radix &+ UInt32(digit)
        }
        return value
    }
}
