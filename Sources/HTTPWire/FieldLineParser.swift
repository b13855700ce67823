internal import Bytes

/// Reads field lines (RFC 9112 §5) up to and with the empty line that ends a section.
enum FieldLineParser {
    /// Behind the empty line, or nil where the bytes end before it.
    ///
    /// Strict: names are tokens with the colon right behind, values hold no control bytes but tabs,
    /// lines end in CRLF, folding is refused.
    static func parse(
        _ bytes: Span<UInt8>, from start: Int, maxFields: Int, into table: inout FieldTable
    ) throws(WireError) -> Int? {
        var position = start
        while true {
            guard position < bytes.count else { return nil }
            if bytes[position] == ASCII.carriageReturn {
                guard position + 1 < bytes.count else { return nil }
                guard bytes[position + 1] == ASCII.lineFeed else { throw .malformedField }
                return position + 2
            }
            guard let line = try parseLine(bytes, from: position) else { return nil }
            guard table.lines.count < maxFields else { throw .headTooLarge }
            table.lines.append(line)
            position = Int(line.lineEnd)
        }
    }

    private static func parseLine(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> FieldLine? {
        var position = bytes.endOfLettersDigitsAndHyphens(from: start)
        while position < bytes.count, bytes[position].isTokenCharacter { position &+= 1 }
        guard position < bytes.count else { return nil }
        guard bytes[position] == UInt8(ascii: ":"), position > start else { throw .malformedField }
        let nameEnd = position
        position &+= 1
        while position < bytes.count, bytes[position] == ASCII.space || bytes[position] == ASCII.tab {
            position &+= 1
        }
        let valueStart = position
        position = bytes.endOfFieldValue(from: position)
        guard position < bytes.count else { return nil }
        guard bytes[position] == ASCII.carriageReturn else { throw .malformedField }
        guard position + 1 < bytes.count else { return nil }
        guard bytes[position + 1] == ASCII.lineFeed else { throw .malformedField }
        var valueEnd = position
        while valueEnd > valueStart, bytes[valueEnd - 1] == ASCII.space || bytes[valueEnd - 1] == ASCII.tab {
            valueEnd &-= 1
        }
        return FieldLine(
            nameStart: UInt32(start), nameEnd: UInt32(nameEnd), valueStart: UInt32(valueStart),
            valueEnd: UInt32(valueEnd), lineEnd: UInt32(position + 2),
            known: KnownField.of(bytes.extracting(start..<nameEnd)))
    }
}
