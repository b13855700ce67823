internal import Bytes

extension CELValue {
    /// The same value without borrowed memory: good after the evaluation.
    ///
    /// A value with more than `limit` parts becomes an error: a small value may show its parts many times over.
    package func owned(limit: Int = 1 << 20) -> CELValue {
        var left = limit
        let value = owned(&left)
        return left < 0 ? .failure(.budgetExceeded) : value
    }

    private func owned(_ left: inout Int) -> CELValue {
        left -= 1
        guard left >= 0 else { return .null }
        switch self {
        case .string(let buffer): return .string(buffer.owned)
        case .bytes(let buffer): return .bytes(buffer.owned)
        case .secret(let buffer): return .secret(buffer.owned)
        case .list, .jsonArray:
            var values: [CELValue] = []
            var walk = CELElements(self)
            while left >= 0, let element = walk.next() { values.append(element.owned(&left)) }
            return .list(values)
        case .map, .jsonObject:
            var values: [(key: CELValue, value: CELValue)] = []
            var walk = CELElements(self)
            while left >= 0, let (key, value) = walk.nextPair(0) {
                values.append((key.owned(&left), value.owned(&left)))
            }
            return .map(values)
        case .optional(let box): return .optional(box.map { CELBox($0.value.owned(&left)) })
        default: return self
        }
    }

    /// The value as people read it: literals as CEL writes them, cut short after some thousand parts.
    /// Not parseable in every case.
    package var debugText: String {
        var left = 4096
        return debugText(&left)
    }

    private func debugText(_ left: inout Int) -> String {
        left -= 1
        guard left >= 0 else { return "…" }
        switch self {
        case .list, .jsonArray:
            var parts: [String] = []
            var walk = CELElements(self)
            while left >= 0, let element = walk.next() { parts.append(element.debugText(&left)) }
            return "[\(parts.joined(separator: ", "))]"
        case .map, .jsonObject:
            var parts: [String] = []
            var walk = CELElements(self)
            while left >= 0, let (key, value) = walk.nextPair(0) {
                parts.append("\(key.debugText(&left)): \(value.debugText(&left))")
            }
            return "{\(parts.joined(separator: ", "))}"
        case .optional(let box): return box.map { "optional.of(\($0.value.debugText(&left)))" } ?? "optional.none()"
        default: return scalarText
        }
    }

    private var scalarText: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): "\(value)"
        case .uint(let value): "\(value)u"
        case .double(let value): "\(value)"
        case .string(let value): CELQuotation.quote(value).text
        case .bytes(let value): "b" + CELQuotation.quote(value).text
        case .type(let name): name.rawValue
        case .timestamp(let value): "timestamp(\"\(value.description)\")"
        case .duration(let value): "duration(\"\(value.description)\")"
        case .address(let value): "ip(\"\(value.description)\")"
        case .network(let value): "cidr(\"\(value.description)\")"
        case .secret: "<redacted>"
        case .error(let error): "error(\(error.message))"
        default: ""
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
