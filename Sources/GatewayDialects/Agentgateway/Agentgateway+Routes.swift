import GatewayModel

extension AgentgatewayShapes {
    static let route = ObjectShape(
        "a route",
        [
            .optional("name", .string, "The route's name. Policies may target it; it appears in logs."),
            .optional("namespace", .string, "The namespace of the name. Default: `default`."),
            .optional("ruleName", .string, "The name of this rule among routes of the same name."),
            .optional(
                "hostnames", .list(of: .string),
                "Hosts the route answers to, as for a listener. Default: every host of the listener."),
            .optional(
                "matches", .list(of: .object(match)),
                "What requests the route takes; any of them. Default: every path."),
            .optional(
                "policies", .object(routePolicies), "Policies for the requests of the route (route phase)."),
            .optional(
                "backends", .list(of: .object(backend)), "Where requests go, shared out by weight."),
        ])
}

/// A decoded route, as policies target it.
struct RouteRecord {
    var id: RouteID
    var name: QualifiedName
    var ruleName: String?
}

extension AgentgatewayDecoder {
    mutating func routes(_ nodes: [DocumentNode], of listener: ListenerID, hostname: HostPattern) -> [Route] {
        let routes = nodes.enumerated().compactMap { index, node in
            MappingReader(node, AgentgatewayShapes.route, findings: findings).map {
                route($0, index: index, within: listener.name)
            }
        }
        for route in routes { checkReach(route, of: [hostname]) }
        checkMatches(routes)
        return routes.flatMap { withDelegates($0) }
    }

    /// - Parameter owner: what the identity of an unnamed route begins with.
    mutating func route(_ reader: MappingReader, index: Int, within owner: String) -> Route {
        let name = reader.name("name")
        let qualified = QualifiedName(name, namespace: reader.name("namespace"))
        let ruleName = reader.name("ruleName")
        let parts = [owner, name ?? "route\(index)", ruleName].compactMap(\.self)
        let id = RouteID(names.unique(parts.joined(separator: "/")))
        if name != nil { routes.append(RouteRecord(id: id, name: qualified, ruleName: ruleName)) }
        let hostnames = reader.nonEmptyItems("hostnames", hint: "remove it to answer to every host")
        let matches = reader.nonEmptyItems("matches", hint: "remove it to take every path")
        let policies = reader.mapping("policies")
        inlinePolicies(policies, scope: .route(id), phase: .route)
        let hosts = hostnames?.compactMap(hostPattern) ?? [.any]
        if hosts.isEmpty { unreadableHosts.insert(id) }
        return Route(
            id: id, name: name ?? "", hostnames: hosts.isEmpty ? [.any] : hosts, order: .specificity,
            matches: matches?.compactMap { match($0) } ?? [Self.everyPath(at: reader.place)],
            action: action(of: id, reader, policies), provenance: reader.place)
    }

    private mutating func action(
        of route: RouteID, _ reader: MappingReader, _ policies: MappingReader?
    ) -> RouteAction {
        let items = reader.items("backends") ?? []
        let backends = items.compactMap { MappingReader($0, AgentgatewayShapes.backend, findings: findings) }
        if let group = backends.first(where: { $0.has("routeGroup") }) {
            return delegate(route, to: group, amongOthers: items.count > 1)
        }
        var endpoints = backends.compactMap(endpoint)
        for index in endpoints.indices where endpoints[index].policies.health?.name == "" {
            endpoints[index].policies.health?.name = "route \(route.name)"
        }
        guard let place = reader.entry("backends")?.keyProvenance, !items.isEmpty else {
            if !(policies?.has("requestRedirect") ?? false) { checkAnswers(policies?.entry("directResponse"), reader) }
            return .noBackend
        }
        if !endpoints.isEmpty, endpoints.allSatisfy({ $0.weight == 0 }) {
            findings.error(
                "weight_missing", "every backend of the route has weight 0: none takes requests", at: place)
        }
        let upstream = Upstream(id: UpstreamID(route.name), endpoints: endpoints, provenance: place)
        upstreams.append(upstream)
        return .forward(to: upstream.id)
    }

    /// What becomes of the requests of a route without a backend.
    private func checkAnswers(_ directResponse: DocumentEntry?, _ route: MappingReader) {
        let missing: String
        switch directResponse {
        case nil: missing = "the route has no backend: it can only refuse"
        case let entry? where entry.holdsSometimes:
            missing = "the route has no backend for requests that no condition of its `directResponse` holds for"
        default: return
        }
        findings.warning("backend_missing", missing, at: route.place)
    }
}
