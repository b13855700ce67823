internal import CEL
internal import GatewayModel

/// Collects matches by host and path, and freezes them to `HostedPaths`: only what has changed since the last time.
struct HostedPathsBuilder: Sendable {
    /// Indices of `paths`.
    private var hosts: [HostPattern: Int] = [:]
    private var paths: [HostPaths] = []
    private var freePaths: [Int] = []
    /// What `hosts` compiles to; nil where that has changed.
    private var hostTable: HostTable?

    mutating func add(_ entry: RouteEntry, at path: PathMatch, of hostnames: [HostPattern]) {
        for host in hostnames { paths[index(of: host)].add(entry, at: path) }
    }

    /// Takes a route out that was added under this number.
    mutating func remove(_ route: Route, number: Int) {
        for host in Set(route.hostnames) {
            guard let index = hosts[host] else { continue }
            for path in Set(route.matches.map(\.path)) { paths[index].remove(route: number, at: path) }
            guard paths[index].isEmpty else { continue }
            hosts[host] = nil
            hostTable = nil
            paths[index] = HostPaths()
            freePaths.append(index)
        }
    }

    private mutating func index(of host: HostPattern) -> Int {
        if let known = hosts[host] { return known }
        let index = freePaths.popLast() ?? paths.count
        if index == paths.count { paths.append(HostPaths()) }
        hosts[host] = index
        hostTable = nil
        return index
    }

    /// - Parameter regexes: compiled, by their pattern.
    mutating func build(_ regexes: [String: LinearRegex]) -> HostedPaths {
        let hostTable = hostTable ?? HostTable(hosts.map { ($0.key, $0.value) })
        self.hostTable = hostTable
        return HostedPaths(hosts: hostTable, paths: paths.indices.map { paths[$0].freeze(regexes) })
    }
}
