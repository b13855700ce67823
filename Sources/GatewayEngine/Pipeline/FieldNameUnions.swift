internal import HTTPWire

/// Names of a route with those of what meets it in a request alone: a consumer's policies, a server's. Which of them
/// meet is known then, and few do: each union is made once.
struct FieldNameUnions: Sendable {
    private var known: [(some: FieldNames, others: FieldNames, union: FieldNames)] = []
    /// The one that is given up next.
    private var oldest = 0

    private static let maxCount = 16

    /// The names of both.
    mutating func union(_ some: FieldNames, _ others: FieldNames) -> FieldNames {
        for pair in known where pair.some === some && pair.others === others { return pair.union }
        let union = FieldNames(some.names + others.names)
        if known.count < Self.maxCount {
            known.append((some, others, union))
        } else {
            known[oldest] = (some, others, union)
            oldest = (oldest + 1) % Self.maxCount
        }
        return union
    }

    /// Forgets what was met under a configuration that is no longer served.
    mutating func removeAll() { self = FieldNameUnions() }
}

extension RequestScratch {
    /// Adds to the names that a client may not send in trailers either.
    mutating func addGuarded(_ names: FieldNames) {
        guardedNames = guardedNames.map { unions.union($0, names) } ?? names
    }
}
