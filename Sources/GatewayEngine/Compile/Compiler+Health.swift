internal import GatewayModel

extension Compiler {
    /// What is known of a server: as before where neither it nor its checks have changed, and one for all upstreams whose
    /// checks have the same name. Nil where nothing has to be.
    mutating func condition(of endpoint: Upstream.Endpoint, _ balance: Balance) -> EndpointCondition? {
        guard let checks = endpoint.policies.health else {
            return balance == .latency ? EndpointCondition(endpoint.address, nil, probe: nil) : nil
        }
        let probe = checks.probe.map { probe in
            CompiledProbe(probe, of: endpoint.address, tls: probe.tls.flatMap { upstreamTLS($0, to: endpoint) })
        }
        return conditions.condition(endpoint.address, checks, probe)
    }
}

extension HealthProbe {
    /// Nil: plain text.
    fileprivate var tls: BackendTLS? {
        if case .request(let request) = kind { request.tls } else { nil }
    }
}

/// What is known of the servers of the snapshot before, and of those that have been compiled.
struct EndpointConditions: Sendable {
    private let previous: Snapshot?
    /// By the name of their checks; nil: nobody has asked yet.
    private var known: [String: [EndpointCondition]]?

    init(previous: Snapshot?) {
        self.previous = previous
    }

    mutating func condition(
        _ address: StreamAddress, _ checks: HealthChecks, _ probe: CompiledProbe?
    ) -> EndpointCondition {
        var known = self.known ?? previous?.conditionsByName ?? [:]
        // It is changed in place.
        self.known = nil
        defer { self.known = known }
        if let same = known[checks.name]?.first(where: { $0.address == address && $0.checks == checks }) {
            return same
        }
        let condition = EndpointCondition(address, checks, probe: probe)
        known[checks.name, default: []].append(condition)
        return condition
    }
}

extension Snapshot {
    /// Of all servers that have checks.
    fileprivate var conditionsByName: [String: [EndpointCondition]] {
        var found: [String: [EndpointCondition]] = [:]
        for upstream in upstreams {
            for case let condition? in upstream.conditions {
                if let name = condition.checks?.name { found[name, default: []].append(condition) }
            }
        }
        return found
    }
}
