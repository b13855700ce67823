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
        writer.write("\(type)")
        writer.write(subjects.map { "\($0)" })
        writer.write(requiredScopes)
        writer.write(UInt64(claims.count))
        for claim in claims {
            writer.write(claim.path)
            writer.write("\(claim.condition)")
        }
        writer.write(Int64(maxTokenBytes))
        writer.write((refusesFutureIssuedAt ? 1 : 0) as UInt64)
        writer.write((allowsUnprovenBinding ? 1 : 0) as UInt64)
    }
}
