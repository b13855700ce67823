/// Where in a document a byte of a value stands: of an expression, say, that is written in quotes over several lines.
extension SourceText {
    /// How far behind a place a value is looked for that begins somewhere below it.
    private static var reach: Int { 16 << 10 }

    /// Line and column of a byte of a value; nil where the value is not found as it should be.
    ///
    /// - Parameters:
    ///   - offset: in the UTF-8 of `value`.
    ///   - value: as it was read, with variables expanded.
    ///   - start: where it begins, or something that it belongs to.
    ///   - environment: the variables it was read with.
    package func place(
        of offset: Int, in value: String, from start: (line: Int, column: Int), environment: [String: String]
    ) -> (line: Int, column: Int)? {
        guard let begin = self.offset(line: start.line, column: start.column), !value.isEmpty else { return nil }
        for candidate in begin..<min(bytes.count, begin + Self.reach) where candidate == begin || mayBegin(candidate) {
            var reading = ValueReading(bytes, at: candidate, environment)
            if let found = reading.offset(of: offset, in: value) { return place(of: found) }
        }
        return nil
    }

    private func mayBegin(_ index: Int) -> Bool {
        bytes[index] > 0x20 && (bytes[index - 1] <= 0x20 || "[{,:".utf8.contains(bytes[index - 1]))
    }
}

/// Holds a value against the text it may have been read from, byte by byte: plain, in quotes or in a block.
///
/// How line ends and blanks are folded is not followed: blanks with a line end among them are whatever blanks the value
/// has there.
private struct ValueReading {
    private enum Style { case plain, single, double, block }

    private let bytes: [UInt8]
    private let environment: [String: String]
    private let style: Style
    private var index: Int

    init(_ bytes: [UInt8], at start: Int, _ environment: [String: String]) {
        self.bytes = bytes
        self.environment = environment
        index = start
        switch bytes[start] {
        case UInt8(ascii: "'"):
            style = .single
            index += 1
        case UInt8(ascii: "\""):
            style = .double
            index += 1
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            style = .block
            index = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
        default: style = .plain
        }
    }

    /// Where in the text a byte of the value stands; nil where this is not the value.
    mutating func offset(of offset: Int, in value: String) -> Int? {
        let expected = Array(value.utf8)
        var found: Int?
        var read = 0
        while read < expected.count {
            if let blanks = endOfFold {
                var end = read
                while end < expected.count, Self.isBlank(expected[end]) { end += 1 }
                guard end > read || style == .double || read == 0 else { return nil }
                if found == nil, offset < end { found = blanks }
                (read, index) = (end, blanks)
                continue
            }
            let start = index
            guard let next = nextBytes(), expected[read...].starts(with: next), !next.isEmpty || index > start else {
                return nil
            }
            if found == nil, offset < read + next.count {
                found = next.count == index - start ? start + offset - read : start
            }
            read += next.count
        }
        return endsHere ? found ?? index : nil
    }

    /// Where blanks and line ends from here on end, if there is a line end among them.
    private var endOfFold: Int? {
        var end = index
        var hasBreak = false
        if style == .double, end + 1 < bytes.count, bytes[end] == UInt8(ascii: "\\"), Self.isBreak(bytes[end + 1]) {
            end += 1
        }
        while end < bytes.count, Self.isBlank(bytes[end]) {
            hasBreak = hasBreak || Self.isBreak(bytes[end])
            end += 1
        }
        return hasBreak ? end : nil
    }

    /// What the next characters of the text stand for; nil where the value ends.
    private mutating func nextBytes() -> [UInt8]? {
        guard index < bytes.count else { return nil }
        let byte = bytes[index]
        if byte == UInt8(ascii: "$") { return variable() }
        switch style {
        case .single where byte == UInt8(ascii: "'"):
            guard index + 1 < bytes.count, bytes[index + 1] == byte else { return nil }
            index += 2
        case .double where byte == UInt8(ascii: "\""): return nil
        case .double where byte == UInt8(ascii: "\\"): return escape()
        default: index += 1
        }
        return [byte]
    }

    private mutating func escape() -> [UInt8]? {
        guard index + 1 < bytes.count else { return nil }
        let name = bytes[index + 1]
        if let scalar = SurrogatePairs.pair(bytes, index, bytes.count).flatMap(Unicode.Scalar.init) {
            index += 12
            return Array(String(Character(scalar)).utf8)
        }
        index += 2
        if let simple = Self.escapes[name] { return Array(String(simple).utf8) }
        guard let digits = [UInt8(ascii: "x"): 2, UInt8(ascii: "u"): 4, UInt8(ascii: "U"): 8][name] else { return nil }
        return hexadecimal(digits).flatMap(Unicode.Scalar.init).map { Array(String(Character($0)).utf8) }
    }

    private mutating func hexadecimal(_ digits: Int) -> UInt32? {
        guard index + digits <= bytes.count else { return nil }
        defer { index += digits }
        return UInt32(String(decoding: bytes[index..<index + digits], as: UTF8.self), radix: 16)
    }

    /// What the variable, or `$$`, that begins here has been expanded to.
    private mutating func variable() -> [UInt8]? {
        var end = index + 1
        if end < bytes.count, bytes[end] == UInt8(ascii: "$") {
            end += 1
        } else if end < bytes.count, bytes[end] == UInt8(ascii: "{") {
            guard let close = bytes[end...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
            end = close + 1
        } else {
            while end < bytes.count,
                bytes[end] == UInt8(ascii: "_") || bytes[end] &- 0x30 < 10 || (bytes[end] | 0x20) &- 0x61 < 26
            {
                end += 1
            }
        }
        let written = String(decoding: bytes[index..<end], as: UTF8.self)
        index = end
        return Array(VariableExpansion.expand(written, environment: environment).text.utf8)
    }

    /// Whether the value is over where all of it has been read.
    private var endsHere: Bool {
        guard index < bytes.count else { return true }
        switch style {
        case .single: return bytes[index] == UInt8(ascii: "'")
        case .double: return bytes[index] == UInt8(ascii: "\"")
        // Of a block the line end behind its last line is part of the value.
        case .plain, .block:
            return Self.isBlank(bytes[index]) || ",]}".utf8.contains(bytes[index]) || Self.isBlank(bytes[index - 1])
        }
    }

    private static func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || isBreak(byte) }

    /// YAML 1.2, §5.7.
    private static let escapes: [UInt8: Unicode.Scalar] = [
        UInt8(ascii: "0"): "\0", UInt8(ascii: "a"): "\u{07}", UInt8(ascii: "b"): "\u{08}", UInt8(ascii: "t"): "\t",
        UInt8(ascii: "\t"): "\t", UInt8(ascii: "n"): "\n", UInt8(ascii: "v"): "\u{0B}", UInt8(ascii: "f"): "\u{0C}",
        UInt8(ascii: "r"): "\r", UInt8(ascii: "e"): "\u{1B}", UInt8(ascii: " "): " ", UInt8(ascii: "\""): "\"",
        UInt8(ascii: "/"): "/", UInt8(ascii: "\\"): "\\", UInt8(ascii: "N"): "\u{85}", UInt8(ascii: "_"): "\u{A0}",
        UInt8(ascii: "L"): "\u{2028}", UInt8(ascii: "P"): "\u{2029}",
    ]
}
