/// Well-formed UTF-8 as of Unicode table 3-7: no overlong forms, no surrogates, at most U+10FFFF.
package enum UTF8Validation {
    /// The length of the well-formed multi-byte sequence at `index`, or 0.
    static func sequenceLength(_ text: Span<UInt8>, at index: Int) -> Int {
        let lead = text[index]
        let length: Int
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        switch lead {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF:
            length = 3
            if lead == 0xE0 { low = 0xA0 }
            if lead == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if lead == 0xF0 { low = 0x90 }
            if lead == 0xF4 { high = 0x8F }
        default: return 0
        }
        guard index + length <= text.count else { return 0 }
        guard text[index + 1] >= low, text[index + 1] <= high else { return 0 }
        for offset in 2..<max(2, length) where text[index + offset] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Whether the whole text is well-formed.
    package static func isValid(_ text: Span<UInt8>) -> Bool {
        var index = 0
        while index < text.count {
            if text[index] < 0x80 {
                index &+= 1
                continue
            }
            let length = sequenceLength(text, at: index)
            guard length > 0 else { return false }
            index += length
        }
        return true
    }
}
