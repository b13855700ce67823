import GatewayEngine
import GatewayModel
import Testing

@Suite struct `What a server has shown` {
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        /// `+` a success, `s` a bad status, `c` no connection, `t` a timeout.
        let events: String
        let isOut: Bool
    }

    /// Two successes; three bad statuses, two failed connections, never a timeout.
    private static let limits: [HealthTally.Kind: Int] = [.success: 2, .status: 3, .connection: 2, .timeout: 0]
    private static let kinds: [Character: HealthTally.Kind] = [
        "+": .success, "s": .status, "c": .connection, "t": .timeout,
    ]

    @Test(arguments: [
        Case(testDescription: "nothing", events: "", isOut: false),
        Case(testDescription: "fewer failures than it takes", events: "ss", isOut: false),
        Case(testDescription: "as many as it takes", events: "sss", isOut: true),
        Case(testDescription: "failures of two kinds, each for itself", events: "ssc", isOut: false),
        Case(testDescription: "one kind among others", events: "scsc", isOut: true),
        Case(testDescription: "a success between failures", events: "ss+ss", isOut: false),
        Case(testDescription: "what has no limit", events: "tttttttt", isOut: false),
        Case(testDescription: "fewer successes than it takes", events: "cc+", isOut: true),
        Case(testDescription: "a failure between successes", events: "cc+s+", isOut: true),
        Case(testDescription: "what has no limit between successes", events: "cc+t+", isOut: false),
        Case(testDescription: "successes in a row", events: "cc++", isOut: false),
        Case(testDescription: "failures from the beginning once it is back", events: "sss++ss", isOut: false),
    ])
    func `takes it out of service or not`(_ example: Case) throws {
        var tally = HealthTally()
        for event in example.events {
            let kind = try #require(Self.kinds[event])
            tally = tally.counting(kind, limit: Self.limits[kind] ?? 0)
        }
        #expect(tally.isOut == example.isOut)
    }

    @Test func `is not written anew for a server that stays well`() {
        #expect(HealthTally().counting(.success, limit: 254) == HealthTally())
        var tally = HealthTally()
        for _ in 0..<300 { tally = tally.counting(.status, limit: 254) }
        #expect(tally.isOut && tally.counting(.timeout, limit: 3) == tally)
    }
}

@Suite struct `Servers that are checked` {
    private static func checks(_ name: String = "upstreams/1", failures: Int = 2) -> HealthChecks {
        HealthChecks(
            name: name, probe: nil,
            answers: HealthCriteria(
                healthyStatuses: [200], unhealthyStatuses: [500, 503], successes: 1, statusFailures: failures,
                connectionFailures: 1, timeouts: 1))
    }

    private static func configuration(
        _ balance: Balance = .shares, _ checks: HealthChecks? = checks(), priorities: [Int] = [0, 0, 0]
    ) -> GatewayConfiguration {
        var configuration = GatewayConfiguration([.named("backend")])
        configuration.upstreams[0].balance = balance
        configuration.upstreams[0].endpoints = zip("abc", priorities).map { host, priority in
            Upstream.Endpoint(
                .network(host: "\(host)", port: 1), weight: 1, priority: priority, policies: .init(health: checks))
        }
        return configuration
    }

    private static func upstream(_ configuration: GatewayConfiguration, after previous: Snapshot? = nil) throws
        -> UpstreamSnapshot
    {
        try #require(snapshot(configuration, after: previous).upstreams.first)
    }

    private static func snapshot(_ configuration: GatewayConfiguration, after previous: Snapshot? = nil) throws
        -> Snapshot
    {
        try #require(Compiler.compile(configuration, keys: KeyMaterial(), previous: previous).snapshot)
    }

    private static func condition(_ upstream: UpstreamSnapshot, _ index: Int) throws -> EndpointCondition {
        try #require(upstream.conditions[index])
    }

    /// Who is chosen in some turns.
    private static func chosen(_ upstream: UpstreamSnapshot, barred: Set<Int> = []) throws -> Set<Int?> {
        let balancer = try #require(upstream.balancer)
        return Set(
            (0..<60).map { number in
                balancer.choose(
                    key: UInt64(number) &* 0x9E37_79B9_7F4A_7C15, turn: upstream.nextTurn(), uptime: 0,
                    load: { _ in 0 }, isBarred: { barred.contains($0) })
            })
    }

