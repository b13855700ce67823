import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Servers of an upstream` {
    private static func gateway(
        _ balance: Balance, _ servers: [(host: String, weight: Int, priority: Int)], key: String? = nil
    ) throws -> TestGateway {
        var configuration = GatewayConfiguration([.named("backend")], [])
        configuration.upstreams[0].balance = balance
        configuration.upstreams[0].endpoints = servers.map {
            Upstream.Endpoint(.network(host: $0.host, port: 1), weight: $0.weight, priority: $0.priority)
        }
        if let key { configuration.attachments.append(.policy(.balanceKey(Expression(key, at: here)))) }
        return try TestGateway(configuration)
    }

    private static let three = [("a", 1, 0), ("b", 2, 0), ("c", 1, 0)]

    /// The host for each of some keys.
    private static func hosts(
        _ gateway: TestGateway, out: Set<Int> = [], keys: Range<UInt64> = 0..<4000
    ) throws -> [String] {
        let upstream = gateway.snapshot.upstreams[0]
        let balancer = try #require(upstream.balancer)
        return keys.compactMap { key in
            let found = balancer.choose(
                key: key &* 0x9E37_79B9_7F4A_7C15, turn: 0, uptime: 0, load: { _ in 0 },
                isBarred: { out.contains($0) })
            return found.flatMap { upstream.endpoints[$0].address.host }
        }
    }

    private static func counts(_ hosts: [String]) -> [String: Int] {
        Dictionary(hosts.map { ($0, 1) }, uniquingKeysWith: +)
    }

    @Test func `share keys by weight, and lose no other when one is out`() throws {
        let gateway = try Self.gateway(.keys, Self.three)
        let before = try Self.hosts(gateway)
        let counts = Self.counts(before)
        #expect((1800...2200).contains(counts["b"] ?? 0) && (850...1150).contains(counts["a"] ?? 0), "\(counts)")
        let after = try Self.hosts(gateway, out: [0])
        for (old, new) in zip(before, after) { #expect(old == "a" ? new != "a" : new == old) }
    }

    @Test func `keep their keys in another order, and beside a new one`() throws {
        let before = try Self.hosts(try Self.gateway(.keys, Self.three))
        #expect(try Self.hosts(try Self.gateway(.keys, Self.three.reversed())) == before)
        let more = try Self.hosts(try Self.gateway(.keys, Self.three + [("d", 1, 0)]))
        for (old, new) in zip(before, more) { #expect(new == old || new == "d") }
    }

    @Test func `get the request with the least in service for their share`() throws {
        let gateway = try Self.gateway(.leastRequests, Self.three)
        let balancer = try #require(gateway.snapshot.upstreams[0].balancer)
        func chosen(_ loads: [Int], turn: UInt64 = 0) -> Int? {
            balancer.choose(key: 0, turn: turn, uptime: 0, load: { loads[$0] }, isBarred: { _ in false })
        }
        #expect(chosen([0, 3, 1]) == 0)
        #expect(chosen([2, 3, 2]) == 1)
        #expect(chosen([2, 9, 1]) == 2)
        // Equally loaded, each in its turn.
        #expect(Set((0..<3).map { chosen([0, 1, 0], turn: $0) }) == [0, 1, 2])
    }

    @Test func `of a lower priority are asked when those above are out`() throws {
        let gateway = try Self.gateway(.shares, [("spare", 1, -1), ("a", 3, 0), ("b", 1, 0)])
        let balancer = try #require(gateway.snapshot.upstreams[0].balancer)
        func chosen(out: Set<Int>) -> [Int?] {
            (0..<400).map { turn in
                balancer.choose(key: 0, turn: turn, uptime: 0, load: { _ in 0 }, isBarred: { out.contains($0) })
            }
        }
        let usual = chosen(out: [])
        #expect((270...330).contains(usual.count { $0 == 1 }) && !usual.contains(0))
        #expect(Set(chosen(out: [1])) == [2])
        #expect(Set(chosen(out: [1, 2])) == [0])
        #expect(Set(chosen(out: [0, 1, 2])) == [nil])
    }

    @Test func `are chosen by what an expression says, or else by the source`() throws {
        var gateway = try Self.gateway(.keys, Self.three, key: "request.headers['x-user']")
        func key(_ lines: String) -> UInt64 {
            _ = gateway.get("/", lines)
            return gateway.scratch.balanceKey
        }
        #expect(key("X-User: 1\r\n") == key("x-user: 1\r\n"))
        #expect(key("X-User: 1\r\n") != key("X-User: 2\r\n"))
        #expect(key("") == key("X-Other: 1\r\n"))
        #expect(key("") != key("X-User: 1\r\n"))
        #expect(key("") != 0)
    }
}
