internal import Bytes

/// Reading of `application/x-www-form-urlencoded` query strings.
enum QueryString {
    /// The parameters named so, in order: ranges of the whole `name=value` and of the value.
    static func forEach(
        _ query: Span<UInt8>, _ body: (_ pair: Range<Int>, _ name: Range<Int>, _ value: Range<Int>) -> Bool
    ) {
        var start = 0
        while start <= query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            let nameEnd = endOfName(query, start..<end)
            let valueStart = min(nameEnd + 1, end)
            if end > start, !body(start..<end, start..<nameEnd, valueStart..<end) { return }
            start = end + 1
        }
    }

    /// The value of the first parameter of that (decoded) name, still encoded.
    static func first(_ name: Span<UInt8>, in query: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            let nameEnd = endOfName(query, start..<end)
            if isName(query.extracting(start..<nameEnd), name) { return min(nameEnd + 1, end)..<end }
            start = end + 1
        }
        return nil
    }

    /// Where the first `=` of a pair stands, or its end. Never looks beyond: a query of a thousand
    /// names without values would cost a million steps.
    private static func endOfName(_ query: Span<UInt8>, _ pair: Range<Int>) -> Int {
        query.extracting(pair).firstIndex(of: UInt8(ascii: "=")).map { pair.lowerBound + $0 } ?? pair.upperBound
    }

    static func isName(_ written: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        if written.equals(name) { return true }
        guard written.firstIndex(of: UInt8(ascii: "%")) != nil || written.firstIndex(of: UInt8(ascii: "+")) != nil
        else {
            return false
        }
        return decoded(written).span.equals(name)
    }

    /// Escapes and `+` decoded; an escape that is none stands for itself.
    static func decoded(_ text: Span<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%"), index + 2 < text.count, let high = text[index + 1].hexDigitValue,
                let low = text[index + 2].hexDigitValue
            {
                bytes.append(high << 4 | low)
                index += 3
            } else {
                bytes.append(text[index] == UInt8(ascii: "+") ? 0x20 : text[index])
                index += 1
            }
        }
        return bytes
    }
}
