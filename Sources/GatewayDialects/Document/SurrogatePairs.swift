/// Characters that JSON writes as two escapes (RFC 8259, §7), `\ud83d\ude00`, where YAML has one, `\U0001F600`.
struct SurrogatePairs {
    /// Columns behind each pair, as the parser counts them, by line.
    private var columns: [Int: [Int]] = [:]

    /// How much shorter one escape is than two.
    private static let difference = 2

    /// The text with one escape for two in double quotes.
    mutating func joined(in text: String) -> String {
        guard Self.mayHavePairs(text.utf8) else { return text }
        let source = SourceText(text)
        var scanner = SourceScanner(source.bytes)
        while scanner.next() != nil {}
        var output: [UInt8] = []
        var copied = 0
        for quoted in scanner.doubleQuoted {
            var index = quoted.lowerBound
            while index < quoted.upperBound {
                guard source.bytes[index] == UInt8(ascii: "\\") else {
                    index += 1
                    continue
                }
                guard let scalar = Self.pair(source.bytes, index, quoted.upperBound) else {
                    index += 2
                    continue
                }
                output += source.bytes[copied..<index]
                let code = String(scalar, radix: 16, uppercase: true)
                output += Array("\\U\(String(repeating: "0", count: 8 - code.count))\(code)".utf8)
                index += 12
                copied = index
                let (line, column) = source.place(of: index)
                columns[line, default: []].append(column - Self.difference * (columns[line, default: []].count + 1))
            }
        }
        return String(decoding: output + source.bytes[copied...], as: UTF8.self)
    }

    /// The column that stands in the text for one of the parser's.
    func columnAsWritten(line: Int, column: Int) -> Int {
        guard let behind = columns[line] else { return column }
        return column + Self.difference * behind.count { $0 <= column }
    }

    /// Most texts have none, and are not looked through.
    private static func mayHavePairs(_ text: String.UTF8View) -> Bool {
        var last: (UInt8, UInt8) = (0, 0)
        for byte in text {
            if byte | 0x20 == UInt8(ascii: "d"), last == (UInt8(ascii: "\\"), UInt8(ascii: "u")) { return true }
            last = (last.1, byte)
        }
        return false
    }

    /// The character of a high half and a low one right behind it.
    static func pair(_ bytes: [UInt8], _ index: Int, _ end: Int) -> UInt32? {
        guard index + 12 <= end, let high = half(bytes, index), let low = half(bytes, index + 6),
            high & 0xFC00 == 0xD800, low & 0xFC00 == 0xDC00
        else { return nil }
        return 0x10000 + (high & 0x3FF) << 10 + (low & 0x3FF)
    }

    private static func half(_ bytes: [UInt8], _ index: Int) -> UInt32? {
        guard bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else { return nil }
        return UInt32(String(decoding: bytes[index + 2..<index + 6], as: UTF8.self), radix: 16)
    }
}
