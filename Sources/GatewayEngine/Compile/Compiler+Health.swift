internal import CEL
internal import GatewayModel

extension Compiler {
    /// What is known of a server: as before where neither it nor its checks have changed, and one for all upstreams
    /// whose checks have the same name. Nil where nothing has to be.
    mutating func condition(of endpoint: Upstream.Endpoint, _ balance: Balance) -> EndpointCondition? {
        guard let checks = endpoint.policies.health else {
            return balance == .latency ? EndpointCondition(endpoint.address, nil, probe: nil) : nil
        }
        let probe = checks.probe.map { probe in
            CompiledProbe(probe, of: endpoint.address, tls: probe.tls.flatMap { upstreamTLS($0, to: endpoint) })
        }
        let unhealthyAnswer = checks.unhealthyAnswer.flatMap { answerVerdict($0) }
        return conditions.condition(endpoint.address, checks) {
            EndpointCondition($0, $1, probe: probe, unhealthyAnswer: unhealthyAnswer)
        }
    }

    /// Nil where the expression is none, which has been reported.
    private mutating func answerVerdict(_ expression: Expression) -> CELProgram? {
        let words = "an answer is healthy or it is not: this must be true or false"
        guard let program = program(expression, of: .bool, words, at: .answerVerdict) else { return nil }
        guard !program.reads(.responseBody) else {
            refuse(expression, "'response.body' is not there: a server is judged by the head of its answer")
            return nil
        }
        return program
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
        _ address: StreamAddress, _ checks: HealthChecks,
        make: (StreamAddress, HealthChecks) -> EndpointCondition
    ) -> EndpointCondition {
        var known = self.known ?? previous?.conditionsByName ?? [:]
        // It is changed in place.
        self.known = nil
        defer { self.known = known }
        if let same = known[checks.name]?.first(where: { $0.address == address && $0.checks == checks }) {
            return same
        }
        let condition = make(address, checks)
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
