package import GatewayModel
internal import Synchronization

/// What all event loops together know of one server: whether it is in service, and how fast it answers. Outlives
/// snapshots where neither the server nor its checks change.
package final class EndpointCondition: Sendable {
    package let address: StreamAddress
    /// Nil: it is always in service.
    package let checks: HealthChecks?
    /// With the TLS of its request; nil: the server is not asked.
    package let probe: CompiledProbe?
    private let answers: CompiledCriteria?
    private let word = Atomic<UInt64>(0)
    private let removals = Atomic<UInt64>(0)
    let latency = Atomic<UInt64>(0)

    /// What a probe or a request has met.
    package enum Outcome: Equatable, Sendable {
        /// A connection was taken, which is all that was asked for.
        case connected
        case status(Int)
        case connectionFailed
        case timeout
    }

    /// That a server has come into service again, or left it for what it has shown so many times.
    package enum Change: Equatable, Sendable {
        case restored
        case removed(HealthTally.Kind, Int)
    }

    init(_ address: StreamAddress, _ checks: HealthChecks?, probe: CompiledProbe?) {
        self.address = address
        self.checks = checks
        self.probe = probe
        answers = checks?.answers.map(CompiledCriteria.init)
    }

    /// One load where the server is well.
    package var isOut: Bool { tally.isOut }

    package var tally: HealthTally { HealthTally(word: word.load(ordering: .relaxed)) }

    /// How often it has left service.
    package var removalCount: UInt64 { removals.load(ordering: .relaxed) }

    /// Counts what a request has met.
    package func note(request outcome: Outcome) -> Change? {
        answers.flatMap { note(outcome, $0) }
    }

    /// Counts what a probe has met.
    package func note(probe outcome: Outcome) -> Change? {
        (probe?.criteria).flatMap { note(outcome, $0) }
    }

    private func note(_ outcome: Outcome, _ criteria: CompiledCriteria) -> Change? {
        guard let kind = criteria.kind(outcome) else { return nil }
        let limit = criteria.limit(kind)
        var before = tally
        while true {
            let after = before.counting(kind, limit: limit)
            if after == before { return nil }
            let (isDone, found) = word.weakCompareExchange(
                expected: before.word, desired: after.word, ordering: .relaxed)
            guard isDone else {
                before = HealthTally(word: found)
                continue
            }
            if after.isOut == before.isOut { return nil }
            guard after.isOut else { return .restored }
            removals.wrappingAdd(1, ordering: .relaxed)
            return .removed(kind, limit)
        }
    }
}

/// Each is what is known of one server, and no other's.
extension EndpointCondition: Hashable {
    package static func == (one: EndpointCondition, other: EndpointCondition) -> Bool { one === other }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
