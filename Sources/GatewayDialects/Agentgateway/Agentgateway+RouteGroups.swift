import GatewayModel

extension AgentgatewayShapes {
    static let routeGroup = ObjectShape(
        "a route group",
        [
            .required("name", .string, "The name that backends of routes refer to, unique in the document."),
            .required(
                "routes", .list(of: .object(route)),
                "The routes to choose from for requests that a route has taken which leads here, by their own hostnames and "
                    + "matches, which go for the whole path. Policies that they do not have hold as that route has them. A "
                    + "request that none of them takes is 404, whatever other routes there are."),
        ])
}

/// Routes that others lead to.
struct RouteGroup {
    var place: Provenance
    var routes: [Route] = []
}

/// That a route leads to a group.
struct Delegation {
    var group: String
    var place: Provenance
}

extension AgentgatewayDecoder {
    /// Groups may lead to each other: all names are known before their routes are read.
    mutating func routeGroups(_ document: MappingReader) {
        var readers: [(name: String, reader: MappingReader)] = []
        for node in document.items("routeGroups") ?? [] {
            guard let reader = MappingReader(node, AgentgatewayShapes.routeGroup, findings: findings) else { continue }
            let place = reader.node("name")?.provenance ?? reader.place
            // Without a name that can be read: what else is wrong with it is looked for all the same.
            let name = reader.name("name") ?? ""
            readers.append((name, reader))
            if let first = routeGroups.updateValue(RouteGroup(place: place), forKey: name), !name.isEmpty {
                findings.error(
                    "name_taken", "another route group is named `\(name)`, at line \(first.place.line)", at: place)
            }
        }
        for (name, reader) in readers {
            let routes = (reader.nonEmptyItems("routes") ?? []).enumerated().compactMap { index, node in
                MappingReader(node, AgentgatewayShapes.route, findings: findings).map {
                    route($0, index: index, within: "groups/\(name)")
                }
            }
            checkMatches(routes)
            routeGroups[name]?.routes = routes
        }
        var settled: Set<String> = []
        for name in routeGroups.keys.sorted() { checkCycles(from: name, through: [], &settled) }
    }

    /// A route whose backend is a group.
    mutating func delegate(_ route: RouteID, to backend: MappingReader, amongOthers: Bool) -> RouteAction {
        guard let node = backend.node("routeGroup"), let name = node.text(findings) else { return .delegate }
        if amongOthers {
            findings.error(
                "route_group_shares",
                "a route group takes all requests of its route: it has no share beside other backends",
                at: node.provenance,
                hint: "lead there from a route of its own, or name the others at the group's routes")
        }
        if backend.integer("weight") == 0, let place = backend.node("weight")?.provenance {
            findings.error(
                "weight_missing", "the only backend of the route has weight 0: none takes requests", at: place)
        }
        if backend.has("policies"), let place = backend.entry("policies")?.keyProvenance {
            findings.error(
                "route_group_policies", "a route group has no policies of a backend", at: place,
                hint: "write them at the backends of its routes, or at the route")
        }
        if routeGroups[name] == nil {
            findings.error(
                "route_group_unknown", "there is no route group named `\(name)`", at: node.provenance,
                hint: routeGroups.isEmpty
                    ? "`routeGroups` at the top of the document has none yet"
                    : Suggestion.hint(for: name, among: routeGroups.keys.sorted()))
        } else {
            delegations[route] = Delegation(group: name, place: node.provenance)
        }
        return .delegate
    }

    /// A route behind those that it leads to.
    mutating func withDelegates(_ route: Route) -> [Route] {
        guard let delegation = delegations[route.id] else { return [route] }
        var all: [Route] = []
        for var delegate in routeGroups[delegation.group]?.routes ?? [] {
            delegatedRouteCount += 1
            if delegatedRouteCount == Self.maxDelegatedRoutes + 1 {
                findings.error(
                    "route_groups_too_large",
                    "there are more than \(Self.maxDelegatedRoutes) ways through route groups to a route",
                    at: delegation.place,
                    hint: "lead to a group from fewer routes: one with several `matches` is one way")
            }
            if delegatedRouteCount > Self.maxDelegatedRoutes { break }
            delegate.ancestors = route.ancestors + [route.id]
            all += withDelegates(delegate)
        }
        return all + [route]
    }

    private static var maxDelegatedRoutes: Int { 10_000 }

    /// A group that leads back to itself would never have chosen.
    private mutating func checkCycles(from name: String, through names: [String], _ settled: inout Set<String>) {
        guard !settled.contains(name) else { return }
        for route in routeGroups[name]?.routes ?? [] {
            guard let delegation = delegations[route.id] else { continue }
            guard delegation.group == name || names.contains(delegation.group) else {
                checkCycles(from: delegation.group, through: names + [name], &settled)
                continue
            }
            findings.error(
                "route_group_cycle", "the route group `\(delegation.group)` leads back to itself", at: delegation.place,
                hint: "name a group that does not lead here")
            delegations[route.id] = nil
        }
        settled.insert(name)
    }

    /// Groups that no route leads to.
    func checkRouteGroups() {
        let used = Set(delegations.values.map(\.group))
        for (name, group) in routeGroups where !name.isEmpty && !used.contains(name) {
            findings.warning(
                "route_group_unused", "no route leads to the route group `\(name)`", at: group.place,
                hint: "name it as the backend of a route: `backends: [{routeGroup: \(name)}]`")
        }
    }
}
