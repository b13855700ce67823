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
    /// Numbers of those that have a `sharedName`. While routes are compiled anew there may be two.
    private var shared: [String: Set<Int>] = [:]
    private var free: [Int] = []
    /// Those that were added and have not been looked at since.
    private var recent: [Int] = []
    private(set) var revision = UpstreamRevision()

    /// What changes from now on is told by the revision that follows.
    mutating func beginRevision() { revision = UpstreamRevision(behind: revision) }

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
        note(upstream, index)
        recent.append(index)
        return index
    }

    /// Puts an upstream in the place of the one of its `sharedName`, for all routes that lead there. False where that
    /// does not say enough: then the routes have to be compiled.
    mutating func replace(_ upstream: Upstream, by snapshot: UpstreamSnapshot) -> Bool {
        guard let name = upstream.sharedName else { return false }
        // No route leads there.
        guard let indices = shared[name] else { return true }
        guard indices.count == 1, let index = indices.first, let old = servers[index], !snapshots[index].isMirror,
            snapshots[index].needsBody == snapshot.needsBody
        else { return false }
        forget(old, index)
        servers[index] = upstream
        snapshots[index] = snapshot
        note(upstream, index)
        return true
    }

    /// Whether the policies of its servers ask for a request's body.
    func needsBody(_ index: Int?) -> Bool { index.map { snapshots[$0].needsBody } ?? false }

    private mutating func note(_ upstream: Upstream, _ index: Int) {
        revision.note(index)
        known[Self.addresses(upstream), default: []].append(index)
        if let name = upstream.sharedName { shared[name, default: []].insert(index) }
    }

    private mutating func forget(_ upstream: Upstream, _ index: Int) {
        revision.note(index)
        let addresses = Self.addresses(upstream)
        known[addresses]?.removeAll { $0 == index }
        if known[addresses]?.isEmpty == true { known[addresses] = nil }
        guard let name = upstream.sharedName else { return }
        shared[name]?.remove(index)
        if shared[name]?.isEmpty == true { shared[name] = nil }
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
        forget(upstream, index)
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
