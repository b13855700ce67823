/// Writes fields so that no two lists of fields give the same bytes: every text is preceded by its
/// length, every list by its count.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    mutating func write(_ number: Int64?) {
        write(number == nil ? UInt64(0) : 1)
        write(UInt64(bitPattern: number ?? 0))
    }

    mutating func write(_ text: String) {
        write(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ raw: [UInt8]) {
        write(UInt64(raw.count))
        bytes.append(contentsOf: raw)
    }

    mutating func write(_ texts: [String]) {
        write(UInt64(texts.count))
        for text in texts { write(text) }
    }
}

extension IssuerRules {
    /// Every field, for the verification identity.
    func write(to writer: inout FieldWriter) {
        writer.write(issuers)
        writer.write(audiences)
        writer.write(algorithms.map { Int64($0.rawValue) })
        writer.write(requiredClaims)
        writer.write(clockSkewSeconds)
        writer.write(maxLifetimeSeconds)
        type.write(to: &writer)
        writer.write(UInt64(subjects.count))
        for subject in subjects { subject.write(to: &writer) }
        writer.write(requiredScopes)
        writer.write(UInt64(claims.count))
        for claim in claims {
            writer.write(claim.path)
            claim.condition.write(to: &writer)
        }
        writer.write(Int64(maxTokenBytes))
        writer.write((refusesFutureIssuedAt ? 1 : 0) as UInt64)
        writer.write((allowsUnprovenBinding ? 1 : 0) as UInt64)
        writer.write((ignoresExpiration ? 1 : 0) as UInt64)
        writer.write((ignoresNotBefore ? 1 : 0) as UInt64)
        writer.write((ignoresUnaskedClaims ? 1 : 0) as UInt64)
        // What a cached token keeps with it depends on these, too.
        writer.write(UInt64(fields.count))
        for field in fields { field.write(to: &writer) }
    }
}

// One number per case, then what the case holds.

extension TypeRule {
    fileprivate func write(to writer: inout FieldWriter) {
        switch self {
        case .ordinary: writer.write(0 as UInt64)
        case .exactly(let type):
            writer.write(1 as UInt64)
            writer.write(type)
        case .any: writer.write(2 as UInt64)
        }
    }
}

extension TextMatcher {
    fileprivate func write(to writer: inout FieldWriter) {
        let (number, text): (UInt64, String) =
            switch self {
            case .exact(let text): (0, text)
            case .prefix(let text): (1, text)
            case .suffix(let text): (2, text)
            case .contains(let text): (3, text)
            }
        writer.write(number)
        writer.write(text)
    }
}

extension ClaimRule.Condition {
    fileprivate func write(to writer: inout FieldWriter) {
        let (number, values): (UInt64, [ClaimValue]) =
            switch self {
            case .present: (0, [])
            case .equals(let value): (1, [value])
            case .oneOf(let values): (2, values)
            case .contains(let value): (3, [value])
            case .isOrContains(let value): (4, [value])
            }
        writer.write(number)
        writer.write(UInt64(values.count))
        for value in values { value.write(to: &writer) }
    }
}

extension ClaimValue {
    fileprivate func write(to writer: inout FieldWriter) {
        switch self {
        case .string(let text):
            writer.write(0 as UInt64)
            writer.write(text)
        case .integer(let number):
            writer.write(1 as UInt64)
            writer.write(UInt64(bitPattern: number))
        case .number(let number):
            writer.write(2 as UInt64)
            writer.write(number.bitPattern)
        case .boolean(let flag): writer.write(flag ? 4 : 3 as UInt64)
        }
    }
}
