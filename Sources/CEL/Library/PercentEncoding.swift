internal import Bytes

/// Percent-encoding of RFC 3986 for single components: all but unreserved characters are escaped.
enum PercentEncoding {
    static func encode(_ text: CELBuffer) -> CELBuffer {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for index in 0..<text.count {
            let byte = text[index]
            if byte.isURIUnreserved {
                output.append(byte)
            } else {
                output.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return CELBuffer(copying: output)
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
