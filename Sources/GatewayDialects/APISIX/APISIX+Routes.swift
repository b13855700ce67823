internal import Bytes
internal import GatewayModel

extension APISIXDecoder {
    /// The route, or nil where it is switched off.
    mutating func route(_ document: APISIXDocument) -> Route? {
        let value = document.value
        if value["status"]?.integer == 0 { return nil }
        let id = RouteID(document.id)
        let service = self.document(.service, value["service_id"])
        if service?.value["status"]?.integer == 0 { return nil }
        if let status = statusOfDangling(value) {
            // What is gone may have held the plugins that keep strangers out.
            attach(
                .directResponse(DirectResponse(status: status, body: [])),
                at: PluginPlace(scope: .route(id), phase: .route, provenance: document.provenance))
        } else {
            plugins(of: value, service: service, route: id, at: document.provenance)
        }
        return Route(
            id: id, name: value["name"]?.string ?? document.id,
            hostnames: hostnames(value) ?? service.flatMap { hostnames($0.value) } ?? [.any],
            order: .priority(value["priority"]?.integer ?? 0),
            matches: matches(value, where: condition(of: document, service: service), at: document.provenance),
            action: action(of: document, service: service, route: id), provenance: document.provenance)
    }

    /// What is answered where a service or plugin config that a route names was deleted by force.
    private func statusOfDangling(_ route: JSONTree) -> Int? {
        if route["service_id"] != nil, document(.service, route["service_id"]) == nil { return 404 }
        if route["plugin_config_id"] != nil, document(.pluginConfig, route["plugin_config_id"]) == nil { return 503 }
        return nil
    }

    private func hostnames(_ value: JSONTree) -> [HostPattern]? {
        let hosts = value.strings("hosts") ?? value["host"]?.string.map { [$0] }
        return hosts?.map { host in
            let host = host.lowercased()
            if host == "*" { return .any }
            if host.hasPrefix("*.") { return .wildcard(suffix: String(host.dropFirst(2))) }
            return .exact(host)
        }
    }

    /// One per path and method: `/foo*` is every path that begins so.
    private func matches(_ value: JSONTree, where condition: Expression?, at place: Provenance) -> [RouteMatch] {
        let paths =
            value.strings("paths") ?? value.strings("uris") ?? value["uri"]?.string.map { [$0] } ?? []
        let methods: [String?] = value.strings("methods") ?? []
        return paths.flatMap { path in
            let match: PathMatch = path.hasSuffix("*") ? .bytePrefix(String(path.dropLast())) : .exact(path)
            return (methods.isEmpty ? [nil] : methods).map { method in
                RouteMatch(
                    path: match, method: method, headers: [], query: [], condition: condition, provenance: place)
            }
        }
    }

    /// `vars` and `remote_addrs` together; nil where there is neither.
    private func condition(of route: APISIXDocument, service: APISIXDocument?) -> Expression? {
        var conditions: [String] = []
        let addresses = route.value.strings("remote_addrs") ?? route.value["remote_addr"]?.string.map { [$0] }
        if let addresses { conditions.append(APISIXAddresses.condition("source.address", isAmong: addresses)) }
        if let vars = route.value["vars"] {
            // What is no condition was refused when it was written.
            let condition = try? APISIXCondition(vars, APISIXVariables(route: route, service: service)).expression
            conditions.append(condition ?? "false")
        }
        return conditions.isEmpty ? nil : Expression(conditions.joined(separator: " && "), at: route.provenance)
    }

    // MARK: - Where it goes

    /// The route's own upstream before its service's.
    private mutating func action(
        of route: APISIXDocument, service: APISIXDocument?, route routeID: RouteID
    ) -> RouteAction {
        for owner in [route, service].compactMap(\.self) {
            if let inline = owner.value["upstream"] { return forward(inline, of: owner, from: routeID) }
            if let id = owner.value["upstream_id"] {
                guard let shared = document(.upstream, id) else { return .noBackend }
                return forward(shared.value, of: shared, from: routeID)
            }
        }
        return .noBackend
    }

    private mutating func forward(
        _ value: JSONTree, of owner: APISIXDocument, from route: RouteID
    ) -> RouteAction {
        if let authority = Self.authority(value) {
            attach(
                .urlRewrite(URLChange(authority: authority, path: .asReceived)),
                at: PluginPlace(scope: .route(route), phase: .route, provenance: owner.provenance))
        }
        let id = UpstreamID(owner.key)
        if !upstreams.contains(where: { $0.id == id }) {
            upstreams.append(Upstream(id: id, endpoints: endpoints(value), provenance: owner.provenance))
        }
        return .forward(to: id)
    }

    /// The Host that the upstream gets; nil: the client's.
    private static func authority(_ upstream: JSONTree) -> URLChange.Authority? {
        switch upstream["pass_host"]?.string {
        case "node": .upstream
        case "rewrite": upstream["upstream_host"]?.string.map { .full($0) }
        default: nil
        }
    }

    private func endpoints(_ value: JSONTree) -> [Upstream.Endpoint] {
        if let nodes = value["nodes"]?.array {
            return nodes.map { node in
                let host = node["host"]?.string ?? ""
                return Upstream.Endpoint(
                    host: Self.unbracketed(host), port: node["port"]?.integer ?? 80,
                    weight: node["weight"]?.integer ?? 0)
            }
        }
        return (value["nodes"]?.object?.entries ?? []).map { address, weight in
            let (host, port) = Self.split(address)
            return Upstream.Endpoint(host: host, port: port ?? 80, weight: weight.integer ?? 0)
        }
    }

    /// `host:port`, `host`, `[::1]:80`.
    private static func split(_ address: String) -> (host: String, port: Int?) {
        guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
            address[..<colon].hasSuffix("]") || !address[..<colon].contains(":")
        else { return (unbracketed(address), nil) }
        return (unbracketed(String(address[..<colon])), port)
    }

    private static func unbracketed(_ host: String) -> String {
        host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }
}
