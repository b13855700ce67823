package import GatewayModel
internal import Synchronization

/// The servers of an upstream, with their shares laid out.
package final class UpstreamSnapshot: Sendable {
    package let id: UpstreamID
    package let endpoints: [Upstream.Endpoint]
    /// Running sums of the weights; the last is their total.
    private let shares: [Int]
    /// Of each endpoint; empty where none has any.
    private let policies: [EndpointPolicy?]
    /// Of each endpoint; nil: plain text.
    package let tls: [UpstreamTLS?]
    /// Of each endpoint; empty where all are always in service.
    package let conditions: [EndpointCondition?]
    /// Nil where shares say which endpoint takes a request.
    package let balancer: Balancer?
    package let connections: ConnectionLimits
    /// Holds where the route says nothing of its own; nil: nothing is sent once more.
    package let retry: RetryPlan?

    /// Whether copies of requests go there: they share no connection with requests whose answer somebody reads.
    package let isMirror: Bool

    /// Requests that were shared out among several endpoints, by all event loops.
    private let turns = Atomic<UInt64>(0)
    /// Nil where there is nothing to choose.
    private let order: ShareOrder?

    init(_ upstream: Upstream, id: UpstreamID, isMirror: Bool, compile: (Upstream.Endpoint) -> CompiledEndpoint) {
        self.id = id
        self.isMirror = isMirror
        let endpoints = upstream.endpoints.filter { $0.weight > 0 }
        self.endpoints = endpoints
        connections = ConnectionLimits(upstream.connections)
        retry = upstream.retry.map(RetryPlan.init)
        let compiled = endpoints.map(compile)
        tls = compiled.map(\.tls)
        // Few have any: a hundred thousand upstreams make no list each to find that out.
        policies = compiled.contains { $0.policy != nil } ? compiled.map(\.policy) : []
        conditions = compiled.contains { $0.condition != nil } ? compiled.map(\.condition) : []
        balancer = Balancer(upstream.balance, endpoints, self.conditions)
        var total = 0
        self.shares = endpoints.map { endpoint in
            total += endpoint.weight
            return total
        }
        order = endpoints.count > 1 ? ShareOrder(total: total) : nil
    }

    /// Whether a transformation of any of them asks for the request's body.
    var needsBody: Bool { policies.contains { $0?.transformation?.needsBody ?? false } }

    package func policy(of endpoint: Int) -> EndpointPolicy? { policies.isEmpty ? nil : policies[endpoint] }

    /// The endpoint of the next request, by weight; nil where none takes requests.
    package func nextEndpoint() -> Int? {
        guard let order else { return endpoints.isEmpty ? nil : 0 }
        let point = order.point(nextTurn())
        return shares.firstIndex { point < $0 }
    }

    /// From 0, whichever loop asks: so many requests in a row as all weights together go by the weights exactly.
    package func nextTurn() -> UInt64 { turns.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// What an endpoint compiles to.
struct CompiledEndpoint {
    var policy: EndpointPolicy?
    /// Nil: plain text.
    var tls: UpstreamTLS?
    /// Nil: it is always in service.
    var condition: EndpointCondition?
}
