internal import GatewayModel

/// Compiled upstreams by number. Many routes lead to few servers, and upstreams that differ in name only are one.
struct UpstreamTable: Sendable {
    private(set) var snapshots: [UpstreamSnapshot] = []
    /// What each was made of; nil where a number is free.
    private var servers: [Upstream?] = []
    /// How many routes lead to each.
    private var uses: [Int] = []
    /// Numbers by a hash of the addresses behind them, as it takes no memory to ask for one.
    private var known: [Int: [Int]] = [:]
    private var free: [Int] = []
    /// Those that were added and have not been looked at since.
    private var recent: [Int] = []

    /// - Parameter isMirror: whether copies of requests go there.
    func index(of upstream: Upstream, isMirror: Bool) -> Int? {
        known[Self.addresses(upstream)]?.first { servers[$0] == upstream && snapshots[$0].isMirror == isMirror }
    }

    mutating func add(_ upstream: Upstream, _ snapshot: UpstreamSnapshot) -> Int {
        let index: Int
        if let reused = free.popLast() {
            index = reused
            snapshots[index] = snapshot
            servers[index] = upstream
        } else {
            index = snapshots.count
            snapshots.append(snapshot)
            servers.append(upstream)
            uses.append(0)
        }
        known[Self.addresses(upstream), default: []].append(index)
        recent.append(index)
        return index
    }

    /// Counts the routes that have come and gone, and frees the numbers that none leads to any more.
    mutating func count(added: some Sequence<RouteSnapshot>, removed: some Sequence<RouteSnapshot>) {
        for index in added.lazy.flatMap(\.upstreams) { uses[index] += 1 }
        var suspects = recent
        recent = []
        for index in removed.lazy.flatMap(\.upstreams) {
            uses[index] -= 1
            suspects.append(index)
        }
        for index in suspects where uses[index] == 0 { release(index) }
    }

    private mutating func release(_ index: Int) {
        guard let upstream = servers[index] else { return }
        let addresses = Self.addresses(upstream)
        known[addresses]?.removeAll { $0 == index }
        if known[addresses]?.isEmpty == true { known[addresses] = nil }
        servers[index] = nil
        snapshots[index] = .none
        free.append(index)
    }

    private static func addresses(_ upstream: Upstream) -> Int {
        var hasher = Hasher()
        for endpoint in upstream.endpoints { hasher.combine(endpoint.address) }
        return hasher.finalize()
    }
}

extension RouteSnapshot {
    /// The numbers of all upstreams that its requests may be sent to.
    var upstreams: [Int] { [upstream, policy.traffic?.mirror?.upstream].compactMap(\.self) }
}

extension UpstreamSnapshot {
    /// What stands at a free number.
    fileprivate static let none = UpstreamSnapshot(
        Upstream(id: UpstreamID(""), endpoints: [], provenance: Provenance(document: "")), id: UpstreamID(""),
        isMirror: false
    ) { _ in CompiledEndpoint() }
}
