internal import Bytes
internal import GatewayModel

/// Collects routes and freezes them to a `RouteTable`.
struct RouteTableBuilder {
    /// One match of one route, with what it is ordered by.
    private struct Entry {
        let candidate: RouteCandidate
        let name: String
    }

    private struct Paths {
        var exact: [String: [Entry]] = [:]
        var prefixes: [String: [Entry]] = [:]
    }

    private var routes: [RouteSnapshot] = []
    private var hosts: [HostPattern: Paths] = [:]
    private(set) var diagnostics: [Diagnostic] = []

    mutating func add(_ route: Route, _ snapshot: RouteSnapshot) {
        let index = routes.count
        routes.append(snapshot)
        for match in route.matches {
            let entry = Entry(candidate: candidate(match, route: index), name: route.name)
            for host in route.hostnames {
                switch match.path {
                case .exact(let path): hosts[host, default: Paths()].exact[path, default: []].append(entry)
                case .segmentPrefix(let path): hosts[host, default: Paths()].prefixes[path, default: []].append(entry)
                case .regex: refuseRegex(match)
                }
            }
        }
    }

    private mutating func candidate(_ match: RouteMatch, route: Int) -> RouteCandidate {
        RouteCandidate(
            method: match.method.map { Array($0.utf8) },
            headers: match.headers.map { field($0, match) },
            query: match.query.map { field($0, match) },
            route: route)
    }

    private mutating func field(_ field: FieldMatch, _ match: RouteMatch) -> RouteCandidate.Field {
        switch field.value {
        case .exact(let value): return RouteCandidate.Field(name: Array(field.name.utf8), value: Array(value.utf8))
        case .regex:
            refuseRegex(match)
            return RouteCandidate.Field(name: Array(field.name.utf8), value: [])
        }
    }

    private mutating func refuseRegex(_ match: RouteMatch) {
        diagnostics.append(
            Diagnostic(
                .error, "regex_not_offered", "matching by regular expression is not offered yet",
                at: match.provenance, hint: "use `exact` or `pathPrefix`"))
    }

    func build() -> RouteTable {
        var tables: [PathTable] = []
        var patterns: [(HostPattern, Int)] = []
        for (host, paths) in hosts {
            patterns.append((host, tables.count))
            tables.append(freeze(paths))
        }
        return RouteTable(hosts: HostTable(patterns), paths: tables, routes: routes)
    }

    private func freeze(_ paths: Paths) -> PathTable {
        var candidates: [[RouteCandidate]] = []
        func table(_ entries: [String: [Entry]]) -> ByteTable {
            ByteTable(
                entries.map { path, list in
                    candidates.append(Self.ordered(list))
                    return (Array(path.utf8), candidates.count - 1)
                })
        }
        let exact = table(paths.exact)
        let prefixes = table(paths.prefixes)
        let segments = paths.prefixes.keys.map { $0.utf8.count { $0 == UInt8(ascii: "/") } }.max() ?? 0
        return PathTable(exact: exact, prefixes: prefixes, maxPrefixSegments: segments, candidates: candidates)
    }

    /// Gateway API order within one path: a method, more headers, more query parameters, then the name,
    /// then the order written.
    private static func ordered(_ entries: [Entry]) -> [RouteCandidate] {
        entries.enumerated().sorted { a, b in
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
