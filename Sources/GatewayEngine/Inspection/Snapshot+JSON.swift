internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

// What is in force, for operators. Names, places and addresses only: no key, no secret, no value that is set in a
// header, no text of a rule, which may hold any of them.
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
        object.add("listeners", bind.listeners.map(json))
        return object.text
    }

    private func json(_ listener: ListenerSnapshot) -> [UInt8] {
        var object = JSONObjectWriter()
        object.add("name", listener.name.isEmpty ? listener.id.name : listener.name)
        object.add("gateway", listener.gatewayName)
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
                return object.text
            })
        return object.text
    }

    private static func json(_ upstream: UpstreamSnapshot) -> [[UInt8]] {
        upstream.endpoints.indices.map { index in
            json(upstream.endpoints[index], upstream.tls[index], upstream.policy(of: index))
        }
    }

    private static func json(_ endpoint: Upstream.Endpoint, _ tls: UpstreamTLS?, _ policy: EndpointPolicy?) -> [UInt8] {
        var object = JSONObjectWriter()
        switch endpoint.address {
        case .network(let host, let port):
            object.add("host", host)
            object.add("port", Int64(port))
        case .unix(let path): object.add("unix", path)
        }
        object.add("weight", Int64(endpoint.weight))
        object.add("tls", tls != nil)
        if let tls { object.add("verification", tls.trust.verification.rawValue) }
        if let serverName = tls?.serverName { object.add("serverName", serverName) }
        object.add("credentials", policy?.hasCredentials ?? false)
        if policy?.transformation != nil { object.add("transformations", true) }
        if let edit = policy?.requestEdit { object.add("changedRequestHeaders", edit.names) }
        if let edit = policy?.responseEdit { object.add("changedResponseHeaders", edit.names) }
        return object.text
    }
}

extension EffectivePolicy {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        if let jwtAuthentication { object.add("jwtAuth", jwtAuthentication.json) }
        if let consumers = furtherAuthentication?.consumers { object.add("consumers", consumers.json) }
        if let basic = furtherAuthentication?.basic { object.add("basicAuth", basic.credential.json) }
        if let apiKeys = furtherAuthentication?.apiKeys { object.add("apiKey", apiKeys.credential.json) }
        // Effect and place of each rule, in the order in which they are asked.
        if let authorization { object.add("authorization", authorization.rules.map(\.mark)) }
        if let traffic { object.add("traffic", traffic.names) }
        if let requestEdit { object.add("changedRequestHeaders", requestEdit.names) }
        if let responseEdit { object.add("changedResponseHeaders", responseEdit.names) }
        return object.text
    }
}

extension JWTAuthenticator {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", presence.rawValue)
        object.add("place", "\(provenance)")
        object.add(
            "providers",
            issuers.map { issuer in
                var object = JSONObjectWriter()
                object.add("issuers", issuer.rules.issuers)
                object.add("audiences", issuer.rules.audiences)
                object.add("keys", issuer.keySources.map(\.placeInWords))
                return object.text
            })
        return object.text
    }
}

extension ConsumerAuthenticator {
    /// How many ways to prove it each step has.
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", refusesStrangers ? "strict" : "optional")
        object.add("proofs", steps.map { "one of \($0.schemes.count)" })
        return object.text
    }
}

extension CompiledCredential {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", presence.rawValue)
        return object.text
    }
}

extension KeySource {
    fileprivate var placeInWords: String {
        switch origin {
        case .inline: "inline"
        case .file(let path): path
        case .remote(let keys): keys.place.url.withoutQuery
        }
    }
}

extension FieldEdit {
    fileprivate var names: [String] { removed.names.map { String(decoding: $0, as: UTF8.self) } }
}
