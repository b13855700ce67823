internal import Bytes
internal import GatewayModel
internal import HTTPWire

// What is in force, for operators: what policies say, but for keys, secrets, values of headers that are set or matched,
// bodies, and the text of rules and other expressions, which may hold any of them.
extension Snapshot {
    /// The snapshot as one JSON object, with a line end.
    package var json: String { Self.json([self]) }

    /// What several snapshots serve side by side, in the same form.
    package static func json(_ snapshots: [Snapshot]) -> String {
        var object = JSONObjectWriter()
        object.add("binds", snapshots.flatMap { snapshot in snapshot.binds.map(snapshot.json) })
        return String(decoding: object.text, as: UTF8.self) + "\n"
    }

    private func json(_ bind: BindSnapshot) -> [UInt8] {
        var object = JSONObjectWriter()
        object.add("address", "\(bind.address)")
        object.add("tls", !bind.tls.isEmpty)
        if let keepalive = traffic.tcpKeepalive {
            var tcp = JSONObjectWriter()
            tcp.add("keepalives", keepalive.json)
            object.add("tcp", tcp.text)
        }
        object.add(
            "listeners",
            bind.listeners.map { listener in json(listener, bind.tls.first { $0.listener == listener.id }) })
        return object.text
    }

    private func json(_ listener: ListenerSnapshot, _ tls: TLSSettings?) -> [UInt8] {
        let matches = MatchesByRoute(listener.routes)
        var object = JSONObjectWriter()
        object.add("name", listener.name.isEmpty ? listener.id.name : listener.name)
        object.add("gateway", listener.gatewayName)
        object.add("tls", tls?.json)
        object.add("gatewayPolicies", listener.gatewayPolicy.json)
        object.add("unroutedPolicies", listener.unroutedPolicy.json)
        object.add(
            "routes",
            listener.routes.indices.map { number in
                let route = listener.routes[number]
                var object = JSONObjectWriter()
                object.add("name", route.names[number])
                object.add("policies", route.policy.json)
                object.add("backends", route.upstream.map { Self.json(upstreams[$0]) } ?? [])
                object.add("backendRetry", route.upstream.flatMap { upstreams[$0].retry?.json })
                matches.describe(number, to: &object)
                return object.text
            })
        return object.text
    }

    private static func json(_ upstream: UpstreamSnapshot) -> [[UInt8]] {
        upstream.endpoints.indices.map { index in
            var object = JSONObjectWriter()
            describe(
                upstream.endpoints[index], upstream.tls[index], upstream.policy(of: index),
                upstream.connections.limited(by: upstream.endpoints[index].policies),
                to: &object)
            if !upstream.conditions.isEmpty { object.add("health", upstream.conditions[index]?.checks?.json) }
            return object.text
        }
    }

    private static func describe(
        _ endpoint: Upstream.Endpoint, _ tls: UpstreamTLS?, _ policy: EndpointPolicy?, _ connections: ConnectionLimits,
        to object: inout JSONObjectWriter
    ) {
        switch endpoint.address {
        case .network(let host, let port):
            object.add("host", host)
            object.add("port", Int64(port))
        case .unix(let path): object.add("unix", path)
        }
        object.add("weight", Int64(endpoint.weight))
        object.add("tls", tls?.json ?? Array("false".utf8))
        object.add("tcp", connections.json(endpoint.policies.keepalive))
        object.add("requestMilliseconds", endpoint.policies.requestTimeout.map { $0.nanoseconds / 1_000_000 })
        object.add("credentials", policy?.hasCredentials ?? false)
        object.add("transformations", policy?.transformation?.json)
        if let edit = policy?.requestEdit { object.add("changedRequestHeaders", edit.names) }
        if let edit = policy?.responseEdit { object.add("changedResponseHeaders", edit.names) }
    }
}

extension EffectivePolicy {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        if let jwtAuthentication { object.add("jwtAuth", jwtAuthentication.json) }
        if let consumers = furtherAuthentication?.consumers { object.add("consumers", consumers.json) }
        if let combined = furtherAuthentication?.combined { object.add("authentication", combined.json) }
        if let basic = furtherAuthentication?.basic { object.add("basicAuth", basic.json) }
        if let apiKeys = furtherAuthentication?.apiKeys { object.add("apiKey", apiKeys.json) }
        // Effect and place of each rule, in the order in which they are asked.
        if let authorization { object.add("authorization", authorization.rules.map(\.mark)) }
        if let trial = authorization?.trial { object.add("authorizationLogOnly", trial.rules.map(\.mark)) }
        if let traffic { object.add("traffic", traffic.json) }
        if let requestEdit { object.add("changedRequestHeaders", requestEdit.names) }
        if let responseEdit { object.add("changedResponseHeaders", responseEdit.names) }
        return object.text
    }
}

extension FieldEdit {
    fileprivate var names: [String] { removed.inWords }
}
