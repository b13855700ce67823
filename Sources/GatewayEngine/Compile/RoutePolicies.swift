internal import GatewayModel
internal import HTTPWire

/// What becomes of a route's requests whichever upstream and names it has.
struct RoutePolicies {
    let policy: EffectivePolicy
    let guardedNames: FieldNames?
}

extension RouteSnapshot {
    convenience init(
        names: RouteNames, upstream: Int?, _ policies: RoutePolicies, _ upstreams: UpstreamTable,
        document: RouteDocument?
    ) {
        let traffic = policies.policy.traffic
        self.init(
            names: names, upstream: upstream, policy: policies.policy, guardedNames: policies.guardedNames,
            needsBody: traffic?.transformation?.needsBody ?? false || upstreams.needsBody(upstream)
                || upstreams.needsBody(traffic?.mirror?.upstream), document: document)
    }
}

/// What the routes of a policy set are compiled to anew, once for all of them.
struct PolicySetChange {
    /// Where the requests go.
    enum Target {
        case nowhere
        /// Where those of all its routes go.
        case shared(Int)
        /// Where they went before, each route's to its own.
        case unchanged
    }

    let policies: RoutePolicies
    let target: Target

    /// The same route with what is compiled now; nil where that does not say all: its upstream is to be compiled, too.
    func renewed(_ old: RouteSnapshot, _ upstreams: UpstreamTable) -> RouteSnapshot? {
        let upstream: Int?
        switch target {
        case .nowhere: upstream = nil
        case .shared(let index): upstream = index
        case .unchanged:
            guard let own = old.upstream else { return nil }
            upstream = own
        }
        return RouteSnapshot(names: old.names, upstream: upstream, policies, upstreams, document: old.document)
    }
}

extension Compiler {
    /// Compiles policy sets, each by a route that takes it; nil where that takes another one now.
    ///
    /// - Parameter upstreams: numbers of those that the configuration has.
    mutating func compile(
        _ examples: [PolicySetID: RouteID], in listener: Listener, upstreams: [UpstreamID: Int],
        after gatewayPolicy: EffectivePolicy
    ) -> [PolicySetID: PolicySetChange]? {
        guard !examples.isEmpty else { return [:] }
        let routes = Dictionary(listener.routes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let shared = Set(configuration.upstreams.filter { $0.sharedName != nil }.map(\.id))
        var changes: [PolicySetID: PolicySetChange] = [:]
        for (set, example) in examples {
            guard let route = routes[example], route.policySet == set else { return nil }
            var target = PolicySetChange.Target.nowhere
            if case .forward(let id) = route.action, let index = upstreams[id] {
                target = shared.contains(id) ? .shared(index) : .unchanged
            }
            changes[set] = PolicySetChange(
                policies: policies(of: route, in: listener, after: gatewayPolicy), target: target)
        }
        return changes
    }
}
