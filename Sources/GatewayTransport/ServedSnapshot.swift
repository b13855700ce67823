internal import GatewayEngine
internal import GatewayModel

/// A source's snapshot as one event loop serves it, with the connections to its upstreams. Touched by that loop
/// alone.
///
/// Sources have pools of their own, also where they name the same servers: none waits for, or is bounded by, what
/// another one does.
final class ServedSnapshot {
    let source: ConfigurationSource
    private unowned let worker: Worker
    private(set) var snapshot: Snapshot
    private var pools: [UpstreamEndpoint: UpstreamPool] = [:]
    /// The pools of the snapshot's upstreams, by index of upstream and endpoint.
    private var upstreams: [[UpstreamPool]] = []
    /// What they are the pools of.
    private var served: [UpstreamSnapshot] = []
    private var servedRevision: UInt64?

    init(_ snapshot: Snapshot, of source: ConfigurationSource, worker: Worker) {
        self.source = source
        self.worker = worker
        self.snapshot = snapshot
    }

    var traffic: TrafficPolicy { snapshot.traffic }

    /// Serves requests that begin from now on by this snapshot.
    func use(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        serve(snapshot.upstreams, changed: snapshot.upstreamRevision.changed(since: servedRevision))
        servedRevision = snapshot.upstreamRevision.id
    }

    /// Nothing is served any more; requests in service end.
    func retire() {
        serve([], changed: nil)
        servedRevision = nil
    }

    func closeStale() {
        for pool in pools.values { pool.closeStale() }
    }

    // MARK: - Upstreams

    /// Finds pools for these upstreams. Looks only at those that are not what they were: one that changes among ten
    /// thousand must not hold up the loop.
    ///
    /// - Parameter changed: which those are, in their order; nil where that is not known, and all are compared.
    private func serve(_ wanted: [UpstreamSnapshot], changed: [Int]?) {
        var replaced: [UpstreamPool] = []
        for index in changed ?? Array(wanted.indices) where index >= served.count || served[index] !== wanted[index] {
            let pools = pools(of: wanted[index])
            if let prober = worker.prober {
                for case let condition? in wanted[index].conditions { prober.begin(condition, self) }
                if index < served.count {
                    for case let condition? in served[index].conditions { prober.end(condition) }
                }
            }
            if index < upstreams.count {
                replaced += upstreams[index]
                upstreams[index] = pools
            } else {
                upstreams.append(pools)
            }
        }
        for upstream in served.dropFirst(wanted.count) {
            for case let condition? in upstream.conditions { worker.prober?.end(condition) }
        }
        while upstreams.count > wanted.count { replaced += upstreams.removeLast() }
        served = wanted
        for pool in replaced {
            pool.userCount -= 1
            guard pool.userCount == 0 else { continue }
            pools[pool.endpoint] = nil
            pool.retire()
        }
    }

    private func pools(of upstream: UpstreamSnapshot) -> [UpstreamPool] {
        upstream.endpoints.indices.map { index in
            let endpoint = upstream.endpoints[index]
            let key = UpstreamEndpoint(
                address: endpoint.address, tls: upstream.tls[index],
                version: endpoint.policies.spokenVersion, isMirror: upstream.isMirror,
                isNamedInHost: endpoint.isNamedInHost,
                keepalive: endpoint.policies.keepalive,
                limits: upstream.connections.limited(by: endpoint.policies),
                condition: upstream.conditions.isEmpty ? nil : upstream.conditions[index])
            let pool = pools[key] ?? UpstreamPool(endpoint: key, served: self, worker: worker)
            pools[key] = pool
            pool.userCount += 1
            return pool
        }
    }

    /// The pool that serves the next request to an upstream, with the policies of that endpoint; nil where no
    /// endpoint takes requests.
    func pool(upstream index: Int) -> (UpstreamPool, EndpointPolicy?, RetryPlan?)? {
        let upstream = snapshot.upstreams[index]
        let endpoint =
            if let balancer = upstream.balancer {
                choose(balancer, upstream, upstreams[index], worker.scratch.balanceKey) { _ in false }
            } else {
                upstream.nextEndpoint()
            }
        guard let endpoint else { return nil }
        return (upstreams[index][endpoint], upstream.policy(of: endpoint), upstream.retry)
    }

    private func choose(
        _ balancer: Balancer, _ upstream: UpstreamSnapshot, _ pools: [UpstreamPool], _ key: UInt64,
        isBarred: (Int) -> Bool
    ) -> Int? {
        balancer.choose(
            key: key, turn: upstream.nextTurn(), uptime: worker.uptime, load: { pools[$0].load }, isBarred: isBarred)
    }

    /// The pool of another endpoint of an upstream; the one tried last where there is none, where others have policies
    /// of their own, or where the upstream is no longer served.
    ///
    /// - Parameters:
    ///   - tried: those that have failed the request; one or more. They are asked again once all have.
    ///   - key: the request's own, as `RequestScratch.balanceKey`.
    ///   - isNamed: whether the request names the server it goes to, as its next one has to be named.
    func pool(
        of upstream: UpstreamSnapshot, insteadOf tried: [UpstreamPool], key: UInt64, isNamed: Bool
    ) -> UpstreamPool {
        let last = tried[tried.count - 1]
        guard let index = snapshot.upstreams.firstIndex(where: { $0 === upstream }) else { return last }
        let pools = upstreams[index]
        let usable = pools.indices.filter {
            pools[$0] !== last && upstream.policy(of: $0) == nil && (!isNamed || pools[$0].endpoint.isNamedInHost)
        }
        let untried = usable.filter { index in !tried.contains { $0 === pools[index] } }
        let others = untried.isEmpty ? usable : untried
        guard !others.isEmpty else { return last }
        if let balancer = upstream.balancer {
            return choose(balancer, upstream, pools, key) { !others.contains($0) }.map { pools[$0] } ?? last
        }
        // By their shares, where chance does not bring up the same one again and again.
        for _ in 0..<others.count {
            if let other = upstream.nextEndpoint(), others.contains(other) { return pools[other] }
        }
        return pools[others[0]]
    }
}

/// Where connections of one pool lead.
struct UpstreamEndpoint: Hashable {
    var address: StreamAddress
    /// Nil: plain text.
    var tls: UpstreamTLS?
    /// Of HTTP.
    var version = BackendVersion.byRequest
    /// Whether copies of requests go there.
    var isMirror = false
    /// Whether requests name it in their Host where nothing else says what they name.
    var isNamedInHost = false
    /// Nil: at the system's times.
    var keepalive: TCPKeepalive?
    var limits: ConnectionLimits
    /// What all loops know of it; nil: nothing.
    var condition: EndpointCondition?

    /// As it stands in `Host`.
    var authority: [UInt8] { Array(address.authority(isSecure: tls != nil).utf8) }

    /// As it stands in the log.
    var name: String { address.description }
}

/// What is served at one address of one event loop: replaced as a whole when the configuration changes.
final class BindSlot {
    /// Whose address it is, or was last.
    var served: ServedSnapshot
    /// Nil where no configuration has the address.
    var bind: BindSnapshot?
    /// Nil where the address is plain text.
    var terminator: TLSTerminator?

    init(_ served: ServedSnapshot) { self.served = served }

    var traffic: TrafficPolicy { served.traffic }
}
