/// Finds what an author may have meant.
package enum Suggestion {
    /// `Did you mean 'path'?` for the nearest of `names`, or nil where none is near.
    static func hint(for name: String, among names: some Sequence<String>) -> String? {
        nearest(to: name, among: names).map { "Did you mean '\($0)'?" }
    }

    /// The nearest of `names`, or nil where none is near.
    package static func nearest(to name: String, among names: some Sequence<String>) -> String? {
        let wanted = Array(name.utf8)
        let limit = max(1, wanted.count / 3)
        var best: (name: String, distance: Int)?
        for candidate in names where candidate != name {
            let distance = distance(wanted, Array(candidate.utf8), limit: limit)
            guard distance <= limit else { continue }
            if let best, (best.distance, best.name) <= (distance, candidate) { continue }
            best = (candidate, distance)
        }
        return best?.name
    }

    /// Insertions, deletions, substitutions and swaps of neighbours between two names; case counts for nothing.
    private static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int {
        guard abs(a.count - b.count) <= limit else { return limit + 1 }
        func fold(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
        var older: [Int] = []
        var old = Array(0...b.count)
        for i in 1...max(1, a.count) where i <= a.count {
            var row = [i] + Array(repeating: 0, count: b.count)
            for j in 1...max(1, b.count) where j <= b.count {
                let isSame = fold(a[i - 1]) == fold(b[j - 1])
                row[j] = min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (isSame ? 0 : 1))
                if i > 1, j > 1, fold(a[i - 1]) == fold(b[j - 2]), fold(a[i - 2]) == fold(b[j - 1]) {
                    row[j] = min(row[j], older[j - 2] + 1)
                }
            }
            older = old
            old = row
        }
        return old[b.count]
    }
}
