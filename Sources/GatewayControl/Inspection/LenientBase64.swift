internal import Bytes

/// Base64 as people and programs write it, for showing what a token says. Never for verifying one.
enum LenientBase64 {
    /// How a text departs from the canonical form, each as half a sentence.
    enum Oddity: String {
        case blanks = "has blanks or line breaks inside"
        case standardAlphabet = "uses the alphabet of standard base64 (`+` and `/`)"
        case padding = "is padded with `=`"
        case trailingBits = "has bits behind its last byte that are not zero"
        case undecodable = "is not base64url"
    }

    /// What the text decodes to, and everything canonical base64url would not have; nil where it is no base64.
    static func decode(_ text: [UInt8]) -> (bytes: [UInt8]?, oddities: [Oddity]) {
        if let bytes = try? Base64URL.decode(text.span) { return (bytes, []) }
        var oddities: [Oddity] = []
        var rest = text.filter { $0 > 0x20 }
        if rest.count < text.count { oddities.append(.blanks) }
        if rest.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }) {
            oddities.append(.standardAlphabet)
            rest = rest.map(urlSafe)
        }
        if rest.last == UInt8(ascii: "=") {
            oddities.append(.padding)
            while rest.last == UInt8(ascii: "=") { rest.removeLast() }
        }
        do {
            return (try Base64URL.decode(rest.span), oddities)
        } catch .nonZeroTrailingBits {
            return (decodeWithoutTrailingBits(rest), oddities + [.trailingBits])
        } catch {
            return (nil, oddities + [.undecodable])
        }
    }

    private static func urlSafe(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: byte
        }
    }

    /// Completes the last group, so that its spare bits become a byte, and drops that.
    private static func decodeWithoutTrailingBits(_ text: [UInt8]) -> [UInt8]? {
        let missing = 4 - text.count % 4
        let whole = text + [UInt8](repeating: UInt8(ascii: "A"), count: missing)
        return (try? Base64URL.decode(whole.span)).map { Array($0.dropLast(missing)) }
    }
}
