internal import Bytes

/// Which requests the routes of a listener take, as operators see it: found again in the tables by which requests are
/// matched. Of headers and query parameters the names alone: what they have to say may be a secret.
struct MatchesByRoute {
    /// `*` and `*.suffix` among them.
    private var hosts: [Int: [String]] = [:]
    private var matches: [Int: [[UInt8]]] = [:]

    init(_ table: RouteTable) {
        var seen: Set<ObjectIdentifier> = []
        add(table.places, &seen)
    }

    /// - Parameter groups: those that were met before.
    private mutating func add(_ places: HostedPaths, _ groups: inout Set<ObjectIdentifier>) {
        var names: [Int: String] = [:]
        if let any = places.hosts.any { names[any] = "*" }
        for (name, index) in places.hosts.wildcards.pairs {
            names[index] = "*." + String(decoding: name, as: UTF8.self)
        }
        for (name, index) in places.hosts.exact.pairs { names[index] = String(decoding: name, as: UTF8.self) }
        var seen: [Int: Set<[UInt8]>] = [:]
        for (index, host) in names.sorted(by: { $0.value < $1.value }) {
            for (route, match) in Self.matches(in: places.paths[index]) {
                if hosts[route]?.last != host { hosts[route, default: []].append(host) }
                // Each stands at every host of the route.
                if seen[route, default: []].insert(match).inserted { matches[route, default: []].append(match) }
            }
            for candidate in places.paths[index].candidates.joined() {
                guard let delegates = candidate.delegates, groups.insert(ObjectIdentifier(delegates)).inserted else {
                    continue
                }
                add(delegates.places, &groups)
            }
        }
    }

    func describe(_ route: Int, to object: inout JSONObjectWriter) {
        object.add("hostnames", hosts[route] ?? [])
        object.add("matches", matches[route] ?? [])
    }

    /// In the order in which kinds of paths are asked.
    private static func matches(in table: PathTable) -> [(route: Int, match: [UInt8])] {
        func listed(_ paths: ByteTable, _ kind: String) -> [(route: Int, match: [UInt8])] {
            paths.pairs.map { (String(decoding: $0.key, as: UTF8.self), $0.value) }.sorted { $0.0 < $1.0 }.flatMap {
                matches(of: $1, in: table, kind, $0)
            }
        }
        return listed(table.exact, "exact") + listed(table.bytePrefixes, "bytePrefix")
            + listed(table.prefixes, "pathPrefix")
            + zip(table.patterns, table.regexes).flatMap { matches(of: $1.takers, in: table, "regex", $0) }
    }

    private static func matches(
        of takers: Int, in table: PathTable, _ kind: String, _ path: String
    ) -> [(route: Int, match: [UInt8])] {
        var object = JSONObjectWriter()
        var pattern = JSONObjectWriter()
        pattern.add(kind, path.isEmpty ? "/" : path)
        object.add("path", pattern.text)
        guard takers < 0 else { return [(takers, object.text)] }
        return table.candidates[~takers].map { candidate in
            var object = object
            candidate.describe(to: &object)
            return (candidate.route, object.text)
        }
    }
}

extension RouteCandidate {
    fileprivate func describe(to object: inout JSONObjectWriter) {
        object.add("method", method.map { String(decoding: $0, as: UTF8.self) })
        if !headers.isEmpty { object.add("headers", headers.map(\.json)) }
        if !query.isEmpty { object.add("query", query.map(\.json)) }
        if condition != nil { object.add("conditional", true) }
        if delegates != nil { object.add("leadsToGroup", true) }
    }
}

extension RouteCandidate.Field {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("name", String(decoding: name, as: UTF8.self))
        switch value {
        case .exact: object.add("value", "exact")
        case .regex: object.add("value", "regex")
        }
        return object.text
    }
}
