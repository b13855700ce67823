/// "Did you mean": the known name nearest to a mistyped one.
package enum Suggestion {
    /// The nearest candidate, or nil where none is near enough to be meant.
    ///
    /// Case is ignored. Near enough: one edit in three characters, and never a whole word.
    package static func nearest(to name: String, among candidates: some Sequence<String>) -> String? {
        let lowered = Array(name.lowercased().unicodeScalars)
        guard lowered.count <= longestName else { return nil }
        let allowed = max(1, lowered.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let other = Array(candidate.lowercased().unicodeScalars)
            guard abs(other.count - lowered.count) <= allowed else { continue }
            let distance = editDistance(lowered, other)
            guard distance <= allowed, distance < max(lowered.count, other.count) else { continue }
            if let best, (best.distance, best.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    /// A hint that offers the nearest name, or the whole choice where it is short.
    package static func hint(for name: String, among candidates: [String]) -> String? {
        if let near = nearest(to: name, among: candidates) { return "did you mean `\(near)`?" }
        guard !candidates.isEmpty, candidates.count <= longestChoice else { return nil }
        return "it may be " + inWords(candidates)
    }

    /// "`a`, `b` or `c`".
    package static func inWords(_ names: [String]) -> String {
        let quoted = names.map { "`\($0)`" }
        guard quoted.count > 1, let last = quoted.last else { return quoted.joined() }
        return quoted.dropLast().joined(separator: ", ") + " or " + last
    }

    private static var longestName: Int { 64 }
    private static var longestChoice: Int { 12 }

    /// Edits from `a` to `b`: insert, delete, replace, or swap two neighbours (optimal string alignment).
    private static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in b.indices {
                var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
