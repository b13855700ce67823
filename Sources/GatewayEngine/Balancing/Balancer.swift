internal import Bytes
internal import GatewayModel

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Chooses a server of an upstream where shares alone do not say which. Allocates nothing.
package final class Balancer: Sendable {
    private struct Server: Sendable {
        let index: Int
        let weight: Int
        /// Of its address.
        let hash: UInt64
    }

    private let balance: Balance
    /// Servers of equal priority, those of the highest one first.
    private let groups: [[Server]]
    /// Of each group, where all of it is asked.
    private let orders: [ShareOrder]
    /// Of each server; empty where all are always in service.
    private let conditions: [EndpointCondition?]

    /// Nil where the shares say it: then `UpstreamSnapshot.nextEndpoint()` does.
    ///
    /// - Parameters:
    ///   - endpoints: those that take requests.
    ///   - conditions: of each; empty where all are always in service.
    init?(_ balance: Balance, _ endpoints: [Upstream.Endpoint], _ conditions: [EndpointCondition?]) {
        guard
            balance != .shares || !conditions.isEmpty
                || endpoints.contains(where: { $0.priority != endpoints[0].priority })
        else { return nil }
        self.balance = balance
        self.conditions = conditions
        let priorities = Set(endpoints.map(\.priority)).sorted(by: >)
        groups = priorities.map { priority in
            endpoints.indices.filter { endpoints[$0].priority == priority }.map { index in
                let endpoint = endpoints[index]
                return Server(
                    index: index, weight: endpoint.weight,
                    hash: Array(endpoint.address.description.utf8).span.stableHash)
            }
        }
        orders = groups.map { group in ShareOrder(total: group.reduce(0) { $0 + $1.weight }) }
    }

    /// The index of a server; nil where none may be asked. Where all that may be are out of service, that is as if
    /// none were.
    ///
    /// - Parameters:
    ///   - key: the hash of what is the same for requests that go to the same server.
    ///   - turn: another number for each request.
    ///   - uptime: in nanoseconds.
    ///   - load: requests in service at a server.
    ///   - isBarred: whether a server is not to be asked.
    package func choose(
        key: UInt64, turn: UInt64, uptime: Int64, load: (Int) -> Int, isBarred: (Int) -> Bool
    ) -> Int? {
        if conditions.isEmpty { return chooseAny(key, turn, uptime, load, isBarred) }
        return chooseAny(key, turn, uptime, load) { isBarred($0) || conditions[$0]?.isOut(at: uptime) ?? false }
            ?? chooseAny(key, turn, uptime, load, isBarred)
    }

    private func chooseAny(
        _ key: UInt64, _ turn: UInt64, _ uptime: Int64, _ load: (Int) -> Int, _ isOut: (Int) -> Bool
    ) -> Int? {
        for (group, order) in zip(groups, orders) {
            let found =
                switch balance {
                case .shares: byShare(group, order, turn, isOut)
                case .leastRequests: leastLoaded(group, turn, load, isOut)
                case .latency: fastest(group, turn, uptime, isOut)
                case .keys: nearest(group, key, isOut)
                }
            if let found { return found }
        }
        return nil
    }

    private func byShare(
        _ group: [Server], _ order: ShareOrder, _ turn: UInt64, _ isOut: (Int) -> Bool
    ) -> Int? {
        var total = 0
        for server in group where !isOut(server.index) { total += server.weight }
        guard total > 0 else { return nil }
        var point = (total == order.total ? order : ShareOrder(total: total)).point(turn)
        for server in group where !isOut(server.index) {
            if point < server.weight { return server.index }
            point -= server.weight
        }
        return nil
    }

    /// Of those that are equally loaded each in its turn.
    private func leastLoaded(
        _ group: [Server], _ turn: UInt64, _ load: (Int) -> Int, _ isOut: (Int) -> Bool
    ) -> Int? {
        var best: (server: Server, load: Int)?
        for offset in group.indices {
            let server = group[(offset + Int(turn % UInt64(group.count))) % group.count]
            if isOut(server.index) { continue }
            let known = load(server.index) + 1
            if let best, known * best.server.weight >= best.load * server.weight { continue }
            best = (server, known)
        }
        return best?.server.index
    }

    /// Of two servers, each request's own, the one that has answered sooner of late: what all ask at once would be
    /// fast no longer. Weights do not count.
    private func fastest(_ group: [Server], _ turn: UInt64, _ uptime: Int64, _ isOut: (Int) -> Bool) -> Int? {
        let count = group.count { !isOut($0.index) }
        guard count > 0 else { return nil }
        let first = Int(truncatingIfNeeded: turn % UInt64(count))
        let distance = count > 1 ? 1 + Int(truncatingIfNeeded: turn.mixed % UInt64(count - 1)) : 0
        let second = (first + distance) % count
        var candidates = (first: 0, second: 0)
        var position = 0
        for server in group where !isOut(server.index) {
            if position == first { candidates.first = server.index }
            if position == second { candidates.second = server.index }
            position += 1
        }
        func latency(_ index: Int) -> Float { conditions[index]?.expectedLatency(at: uptime) ?? 0 }
        return latency(candidates.second) < latency(candidates.first) ? candidates.second : candidates.first
    }

    /// Rendezvous hashing: each server draws a number for the key, by its weight, and the least one wins. Whoever is
    /// out loses its keys to all others, by their weights, and nothing else moves.
    private func nearest(_ group: [Server], _ key: UInt64, _ isOut: (Int) -> Bool) -> Int? {
        var best: (index: Int, draw: Double)?
        for server in group where !isOut(server.index) {
            // From 0, which is not among them, to 1.
            let uniform = Double(((key ^ server.hash).mixed >> 11) + 1) / Double(UInt64(1) << 53)
            let draw = -log(uniform) / Double(server.weight)
            if let best, best.draw <= draw { continue }
            best = (server.index, draw)
        }
        return best?.index
    }
}

extension Span<UInt8> {
    /// FNV-1a, mixed: the same in every process, so that gateways side by side send a key to the same server.
    var stableHash: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in indices { hash = (hash ^ UInt64(self[index])) &* 0x100_0000_01B3 }
        return hash.mixed
    }
}

extension UInt64 {
    /// Every bit depends on every bit (the finalizer of SplitMix64).
    fileprivate var mixed: UInt64 {
        var value = self &+ 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
