internal import Bytes

/// Writes one claim as the value of a field (RFC 9110 §5.5).
struct ClaimValueWriter {
    let listFormat: ClaimField.ListFormat
    let encoding: ClaimField.Encoding
    private(set) var output: [UInt8] = []

    init(listFormat: ClaimField.ListFormat, encoding: ClaimField.Encoding) {
        self.listFormat = listFormat
        self.encoding = encoding
    }

    mutating func write(_ value: JSONValue) throws(TokenError) {
        if value.isArray, listFormat == .csv, encoding != .base64 { return try writeList(value) }
        if value.isArray || value.isObject {
            var text: [UInt8] = []
            Self.writeJSON(value, to: &text)
            return try append(text)
        }
        try append(Self.scalar(value))
    }

    /// Throws where a reader could take the elements for others.
    private mutating func writeList(_ list: JSONValue) throws(TokenError) {
        var isFirst = true
        for element in list.elements {
            guard !element.isArray, !element.isObject, !element.isNull else { throw .claimUnforwardable }
            let text = Self.scalar(element)
            guard !text.isEmpty, encoding == .percent || !text.contains(UInt8(ascii: ",")) else {
                throw .claimUnforwardable
            }
            if !isFirst { output.append(UInt8(ascii: ",")) }
            isFirst = false
            try append(text)
        }
    }

    /// Numbers as the token writes them, so that no digit is lost.
    private static func scalar(_ value: JSONValue) -> [UInt8] {
        value.decodedBytes ?? Array(value.document.bytes[value.range])
    }

    private mutating func append(_ text: [UInt8]) throws(TokenError) {
        switch encoding {
        case .percent: appendEncoded(text)
        case .base64: output += Base64Text.encode(text)
        case .plain:
            // Blanks at an end are no part of a value: readers take them away (RFC 9110 §5.5).
            guard text.allSatisfy({ (0x20...0x7E).contains($0) }), text.first != ASCII.space, text.last != ASCII.space
            else { throw .claimUnforwardable }
            output += text
        }
    }

    private mutating func appendEncoded(_ text: [UInt8]) {
        for byte in text {
            if byte.isURIUnreserved {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), Self.hexDigit(byte >> 4), Self.hexDigit(byte & 15)]
            }
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x41 + value - 10 }

    // MARK: - JSON

    /// Compact and in ASCII alone; members in the token's order, numbers as the token writes them.
    private static func writeJSON(_ value: JSONValue, to output: inout [UInt8]) {
        var isFirst = true
        if value.isObject {
            output.append(UInt8(ascii: "{"))
            for (name, member) in value.members {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                JSONString.writeASCII(name.decodedBytes ?? [], to: &output)
                output.append(UInt8(ascii: ":"))
                writeJSON(member, to: &output)
            }
            output.append(UInt8(ascii: "}"))
        } else if value.isArray {
            output.append(UInt8(ascii: "["))
            for element in value.elements {
                if !isFirst { output.append(UInt8(ascii: ",")) }
                isFirst = false
                writeJSON(element, to: &output)
            }
            output.append(UInt8(ascii: "]"))
        } else if let text = value.decodedBytes {
            JSONString.writeASCII(text, to: &output)
        } else {
            output += scalar(value)
        }
    }
}
