internal import Bytes

/// Percent-encoding of RFC 3986 for single components: all but unreserved characters are escaped.
enum PercentEncoding {
    static func encode(_ text: CELBuffer) -> CELBuffer {
        var output: [UInt8] = []
        for index in 0..<text.count { encode(text[index], to: &output) }
        return CELBuffer(copying: output)
    }

    private static func encode(_ byte: UInt8, to output: inout [UInt8]) {
        guard !byte.isURIUnreserved else { return output.append(byte) }
        let digits = Array("0123456789ABCDEF".utf8)
        output.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
    }

    /// `name=value` pairs joined by `&` (application/x-www-form-urlencoded).
    static func encodeForm(_ pairs: [(CELBuffer, CELBuffer)]) -> CELBuffer {
        var output: [UInt8] = []
        for (name, value) in pairs {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            for (index, part) in [name, value].enumerated() {
                if index == 1 { output.append(UInt8(ascii: "=")) }
                for index in 0..<part.count {
                    // The one way in which forms differ from components.
                    if part[index] == ASCII.space {
                        output.append(UInt8(ascii: "+"))
                    } else {
                        encode(part[index], to: &output)
                    }
                }
            }
        }
        return CELBuffer(copying: output)
    }

    /// The pairs of a form; of a name that comes twice, the first. Nil where malformed.
    static func decodeForm(_ text: CELBuffer) -> [(CELBuffer, CELBuffer)]? {
        var pairs: [(CELBuffer, CELBuffer)] = []
        var seen: Set<CELKeyBytes> = []
        let written = unsafe Array(text.bytes)
        for pair in written.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map {
                decode(CELBuffer(copying: $0.map { $0 == UInt8(ascii: "+") ? ASCII.space : $0 }))
            }
            guard let first = parts.first, let name = first, name.isValidUTF8 else { return nil }
            let value = parts.count > 1 ? parts[1] : .empty
            guard let value, value.isValidUTF8 else { return nil }
            if seen.insert(CELKeyBytes(buffer: name)).inserted { pairs.append((name, value)) }
        }
        return pairs
    }

    /// Nil where a `%` is not followed by two hexadecimal digits.
    static func decode(_ text: CELBuffer) -> CELBuffer? {
        var output: [UInt8] = []
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "%") else {
                output.append(text[index])
                index += 1
                continue
            }
            guard index + 2 < text.count, let high = text[index + 1].hexDigitValue,
                let low = text[index + 2].hexDigitValue
            else { return nil }
            output.append(high << 4 | low)
            index += 3
        }
        return CELBuffer(copying: output)
    }
}
