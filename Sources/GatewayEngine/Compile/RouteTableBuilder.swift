internal import Bytes
internal import CEL
internal import GatewayModel

/// Collects routes and freezes them to a `RouteTable`.
struct RouteTableBuilder {
    /// One match of one route, with what it is ordered by.
    private struct Entry {
        let candidate: RouteCandidate
        let name: String
        let order: RouteOrder
    }

    private struct Paths {
        var exact: [String: [Entry]] = [:]
        var prefixes: [String: [Entry]] = [:]
        var bytePrefixes: [String: [Entry]] = [:]
        var regexes: [String: [Entry]] = [:]
    }

    private var snapshotIndices: [UInt32] = []
    private var snapshots: [RouteSnapshot] = []
    private var hosts: [HostPattern: Paths] = [:]
    private var regexes: [String: LinearRegex] = [:]
    private var hasConditions = false
    private(set) var diagnostics: [Diagnostic] = []

    /// - Parameters:
    ///   - snapshot: where it is the one of the route before, they share it.
    ///   - conditions: those of each match, compiled; empty where none has any.
    mutating func add(_ route: Route, _ snapshot: RouteSnapshot, conditions: [CELProgram?]) {
        let index = snapshotIndices.count
        if snapshots.last !== snapshot { snapshots.append(snapshot) }
        snapshotIndices.append(UInt32(snapshots.count - 1))
        for (place, match) in route.matches.enumerated() {
            if case .regex(let pattern) = match.path { _ = regex(pattern, match) }
            let condition = conditions.isEmpty ? nil : conditions[place]
            // One that is no expression has been reported.
            if match.condition != nil, condition == nil { continue }
            if condition != nil { hasConditions = true }
            let candidate = candidate(match, condition, route: index)
            let entry = Entry(candidate: candidate, name: route.name, order: route.order)
            for host in route.hostnames {
                switch match.path {
                case .exact(let path): hosts[host, default: Paths()].exact[path, default: []].append(entry)
                case .segmentPrefix(let path): hosts[host, default: Paths()].prefixes[path, default: []].append(entry)
                case .bytePrefix(let path):
                    hosts[host, default: Paths()].bytePrefixes[path, default: []].append(entry)
                case .regex(let pattern): hosts[host, default: Paths()].regexes[pattern, default: []].append(entry)
                }
            }
        }
    }

    private mutating func candidate(_ match: RouteMatch, _ condition: CELProgram?, route: Int) -> RouteCandidate {
        RouteCandidate(
            method: match.method.map { Array($0.utf8) },
            headers: match.headers.map { field($0, match) },
            query: match.query.map { field($0, match) },
            condition: condition, route: route)
    }

    private mutating func field(_ field: FieldMatch, _ match: RouteMatch) -> RouteCandidate.Field {
        let name = Array(field.name.utf8)
        switch field.value {
        case .exact(let value): return RouteCandidate.Field(name: name, value: .exact(Array(value.utf8)))
        case .regex(let pattern):
            let regex = regex(pattern, match)
            return RouteCandidate.Field(name: name, value: regex.map { .regex($0) } ?? .exact([]))
        }
    }

    /// The compiled pattern; nil, with a diagnostic, where it is none.
    private mutating func regex(_ pattern: String, _ match: RouteMatch) -> LinearRegex? {
        if let known = regexes[pattern] { return known }
        do {
            let regex = try LinearRegex(pattern, for: .whole)
            regexes[pattern] = regex
            return regex
        } catch {
            var diagnostic = Diagnostic(
                .error, "regex_invalid", "`\(pattern)` is not a regular expression: \(error.message)",
                at: match.provenance, hint: "the syntax is RE2's; look-around and back-references are not in it")
            diagnostic.inside = TextPlace(error.offset, in: pattern)
            if !diagnostics.contains(diagnostic) { diagnostics.append(diagnostic) }
            return nil
        }
    }

    func build() -> RouteTable {
        var tables: [PathTable] = []
        var patterns: [(HostPattern, Int)] = []
        for (host, paths) in hosts {
            patterns.append((host, tables.count))
            tables.append(freeze(paths))
        }
        return RouteTable(
            hosts: HostTable(patterns), paths: tables, hasConditions: hasConditions, snapshotIndices: snapshotIndices,
            snapshots: snapshots)
    }

    private func freeze(_ paths: Paths) -> PathTable {
        var candidates: [[RouteCandidate]] = []
        func takers(_ entries: [Entry]) -> Int {
            if entries.count == 1, entries[0].candidate.asksNothing { return entries[0].candidate.route }
            candidates.append(Self.ordered(entries))
            return ~(candidates.count - 1)
        }
        func table(_ entries: [String: [Entry]]) -> ByteTable {
            ByteTable(entries.map { path, entries in (Array(path.utf8), takers(entries)) })
        }
        let exact = table(paths.exact)
        let prefixes = table(paths.prefixes)
        let bytePrefixes = table(paths.bytePrefixes)
        let lengths = Set(paths.bytePrefixes.keys.map(\.utf8.count)).sorted(by: >)
        let segments = paths.prefixes.keys.map { $0.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
        let patterns = paths.regexes.keys.sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
        let regexList = patterns.compactMap { pattern in
            regexes[pattern].map { ($0, takers(paths.regexes[pattern] ?? [])) }
        }
        return PathTable(
            exact: exact, bytePrefixes: bytePrefixes, bytePrefixLengths: lengths, prefixes: prefixes,
            maxPrefixSegments: segments, regexes: regexList, candidates: candidates)
    }

    /// By priority where routes have one. Else the order of the Gateway API within one path: a method, more headers,
    /// more query parameters, then the name. Then the order written.
    private static func ordered(_ entries: [Entry]) -> [RouteCandidate] {
        entries.enumerated().sorted { a, b in
            if case .priority(let high) = a.element.order, case .priority(let low) = b.element.order {
                return high == low ? a.offset < b.offset : high > low
            }
            let first = a.element.candidate
            let second = b.element.candidate
            if (first.method != nil) != (second.method != nil) { return first.method != nil }
            if first.headers.count != second.headers.count { return first.headers.count > second.headers.count }
            if first.query.count != second.query.count { return first.query.count > second.query.count }
            if a.element.name != b.element.name { return a.element.name < b.element.name }
            return a.offset < b.offset
        }.map(\.element.candidate)
    }
}
