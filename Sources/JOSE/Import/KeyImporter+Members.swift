internal import Bytes

extension KeyImporter {
    /// The bytes of a base64url member, repaired where a repair has a name.
    mutating func bytes(_ name: StaticString, of jwk: JSONValue, _ label: KeyLabel) -> [UInt8]? {
        guard let value = jwk[name] else {
            report(.error, .memberMissing, key: label, "The member \"\(name)\" is missing.")
            return nil
        }
        guard let text = value.decodedBytes, !text.isEmpty else {
            report(.error, .memberMalformed, key: label, "The member \"\(name)\" is not a text.")
            return nil
        }
        if let bytes = try? Base64URL.decode(text.span) { return bytes }
        let (repaired, repairs) = Base64Repair.repair(text)
        guard !repairs.isEmpty, let bytes = try? Base64URL.decode(repaired.span) else {
            report(.error, .memberMalformed, key: label, "The member \"\(name)\" is not base64url.")
            return nil
        }
        for repair in repairs {
            report(.warning, repair, key: label, "\(repair.explanation) in \"\(name)\".")
        }
        return bytes
    }

    /// A big-endian number without leading zeros (RFC 7518 §2, Base64urlUInt).
    mutating func integer(_ name: StaticString, of jwk: JSONValue, _ label: KeyLabel) -> [UInt8]? {
        guard let bytes = bytes(name, of: jwk, label) else { return nil }
        let magnitude = Array(bytes.drop { $0 == 0 })
        guard !magnitude.isEmpty else {
            report(.error, .memberMalformed, key: label, "The member \"\(name)\" is zero.")
            return nil
        }
        if magnitude.count < bytes.count {
            report(.warning, .leadingZeroRemoved, key: label, "A leading zero was removed in \"\(name)\".")
        }
        return magnitude
    }
}

extension KeyFinding.Code {
    /// What a repair did, as the beginning of a sentence.
    fileprivate var explanation: String {
        switch self {
        case .whitespaceRemoved: "Blanks were removed"
        case .standardBase64Translated: "Standard base64 was translated to base64url"
        default: "Padding was removed"
        }
    }
}

/// Repairs of base64 texts in key documents. Never applied to tokens.
enum Base64Repair {
    /// The text without blanks and padding, in the URL-safe alphabet, and what was done to it.
    static func repair(_ text: [UInt8]) -> ([UInt8], [KeyFinding.Code]) {
        var repairs: [KeyFinding.Code] = []
        var repaired = text.filter { $0 != 0x20 && !(0x09...0x0D).contains($0) }
        if repaired.count < text.count { repairs.append(.whitespaceRemoved) }
        if repaired.contains(UInt8(ascii: "+")) || repaired.contains(UInt8(ascii: "/")) {
            repairs.append(.standardBase64Translated)
            repaired = repaired.map {
                switch $0 {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: $0
                }
            }
        }
        let withoutPadding = repaired.reversed().drop { $0 == UInt8(ascii: "=") }.count
        if withoutPadding < repaired.count {
            repairs.append(.paddingRemoved)
            repaired.removeLast(repaired.count - withoutPadding)
        }
        return (repaired, repairs)
    }
}
