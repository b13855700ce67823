internal import Bytes
internal import GatewayModel

// Where requests of a route go, and how.

extension APISIXDecoder {
    /// An upstream, and the document that it is or stands in.
    struct Target {
        var value: JSONTree
        var owner: APISIXDocument
    }

    /// The route's own upstream before its service's; nil where there is none, or where it is for streams, or balanced
    /// in a way that nobody knows: such a one may be written, and no request is sent to it.
    mutating func target(of route: APISIXDocument, service: APISIXDocument?) -> Target? {
        guard let target = writtenTarget(of: route, service: service) else { return nil }
        for (field, offered) in Self.offered {
            guard let written = target.value[field]?.string, !offered.contains(written) else { continue }
            diagnostics.append(
                Diagnostic(
                    .warning, "upstream_not_offered",
                    "the upstream's `\(field)` `\(written)` is not offered for requests: they are answered 503",
                    at: route.provenance, hint: "offered: \(offered.joined(separator: ", "))"))
            return nil
        }
        return target
    }

    /// APISIX takes any `type` when it is written, and schemes of streams.
    private static let offered = [
        (field: "scheme", values: ["http", "https", "grpc", "grpcs"]),
        (field: "type", values: ["roundrobin", "chash", "least_conn", "ewma"]),
    ]

    private func writtenTarget(of route: APISIXDocument, service: APISIXDocument?) -> Target? {
        for owner in [route, service].compactMap(\.self) {
            if let inline = owner.value["upstream"] { return Target(value: inline, owner: owner) }
            if let id = owner.value["upstream_id"] {
                return document(.upstream, id).map { Target(value: $0.value, owner: $0) }
            }
        }
        return nil
    }

    /// Attaches what the upstream of a route says of its requests.
    ///
    /// - Parameter scope: the route's, or that of the policy set that it has its policies from.
    mutating func attachBounds(_ target: Target, of route: APISIXDocument, to scope: Attachment.Scope) {
        let (value, owner) = (target.value, target.owner)
        let place = PluginPlace(
            scope: scope, phase: .route, variables: APISIXVariables(), provenance: owner.provenance)
        if value["type"]?.string == "chash", let key = balanceKey(value, at: owner.provenance) {
            attach(.balanceKey(key), at: place)
        }
        let timeout = route.value["timeout"] ?? value["timeout"]
        if let read = Self.seconds(timeout?["read"]) {
            attach(.timeouts(RouteTimeouts(request: nil, upstream: read, silence: read)), at: place)
        }
    }

    /// - Parameter route: nil: none that has a say in it.
    mutating func upstream(_ target: Target, by route: APISIXDocument?) -> UpstreamID {
        let (value, owner) = (target.value, target.owner)
        // A time to connect in is the servers', and a route may have one of its own.
        let ownTimeout = route?.value["timeout"]
        let id = UpstreamID(ownTimeout == nil ? owner.key : "\(owner.key) by \(route?.key ?? "")")
        guard knownUpstreams.insert(id).inserted else { return id }
        let endpoints = Self.endpoints(value, of: owner)
        if upstreamOwners.insert(owner.key).inserted { warn(ofUnverified: endpoints, at: owner.provenance) }
        var connections = Self.connections(value["keepalive_pool"])
        connections.connectTimeout = Self.seconds((ownTimeout ?? value["timeout"])?["connect"])
        let isShared = ownTimeout == nil && owner.kind != .route
        upstreams.append(
            Upstream(
                id: id, endpoints: endpoints, balance: Self.balance(value), connections: connections,
                retry: Self.retry(value, among: endpoints), sharedName: isShared ? owner.key : nil,
                provenance: owner.provenance))
        return id
    }

    /// The upstream that a document is, or that stands in it, without any route.
    mutating func upstream(alone owner: APISIXDocument) {
        guard let value = owner.serversValue else { return }
        _ = upstream(Target(value: value, owner: owner), by: nil)
    }

    /// Whether routes mean the same whichever of two versions of a document they name: then nothing but the upstream
    /// has to be compiled.
    ///
    /// - Parameter old: what it was; no route that names it has a `timeout` of its own.
    static func meansTheSameToRoutes(_ old: APISIXDocument, _ new: APISIXDocument) -> Bool {
        guard let was = old.serversValue, let will = new.serversValue else { return false }
        let around = APISIXDocument.stamps + ["upstream"]
        guard old.kind == .upstream || old.value.without(around) == new.value.without(around) else { return false }
        return was.without(onlyOfServers) == will.without(onlyOfServers)
    }

    /// Fields of upstreams that routes take nothing of.
    static let onlyOfServers =
        APISIXDocument.stamps + [
            "nodes", "retries", "retry_timeout", "checks", "keepalive_pool", "name", "desc", "labels",
        ]

    /// The Host that the upstream gets; nil: the client's.
    static func authority(_ upstream: JSONTree) -> URLChange.Authority? {
        switch upstream["pass_host"]?.string {
        case "node": .upstream
        case "rewrite": upstream["upstream_host"]?.string.map { .full($0) }
        default: nil
        }
    }

    // MARK: - Balancing

