internal import Bytes
internal import CEL
internal import GatewayModel

/// One match of one route, with what it is ordered by.
struct RouteEntry: Sendable {
    let candidate: RouteCandidate
    let name: String
    let order: RouteOrder
    let rank: DocumentRank
    /// Its place among the matches of its route.
    let match: Int
}

/// The paths of one host pattern, and the `PathTable` that they were last frozen to.
struct HostPaths: Sendable {
    /// The routes of one path.
    private struct Takers: Sendable {
        var entries: [RouteEntry] = []
        /// Index in `candidates` where they stand there.
        var list: Int?
    }

    /// Paths of one kind.
    private struct Kind: Sendable {
        var takers: [String: Takers] = [:]
        /// Those that are not frozen as they are; nil: none is.
        var changed: Set<String>?
        var table = ByteTable([])

        var isEmpty: Bool { takers.isEmpty }
        var isFrozen: Bool { changed?.isEmpty ?? false }

        mutating func add(_ entry: RouteEntry, at path: String) {
            takers[path, default: Takers()].entries.append(entry)
            changed?.insert(path)
        }

        /// - Returns: how many matches of the route there were.
        mutating func remove(route: Int, at path: String) -> Int {
            guard var known = takers.removeValue(forKey: path) else { return 0 }
            let before = known.entries.count
            known.entries.removeAll { $0.candidate.route == route }
            takers[path] = known
            changed?.insert(path)
            return before - known.entries.count
        }
    }

    private var exact = Kind()
    private var prefixes = Kind()
    private var bytePrefixes = Kind()
    private var regexes = Kind()
    private var candidates: [[RouteCandidate]] = []
    private var freeLists: [Int] = []
    private var frozen: PathTable?
    private var entryCount = 0

    var isEmpty: Bool { entryCount == 0 }

    mutating func add(_ entry: RouteEntry, at path: PathMatch) {
        entryCount += 1
        switch path {
        case .exact(let path): exact.add(entry, at: path)
        case .segmentPrefix(let path): prefixes.add(entry, at: path)
        case .bytePrefix(let path): bytePrefixes.add(entry, at: path)
        case .regex(let pattern): regexes.add(entry, at: pattern)
        }
    }

    mutating func remove(route: Int, at path: PathMatch) {
        switch path {
        case .exact(let path): entryCount -= exact.remove(route: route, at: path)
        case .segmentPrefix(let path): entryCount -= prefixes.remove(route: route, at: path)
        case .bytePrefix(let path): entryCount -= bytePrefixes.remove(route: route, at: path)
        case .regex(let pattern): entryCount -= regexes.remove(route: route, at: pattern)
        }
    }

    /// - Parameter compiled: regular expressions by their pattern.
    mutating func freeze(_ compiled: [String: LinearRegex]) -> PathTable {
        if let frozen, [exact, prefixes, bytePrefixes, regexes].allSatisfy(\.isFrozen) { return frozen }
        let lengths =
            bytePrefixes.isFrozen
            ? frozen?.bytePrefixLengths : Set(bytePrefixes.takers.keys.map(\.utf8.count)).sorted(by: >)
        let segments =
            prefixes.isFrozen
            ? frozen?.maxPrefixSegments
            : prefixes.takers.keys.map { $0.utf8.count { $0 == UInt8(ascii: "/") } }.max()
        for kind in [\HostPaths.exact, \.prefixes, \.bytePrefixes, \.regexes] { freeze(kind) }
        let patterns = regexes.takers.keys.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }.filter {
            compiled[$0] != nil
        }
        let regexList = patterns.compactMap { pattern in
            compiled[pattern].flatMap { regex in regexes.table.find(pattern).map { (regex, $0) } }
        }
        let table = PathTable(
            exact: exact.table, bytePrefixes: bytePrefixes.table, bytePrefixLengths: lengths ?? [],
            prefixes: prefixes.table, maxPrefixSegments: segments ?? 0, regexes: regexList, patterns: patterns,
            candidates: candidates)
        frozen = table
        return table
    }

    /// Brings the table of a kind up to what its paths are.
    private mutating func freeze(_ kind: WritableKeyPath<HostPaths, Kind>) {
        guard let changed = self[keyPath: kind].changed else {
            let pairs = self[keyPath: kind].takers.keys.map { ($0, value(of: $0, kind)) }
            self[keyPath: kind].table = ByteTable(
                pairs.compactMap { path, value in value.map { (Array(path.utf8), $0) } })
            self[keyPath: kind].changed = []
            return
        }
        for path in changed {
            let value = value(of: path, kind)
            self[keyPath: kind].table.set(Array(path.utf8), value)
        }
        self[keyPath: kind].changed = []
    }

    /// What stands for the routes of a path in its table: see `PathTable`. Nil where there are none any more.
    private mutating func value(of path: String, _ kind: WritableKeyPath<HostPaths, Kind>) -> Int? {
        guard let takers = self[keyPath: kind].takers[path] else { return nil }
        let single = takers.entries.count == 1 && takers.entries[0].candidate.asksNothing
        if takers.entries.isEmpty || single {
            if let list = takers.list {
                candidates[list] = []
                freeLists.append(list)
                self[keyPath: kind].takers[path]?.list = nil
            }
            if takers.entries.isEmpty { self[keyPath: kind].takers[path] = nil }
            return takers.entries.first?.candidate.route
        }
        let list = takers.list ?? freeLists.popLast() ?? candidates.count
        if list == candidates.count { candidates.append([]) }
        candidates[list] = Self.ordered(takers.entries)
        if takers.list == nil { self[keyPath: kind].takers[path]?.list = list }
        return ~list
    }

    /// By priority where routes have one. Else the order of the Gateway API within one path: a method, more headers,
    /// more query parameters, then the name. Then the order written.
    private static func ordered(_ entries: [RouteEntry]) -> [RouteCandidate] {
        entries.sorted { a, b in
            if case .priority(let high) = a.order, case .priority(let low) = b.order, high != low { return high > low }
            if case .specificity = a.order {
                let (first, second) = (a.candidate, b.candidate)
                if (first.method != nil) != (second.method != nil) { return first.method != nil }
                if first.headers.count != second.headers.count { return first.headers.count > second.headers.count }
                if first.query.count != second.query.count { return first.query.count > second.query.count }
                if a.name != b.name { return a.name < b.name }
            }
            return a.rank == b.rank ? a.match < b.match : a.rank < b.rank
        }.map(\.candidate)
    }
}

extension ByteTable {
    fileprivate func find(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        return find(bytes.span)
    }
}
