internal import Bytes
internal import GatewayModel

extension APISIXDecoder {
    /// The route, or nil where it is switched off.
    mutating func route(_ document: APISIXDocument) -> Route? {
        let value = document.value
        if value["status"]?.integer == 0 { return nil }
        let service = self.document(.service, value["service_id"])
        if service?.value["status"]?.integer == 0 { return nil }
        if isIsolated(route: document) { return isolatedRoute(document, service: service) }
        let target = target(of: document, service: service)
        let set = policySet(of: document)
        let isForwarded =
            set.flatMap { policySets[$0] } ?? attachPolicies(of: document, service: service, target, as: set)
        if let set { policySets[set] = isForwarded }
        var action = RouteAction.noBackend
        if isForwarded, let target { action = .forward(to: upstream(target, by: document)) }
        var route = route(
            document, service: service, where: condition(of: document, service: service), action: action)
        route.policySet = set
        return route
    }

    /// Attaches all that becomes of a route's requests; answers whether they go to its upstream.
    ///
    /// - Parameter set: what it is attached to; nil: the route alone.
    private mutating func attachPolicies(
        of document: APISIXDocument, service: APISIXDocument?, _ target: Target?, as set: PolicySetID?
    ) -> Bool {
        let scope: Attachment.Scope = set.map { .policySet($0) } ?? .route(RouteID(document.id))
        let place = PluginPlace(
            scope: scope, phase: .route, variables: APISIXVariables(),
            provenance: set.map(Self.place) ?? document.provenance)
        if let status = statusOfDangling(document.value) {
            // What is gone may have held the plugins that keep strangers out.
            attach(.directResponse(DirectResponse(status: status, body: [])), at: place)
        } else if attachPlugins(
            of: document, service: service, authority: target.flatMap { Self.authority($0.value) }, at: place)
        {
            return false
        } else if target == nil, hasDanglingUpstream(document.value, service?.value) {
            attach(.directResponse(DirectResponse(status: 502, body: [])), at: place)
        }
        if let target { attachBounds(target, of: document, to: scope) }
        return target != nil
    }

    /// Takes the requests of a route that can't be served: all that it could mean, where it can't be read itself.
    private mutating func isolatedRoute(_ document: APISIXDocument, service: APISIXDocument?) -> Route {
        attach(
            .directResponse(Self.isolationAnswer),
            at: PluginPlace(
                scope: .route(RouteID(document.id)), phase: .route, variables: APISIXVariables(),
                provenance: document.provenance))
        let condition = isolated.contains(document.key) ? nil : condition(of: document, service: service)
        return route(document, service: service, where: condition, action: .noBackend)
    }

    private func route(
        _ document: APISIXDocument, service: APISIXDocument?, where condition: Expression?, action: RouteAction
    ) -> Route {
        let value = document.value
        let names = RouteDocument(document, service: service)
        var route = Route(
            id: RouteID(document.id), name: names.name ?? names.id,
            hostnames: hostnames(value) ?? service.flatMap { hostnames($0.value) } ?? [.any],
            order: .priority(value["priority"]?.integer ?? 0),
            matches: matches(value, where: condition, at: document.provenance), action: action,
            provenance: document.provenance)
        route.document = names
        return route
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
            let variables = APISIXVariables(of: RouteDocument(route, service: service))
            // What is no condition was refused when it was written.
            let condition = try? APISIXCondition(vars, variables).expression
            conditions.append(condition ?? "false")
        }
        return conditions.isEmpty ? nil : Expression(conditions.joined(separator: " && "), at: route.provenance)
    }
}

extension RouteDocument {
    init(_ route: APISIXDocument, service: APISIXDocument?) {
        self.init(
            id: route.id, name: route.value["name"]?.string,
            service: service.map { Service(id: $0.id, name: $0.value["name"]?.string) })
    }
}
