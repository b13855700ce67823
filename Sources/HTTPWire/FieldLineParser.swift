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
        var position = start
        while position < bytes.count, bytes[position].isTokenCharacter { position &+= 1 }
        guard position < bytes.count else { return nil }
        guard bytes[position] == UInt8(ascii: ":"), position > start else { throw .malformedField }
        let nameEnd = position
        position &+= 1
        while position < bytes.count, bytes[position] == ASCII.space || bytes[position] == ASCII.tab {
            position &+= 1
        }
        let valueStart = position
        position = endOfValue(bytes, from: position)
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

    /// The first byte that may not stand in a value, eight at a time: a token is a thousand bytes long.
    @inline(__always)
    private static func endOfValue(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var position = start
        while position &+ 8 <= bytes.count {
            let word = unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
            // A byte below 0x20, or 0x7F, sets its high bit; bytes above 0x7F are legal (obs-text).
            let below = (word &- 0x2020_2020_2020_2020) & ~word
            let delete = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let isDelete = (delete &- 0x0101_0101_0101_0101) & ~delete
            if (below | isDelete) & 0x8080_8080_8080_8080 != 0 { break }
            position &+= 8
        }
        while position < bytes.count, bytes[position].isFieldValueByte { position &+= 1 }
        return position
    }
}
