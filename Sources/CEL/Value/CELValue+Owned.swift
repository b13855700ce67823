internal import Bytes

extension CELValue {
    /// The same value without borrowed memory: good after the evaluation.
    package var owned: CELValue {
        switch self {
        case .string(let buffer): .string(buffer.owned)
        case .bytes(let buffer): .bytes(buffer.owned)
        case .list, .jsonArray: .list((elements ?? []).map(\.owned))
        case .map, .jsonObject: .map((entries ?? []).map { ($0.key.owned, $0.value.owned) })
        case .optional(let box): .optional(box.map { CELBox($0.value.owned) })
        default: self
        }
    }

    /// The value as people read it: literals as CEL writes them. Not parseable in every case.
    package var debugText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)u"
        case .double(let value): "\(value)"
        case .string(let value): CELQuotation.quote(value).text
        case .bytes(let value): "b" + CELQuotation.quote(value).text
        case .list, .jsonArray: "[" + (elements ?? []).map(\.debugText).joined(separator: ", ") + "]"
        case .map, .jsonObject:
            "{" + (entries ?? []).map { "\($0.key.debugText): \($0.value.debugText)" }.joined(separator: ", ") + "}"
        case .type(let name): name.rawValue
        case .timestamp(let value): "timestamp(\"\(value.description)\")"
        case .duration(let value): "duration(\"\(value.description)\")"
        case .optional(let box): box.map { "optional.of(\($0.value.debugText))" } ?? "optional.none()"
        case .address(let value): "ip(\"\(value.description)\")"
        case .network(let value): "cidr(\"\(value.description)\")"
        case .error(let error): "error(\(error.message))"
        }
    }
}

/// Quotation marks and escapes as CEL literals have them.
enum CELQuotation {
    static func quote(_ text: CELBuffer) -> CELBuffer {
        var output: [UInt8] = [UInt8(ascii: "\"")]
        for scalar in text.text.unicodeScalars {
            if let letter = escapeLetter(scalar) {
                output.append(UInt8(ascii: "\\"))
                output.append(letter)
            } else {
                output.append(contentsOf: String(scalar).utf8)
            }
        }
        output.append(UInt8(ascii: "\""))
        return CELBuffer(copying: output)
    }

    private static func escapeLetter(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar {
        case "\u{07}": UInt8(ascii: "a")
        case "\u{08}": UInt8(ascii: "b")
        case "\u{0C}": UInt8(ascii: "f")
        case "\n": UInt8(ascii: "n")
        case "\r": UInt8(ascii: "r")
        case "\t": UInt8(ascii: "t")
        case "\u{0B}": UInt8(ascii: "v")
        case "\\": UInt8(ascii: "\\")
        case "\"": UInt8(ascii: "\"")
        default: nil
        }
    }
}