    private static func balance(_ upstream: JSONTree) -> Balance {
        switch upstream["type"]?.string {
        case "chash": .keys
        case "least_conn": .leastRequests
        case "ewma": .latency
        default: .shares
        }
    }

    /// Nil where there is none to be had: then the source address stands for it.
    private func balanceKey(_ upstream: JSONTree, at place: Provenance) -> Expression? {
        let key = upstream["key"]?.string ?? ""
        let variables = APISIXVariables()
        let text: String? =
            switch upstream["hash_on"]?.string {
            case "header": variables.expression("http_\(key.lowercased().replacing("-", with: "_"))")
            case "cookie": variables.expression("cookie_\(key)")
            case "consumer": variables.expression("consumer_name")
            case "vars_combinations": APISIXTemplate(key).expression(variables)
            default: variables.expression(key)
            }
        return text.map { Expression($0, at: place) }
    }

    /// As nginx does it: another server for what failed to connect, or was not answered and may be repeated.
    private static func retry(_ upstream: JSONTree, among endpoints: [Upstream.Endpoint]) -> RetryPolicy? {
        let others = endpoints.count { $0.weight > 0 } - 1
        let retries = min(upstream["retries"]?.integer ?? others, others)
        guard retries > 0 else { return nil }
        let bound = seconds(upstream["retry_timeout"])
        return RetryPolicy(retries: retries, backoff: .zero, codes: [], methods: [], within: bound)
    }

    private static func connections(_ pool: JSONTree?) -> ConnectionSettings {
        guard let pool else { return ConnectionSettings() }
        return ConnectionSettings(
            idleTimeout: pool["idle_timeout"]?.number.map { .seconds($0) } ?? .seconds(60),
            maxIdle: pool["size"]?.integer ?? 320, maxRequests: pool["requests"]?.integer ?? 1000)
    }

    /// Nil for nothing, and for 0, which is no bound.
    private static func seconds(_ value: JSONTree?) -> Duration? {
        value?.number.flatMap { $0 > 0 ? .seconds(min($0, 86400 * 365)) : nil }
    }

    // MARK: - Servers

    private static func endpoints(_ value: JSONTree, of owner: APISIXDocument) -> [Upstream.Endpoint] {
        let scheme = value["scheme"]?.string ?? "http"
        let isSecure = scheme == "https" || scheme == "grpcs"
        let port = isSecure ? 443 : 80
        var policies = BackendPolicies.none
        if scheme.hasPrefix("grpc") { policies.version = .http2 }
        if isSecure { policies.tls = security(value, at: owner.provenance) }
        policies.health = checks(value, of: owner)
        if let nodes = value["nodes"]?.array {
            return nodes.map { node in
                Upstream.Endpoint(
                    .network(host: unbracketed(node["host"]?.string ?? ""), port: node["port"]?.integer ?? port),
                    weight: weight(node["weight"]), priority: node["priority"]?.integer ?? 0,
                    policies: policies)
            }
        }
        return (value["nodes"]?.object?.entries ?? []).map { address, weight in
            let (host, written) = split(address)
            return Upstream.Endpoint(
                .network(host: host, port: written ?? port), weight: Self.weight(weight), policies: policies)
        }
    }

    /// APISIX knows no bound. With this one sums stay numbers.
    private static func weight(_ value: JSONTree?) -> Int { min(value?.integer ?? 0, 1 << 40) }

    /// Apache APISIX verifies no certificate of an upstream: nor do we, unless `tls.verify` says so.
    private static func security(_ upstream: JSONTree, at place: Provenance) -> BackendTLS {
        let name = upstream["pass_host"]?.string == "rewrite" ? upstream["upstream_host"]?.string : nil
        return BackendTLS(
            rootsFile: nil, identity: nil, serverName: name.map { split($0).host },
            verification: upstream["tls"]?["verify"]?.boolean == true ? .full : .nothing, provenance: place)
    }

    private mutating func warn(ofUnverified endpoints: [Upstream.Endpoint], at place: Provenance) {
        guard endpoints.contains(where: { $0.policies.tls?.verification == .nothing }) else { return }
        diagnostics.append(
            Diagnostic(
                .warning, "upstream_unverified", "whoever answers is taken for the upstream", at: place,
                hint: "write `tls: {\"verify\": true}`"))
    }

    /// `host:port`, `host`, `[::1]:80`; of the port only that it is a number is known.
    static func split(_ address: String) -> (host: String, port: Int?) {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            address[..<colon].hasSuffix("]") || !address[..<colon].contains(":")
        else { return (unbracketed(address), nil) }
        return (unbracketed(String(address[..<colon])), port)
    }

    private static func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}

extension APISIXDocument {
    /// What a write adds to a document: what it is called by already, and when that was.
    static let stamps = ["id", "create_time", "update_time"]

    /// Its upstream; nil where none is written in it.
    fileprivate var serversValue: JSONTree? { kind == .upstream ? value : value["upstream"] }
}

extension JSONTree {
    /// An object without some members.
    func without(_ names: [String]) -> JSONTree {
        guard let members = object else { return self }
        return .object(JSONObjectTree(members.entries.filter { !names.contains($0.name) }.map { ($0.name, $0.value) }))
    }
}
