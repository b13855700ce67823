extension Duration {
    /// Reads `500ms`, `60s`, `1m30s`, `12h`: whole numbers with units, each unit once, from large to small.
    package init?(written text: String) {
        var total = Duration.zero
        var rest = Substring(text)
        var last = Self.units.count
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            // Nine digits of hours fit a Duration with room to spare.
            guard !digits.isEmpty, digits.count <= 9, let count = Int64(digits) else { return nil }
            rest = rest.dropFirst(digits.count)
            let name = rest.prefix { $0.isASCII && $0.isLetter }
            guard let unit = Self.units.firstIndex(where: { $0.name == name }), unit < last else { return nil }
            total += Self.units[unit].length * Int(count)
            rest = rest.dropFirst(name.count)
            last = unit
        }
        self = total
    }

    /// From small to large.
    private static let units: [(name: Substring, length: Duration)] = [
        ("ms", .milliseconds(1)), ("s", .seconds(1)), ("m", .seconds(60)), ("h", .seconds(3600)),
        ("d", .seconds(86400)),
    ]
}
