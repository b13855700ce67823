/// Standard base64 with its padding (RFC 4648 §4), where HTTP and files of passwords have it.
package enum Base64Text {
    /// Decodes canonical text, padded or not; nil for anything else.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        var end = text.count
        while end > 0, text.count - end < 2, text[end - 1] == UInt8(ascii: "=") { end -= 1 }
        guard end == text.count || text.count % 4 == 0 else { return nil }
        var translated: [UInt8] = []
        translated.reserveCapacity(end)
        for index in 0..<end {
            switch text[index] {
            case UInt8(ascii: "+"): translated.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): translated.append(UInt8(ascii: "_"))
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            default: translated.append(text[index])
            }
        }
        return try? Base64URL.decode(translated.span)
    }

    /// Padded text.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text = Base64URL.encode(bytes.span).map { byte in
            switch byte {
            case UInt8(ascii: "-"): UInt8(ascii: "+")
            case UInt8(ascii: "_"): UInt8(ascii: "/")
            default: byte
            }
        }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return text
    }
}