    @Test(arguments: [Balance.shares, .keys, .leastRequests, .latency])
    func `are left out while they are out of service, unless all are`(_ balance: Balance) throws {
        let upstream = try Self.upstream(Self.configuration(balance))
        #expect(try Self.chosen(upstream) == [0, 1, 2])
        #expect(try Self.condition(upstream, 1).note(request: .connectionFailed) == .removed(.connection, 1))
        #expect(try Self.chosen(upstream) == [0, 2])
        #expect(try Self.chosen(upstream, barred: [0]) == [2])
        // Rather one that is out than none.
        #expect(try Self.chosen(upstream, barred: [0, 2]) == [1])
        _ = try Self.condition(upstream, 0).note(request: .timeout)
        _ = try Self.condition(upstream, 2).note(request: .timeout)
        #expect(try Self.chosen(upstream) == [0, 1, 2])
        #expect(try Self.chosen(upstream, barred: [0, 1, 2]) == [nil])
    }

    @Test func `are replaced by those of a lower priority`() throws {
        let upstream = try Self.upstream(Self.configuration(priorities: [1, 1, 0]))
        #expect(try Self.chosen(upstream) == [0, 1])
        _ = try Self.condition(upstream, 0).note(request: .timeout)
        _ = try Self.condition(upstream, 1).note(request: .timeout)
        #expect(try Self.chosen(upstream) == [2])
        #expect(try Self.condition(upstream, 0).note(request: .status(200)) == .restored)
        #expect(try Self.chosen(upstream) == [0])
    }

