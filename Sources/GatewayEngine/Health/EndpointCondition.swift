internal import CEL
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
    /// True of answers that speak against it; nil: their statuses say it.
    let unhealthyAnswer: CELProgram?
    /// Nil: nothing but what it shows brings it back.
    private let outageNanoseconds: Int64?
    /// When it is back in service, if it is out: uptime in nanoseconds.
    private let returnsAt = Atomic<Int64>(.max)
    private let word = Atomic<UInt64>(0)
    private let removals = Atomic<UInt64>(0)
    let latency = Atomic<UInt64>(0)

    /// What a probe or a request has met.
    package enum Outcome: Equatable, Sendable {
        /// A connection was taken, which is all that was asked for.
        case connected
        case status(Int)
        /// An answer for it, or against it, by what `unhealthyAnswer` says.
        case answer(isHealthy: Bool)
        case connectionFailed
        case timeout
    }

    /// That a server has come into service again, or left it for what it has shown so many times.
    package enum Change: Equatable, Sendable {
        case restored
        case removed(HealthTally.Kind, Int)
    }

    init(_ address: StreamAddress, _ checks: HealthChecks?, probe: CompiledProbe?, unhealthyAnswer: CELProgram? = nil) {
        self.unhealthyAnswer = unhealthyAnswer
        outageNanoseconds = checks?.outage?.nanoseconds
        self.address = address
        self.checks = checks
        self.probe = probe
        answers = checks?.answers.map(CompiledCriteria.init)
    }

    /// One load where the server is well.
    ///
    /// - Parameter uptime: in nanoseconds.
    package func isOut(at uptime: Int64) -> Bool {
        let tally = tally
        guard tally.isOut else { return false }
        guard outageNanoseconds != nil, returnsAt.load(ordering: .relaxed) <= uptime else { return true }
        _ = word.compareExchange(expected: tally.word, desired: 0, ordering: .relaxed)
        return false
    }

    package var tally: HealthTally { HealthTally(word: word.load(ordering: .relaxed)) }

    /// How often it has left service.
    package var removalCount: UInt64 { removals.load(ordering: .relaxed) }

    /// Counts what a request has met.
    ///
    /// - Parameter uptime: in nanoseconds.
    package func note(request outcome: Outcome, at uptime: Int64) -> Change? {
        answers.flatMap { note(outcome, $0, uptime) }
    }

    /// Counts what a probe has met.
    ///
    /// - Parameter uptime: in nanoseconds.
    package func note(probe outcome: Outcome, at uptime: Int64) -> Change? {
        (probe?.criteria).flatMap { note(outcome, $0, uptime) }
    }

    private func note(_ outcome: Outcome, _ criteria: CompiledCriteria, _ uptime: Int64) -> Change? {
        guard let kind = criteria.kind(outcome) else { return nil }
        let limit = criteria.limit(kind)
        var before = tally
        while true {
            let after = before.counting(kind, limit: limit)
            if after == before { return nil }
            // Said first: whoever finds it out of service has to find the end of that.
            if after.isOut, !before.isOut, let outageNanoseconds {
                returnsAt.store(uptime &+ outageNanoseconds, ordering: .releasing)
            }
            let (isDone, found) = word.weakCompareExchange(
                expected: before.word, desired: after.word, ordering: .acquiringAndReleasing)
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
