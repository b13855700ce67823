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
        if isIsolated(route: document) { return isolatedRoute(document, service: service) }
        var target = target(of: document, service: service)
        let place = PluginPlace(
            scope: .route(id), phase: .route, variables: APISIXVariables(), provenance: document.provenance)
        if let status = statusOfDangling(value) {
            // What is gone may have held the plugins that keep strangers out.
            attach(.directResponse(DirectResponse(status: status, body: [])), at: place)
        } else {
            let authority = target.flatMap { Self.authority($0.value) }
            if plugins(of: document, service: service, authority: authority) {
                target = nil
            } else if target == nil, hasDanglingUpstream(value, service?.value) {
                attach(.directResponse(DirectResponse(status: 502, body: [])), at: place)
            }
        }
        return Route(
            id: id, name: value["name"]?.string ?? document.id,
            hostnames: hostnames(value) ?? service.flatMap { hostnames($0.value) } ?? [.any],
            order: .priority(value["priority"]?.integer ?? 0),
            matches: matches(value, where: condition(of: document, service: service), at: document.provenance),
            action: target.map { forward(to: $0, from: document) } ?? .noBackend, provenance: document.provenance)
    }

    /// Takes the requests of a route that can't be served: all that it could mean, where it can't be read itself.
    private mutating func isolatedRoute(_ document: APISIXDocument, service: APISIXDocument?) -> Route {
        let (value, id) = (document.value, RouteID(document.id))
        attach(
            .directResponse(Self.isolationAnswer),
            at: PluginPlace(
                scope: .route(id), phase: .route, variables: APISIXVariables(), provenance: document.provenance))
        let condition = isolated.contains(document.key) ? nil : condition(of: document, service: service)
        return Route(
            id: id, name: value["name"]?.string ?? document.id,
            hostnames: hostnames(value) ?? service.flatMap { hostnames($0.value) } ?? [.any],
            order: .priority(value["priority"]?.integer ?? 0),
            matches: matches(value, where: condition, at: document.provenance), action: .noBackend,
            provenance: document.provenance)
    }

    /// What is answered where a service or plugin config that a route names was deleted by force.
    private func statusOfDangling(_ route: JSONTree) -> Int? {
        if route["service_id"] != nil, document(.service, route["service_id"]) == nil { return 404 }
        if route["plugin_config_id"] != nil, document(.pluginConfig, route["plugin_config_id"]) == nil { return 503 }
        return nil
    }

    private func hasDanglingUpstream(_ route: JSONTree, _ service: JSONTree?) -> Bool {
        let owner = [route, service].compactMap(\.self).first { $0["upstream"] != nil || $0["upstream_id"] != nil }
        return owner.map { $0["upstream"] == nil && document(.upstream, $0["upstream_id"]) == nil } ?? false
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
}