    @Test func `are judged by the statuses that were named, and no others`() throws {
        let condition = try Self.condition(Self.upstream(Self.configuration()), 0)
        for _ in 0..<9 { #expect(condition.note(request: .status(404)) == nil) }
        #expect(condition.note(request: .status(500)) == nil)
        #expect(condition.note(request: .status(200)) == nil)
        #expect(condition.note(request: .status(503)) == nil)
        #expect(condition.note(request: .status(500)) == .removed(.status, 2))
        #expect(condition.isOut && condition.removalCount == 1)
        // Nobody probes it.
        #expect(condition.note(probe: .status(200)) == nil)
    }

    @Test func `stay as they are when the configuration changes elsewhere`() throws {
        let first = try Self.snapshot(Self.configuration())
        _ = try Self.condition(#require(first.upstreams.first), 0).note(request: .timeout)
        var changed = Self.configuration(.leastRequests)
        changed.upstreams[0].endpoints[0].weight = 7
        changed.upstreams[0].endpoints.remove(at: 1)
        let second = try Self.snapshot(changed, after: first)
        let kept = try #require(second.upstreams.first)
        #expect(try Self.condition(kept, 0).isOut && !Self.condition(kept, 1).isOut)
        #expect(try Self.condition(kept, 1) === Self.condition(#require(first.upstreams.first), 2))
        // Other checks begin anew, as do those of another name.
        for checks in [Self.checks(failures: 3), Self.checks("upstreams/2")] {
            let other = try Self.upstream(Self.configuration(.shares, checks), after: second)
            #expect(try !Self.condition(other, 0).isOut)
        }
        #expect(try Self.upstream(Self.configuration(.shares, nil), after: second).conditions.isEmpty)
    }

    @Test func `share what is known with other upstreams of the name`() throws {
        var configuration = Self.configuration()
        configuration.upstreams.append(configuration.upstreams[0])
        configuration.upstreams[1].id = UpstreamID("second")
        configuration.upstreams[1].connections.connectTimeout = .seconds(3)
        let upstreams = try Self.snapshot(configuration).upstreams
        try #require(upstreams.count == 2)
        #expect(try Self.condition(upstreams[0], 2) === Self.condition(upstreams[1], 2))
    }

    @Test func `are shown to operators`() throws {
        let snapshot = try Self.snapshot(Self.configuration(.shares, Self.checks("up\"1\\")))
        let upstream = try #require(snapshot.upstreams.first)
        _ = try Self.condition(upstream, 0).note(request: .timeout)
        _ = try Self.condition(upstream, 1).note(request: .status(500))
        let metrics = Snapshot.healthMetrics([snapshot], at: 0).split(separator: "\n")
        for (host, value) in [("a", 0), ("b", 1), ("c", 1)] {
            let labels = #"{upstream="up\"1\\",endpoint="\#(host):1"}"#
            #expect(metrics.contains("tollgate_upstream_endpoint_healthy\(labels) \(value)"))
            #expect(metrics.contains("tollgate_upstream_endpoint_removals_total\(labels) \(1 - value)"))
        }
        #expect(Snapshot.healthJSON([snapshot], at: 0).contains(#""hostname":"a","port":1,"status":"unhealthy""#))
        #expect(
            Snapshot.healthJSON([snapshot], at: 0).contains(
                #""status":"mostly_healthy","counter":{"success":0,"http_failure":1,"#))
        #expect(try Snapshot.healthMetrics([Self.snapshot(Self.configuration(.shares, nil))], at: 0).isEmpty)
    }
}

@Suite struct `Servers that are left out for a time` {
    private static let second: Int64 = 1_000_000_000

    private static func condition() throws -> EndpointCondition {
        let checks = HealthChecks(
            name: "route a", probe: nil,
            answers: HealthCriteria(
                healthyStatuses: Array(100..<500), unhealthyStatuses: Array(500..<600), successes: 1, statusFailures: 3,
                connectionFailures: 3, timeouts: 3, addsUpFailures: true),
            outage: .seconds(30))
        var configuration = GatewayConfiguration([.named("backend")])
        configuration.upstreams[0].endpoints[0].policies.health = checks
        return try #require(try TestGateway(configuration).snapshot.upstreams[0].conditions[0])
    }

    @Test func `leave after failures of any kinds in a row, and come back by themselves`() throws {
        let condition = try Self.condition()
        let (second, begin) = (Self.second, 100 * Self.second)
        #expect(condition.note(request: .status(503), at: begin) == nil)
        #expect(condition.note(request: .timeout, at: begin) == nil)
        #expect(condition.note(request: .status(404), at: begin) == nil)
        #expect(condition.note(request: .connectionFailed, at: begin) == nil)
        #expect(condition.note(request: .answer(isHealthy: false), at: begin) == nil)
        #expect(condition.note(request: .status(500), at: begin) == .removed(.status, 3))
        #expect(condition.isOut(at: begin) && condition.isOut(at: begin + 30 * second - 1))
        #expect(!condition.isOut(at: begin + 30 * second))
        // From the beginning.
        #expect(condition.note(request: .status(500), at: begin + 31 * second) == nil)
        #expect(!condition.isOut(at: begin + 31 * second))
    }

    @Test func `come back by an answer, too`() throws {
        let condition = try Self.condition()
        for _ in 0..<3 { _ = condition.note(request: .timeout, at: 0) }
        #expect(condition.isOut(at: 1))
        #expect(condition.note(request: .answer(isHealthy: true), at: 1) == .restored)
        #expect(!condition.isOut(at: 1))
    }
}

extension EndpointCondition {
    fileprivate func note(request outcome: Outcome) -> Change? { note(request: outcome, at: 0) }
    fileprivate func note(probe outcome: Outcome) -> Change? { note(probe: outcome, at: 0) }
    fileprivate var isOut: Bool { isOut(at: 0) }
}

@Suite struct `The server that answers soonest` {
    @Test func `is asked, until what is known of the others is old`() throws {
        var configuration = GatewayConfiguration([.named("backend")])
        configuration.upstreams[0].balance = .latency
        configuration.upstreams[0].endpoints = "ab".map {
            Upstream.Endpoint(.network(host: "\($0)", port: 1), weight: 1)
        }
        let upstream = try TestGateway(configuration).snapshot.upstreams[0]
        let balancer = try #require(upstream.balancer)
        let servers = try upstream.conditions.map { try #require($0) }
        let second: Int64 = 1_000_000_000
        func chosen(at uptime: Int64) -> Set<Int?> {
            Set(
                (0..<8).map { _ in
                    balancer.choose(
                        key: 0, turn: upstream.nextTurn(), uptime: uptime, load: { _ in 0 }, isBarred: { _ in false })
                })
        }
        servers[0].note(answerAfter: second / 10, at: second)
        #expect(chosen(at: second) == [1])
        servers[1].note(answerAfter: second / 5, at: second)
        #expect(chosen(at: second) == [0])
        for step: Int64 in 0..<20 { servers[0].note(answerAfter: second / 10, at: second * (2 + step)) }
        // By now the other one may have become faster.
        #expect(chosen(at: second * 22) == [1])
    }
}
