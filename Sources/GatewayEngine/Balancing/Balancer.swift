internal import Bytes
package import GatewayModel

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

    /// Nil where the shares say it: then `UpstreamSnapshot.endpoint(turn:)` does.
    ///
    /// - Parameter endpoints: those that take requests.
    init?(_ balance: Balance, _ endpoints: [Upstream.Endpoint]) {
        guard balance != .shares || endpoints.contains(where: { $0.priority != endpoints[0].priority }) else {
            return nil
        }
        self.balance = balance
        let priorities = Set(endpoints.map(\.priority)).sorted(by: >)
        groups = priorities.map { priority in
            endpoints.indices.filter { endpoints[$0].priority == priority }.map { index in
                let endpoint = endpoints[index]
                return Server(
                    index: index, weight: endpoint.weight,
                    hash: Array(endpoint.address.description.utf8).span.stableHash)
            }
        }
    }

    /// The index of a server; nil where all are out.
    ///
    /// - Parameters:
    ///   - key: the hash of what is the same for requests that go to the same server.
    ///   - turn: another number for each request.
    ///   - load: requests in service at a server.
    ///   - isOut: whether a server is not to be asked.
    package func choose(
        key: UInt64, turn: UInt64, load: (Int) -> Int, isOut: (Int) -> Bool
    ) -> Int? {
        for group in groups {
            let found =
                switch balance {
                case .shares: byShare(group, turn, isOut)
                case .leastRequests: leastLoaded(group, turn, load, isOut)
                case .keys: nearest(group, key, isOut)
                }
            if let found { return found }
        }
        return nil
    }

    private func byShare(_ group: [Server], _ turn: UInt64, _ isOut: (Int) -> Bool) -> Int? {
        var total = 0
        for server in group where !isOut(server.index) { total += server.weight }
        guard total > 0 else { return nil }
        var point = UpstreamSnapshot.point(turn, of: total)
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
