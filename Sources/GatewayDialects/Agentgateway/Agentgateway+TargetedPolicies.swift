import GatewayModel

extension AgentgatewayShapes {
    static let targetedPolicy = ObjectShape(
        "a targeted policy",
        [
            .required(
                "name", .either([.ours(.string), .object(resourceName)]), "The policy's name, unique in the file."),
            .required("target", .object(policyTarget), "What the policy is for."),
            .optional(
                "phase", .choice(["route", "gateway"]),
                "When it runs: after a route is chosen (`route`), where the most specific policy of a kind holds, "
                    + "or before (`gateway`). Default: `route`."),
            .required("policy", .object(routePolicies), "The policy: one kind."),
        ])

    static let resourceName = ObjectShape(
        "a name",
        [
            .required("name", .string, "The name."),
            .optional("namespace", .string, "Its namespace. Default: `default`."),
        ], requiredByOriginal: ["namespace"])

    static let policyTarget = ObjectShape(
        "a target",
        [
            .optional(
                "gateway", .either([.ours(.string), .object(gatewayTarget)]),
                "A gateway by its name, or one of its listeners."),
            .optional("route", .either([.ours(.string), .object(routeTarget)]), "Routes by their name."),
        ],
        exactlyOne: ["gateway", "route", "backend", "listenerSet"], notOffered: ["backend", "listenerSet"])

    static let gatewayTarget = ObjectShape(
        "a gateway target",
        [
            .optional("gatewayName", .string, "The gateway's name."),
            .ours("name", .string, "A shorter way to write `gatewayName`."),
            .optional("gatewayNamespace", .string, "Its namespace. Default: `default`."),
            .optional("listenerName", .string, "One listener of the gateway. Default: all of them."),
            .optional("port", .integer(1...65535), "The gateway's listeners on one port."),
        ],
        exactlyOne: ["gatewayName", "name"], requiredByOriginal: ["gatewayName", "gatewayNamespace"])

    static let routeTarget = ObjectShape(
        "a route target",
        [
            .required("name", .string, "The route's name."),
            .optional("namespace", .string, "Its namespace. Default: `default`."),
            .optional("ruleName", .string, "One rule among the routes of that name. Default: all of them."),
        ],
        notOffered: ["kind"], requiredByOriginal: ["namespace"])
}

extension AgentgatewayDecoder {
    /// The policies of both sections, in the order of the document.
    mutating func targetedPolicies(_ document: MappingReader) {
        let sections = ["gatewayPolicies", "policies"].map { document.items($0) ?? [] }
        let nodes = sections.joined().sorted {
            ($0.provenance.line, $0.provenance.column) < ($1.provenance.line, $1.provenance.column)
        }
        for node in nodes {
            guard let reader = MappingReader(node, AgentgatewayShapes.targetedPolicy, findings: findings) else {
                continue
            }
            targetedPolicy(reader)
        }
    }

    private mutating func targetedPolicy(_ reader: MappingReader) {
        if let entry = reader.entry("name"), let name = resourceName(entry) {
            checkPolicyName(name, at: entry.value.provenance)
        }
        let phase = reader.choice("phase").flatMap(Attachment.Phase.init(rawValue:)) ?? .route
        let target = reader.mapping("target")?.theOne()
        let (scopes, specificity) = target.map(scopes) ?? ([], .target)
        if target?.key == "route", phase == .gateway, let place = reader.node("phase")?.provenance {
            findings.error(
                "phase_impossible", "a policy of a route cannot run before the route is chosen", at: place,
                hint: "target the gateway, or remove `phase`")
        }
        guard let policy = reader.mapping("policy") else { return }
        checkKinds(of: policy, phase: phase)
        let stray = scopes.isEmpty ? strayScope(at: reader.place) : nil
        for (decoded, place) in decodedPolicies(policy) {
            for scope in scopes {
                policies.add(
                    Attachment(scope: scope, phase: phase, policy: decoded, provenance: place),
                    specificity: specificity)
            }
            if let stray {
                policies.add(
                    Attachment(scope: stray, phase: .route, policy: decoded, provenance: place), specificity: .target)
            }
        }
    }

    /// A route for a policy whose target is not there.
    private mutating func strayScope(at place: Provenance) -> Attachment.Scope {
        let id = RouteID(names.unique("strays/policy"))
        strays.append(
            Route(
                id: id, name: "", hostnames: [.any], order: .specificity, matches: [Self.everyPath(at: place)],
                action: .noBackend, provenance: place))
        return .route(id)
    }

    /// A listener for what has none, in a document that is never served.
    func strayBind(at place: Provenance) -> [Bind] {
        guard !strays.isEmpty else { return [] }
        let listener = Listener(
            id: ListenerID("strays"), gatewayName: "", name: "", hostname: .any, routes: strays, security: .plain,
            refusalStyle: .agentgateway, provenance: place)
        return [Bind(address: ListenAddress(host: listenHost, port: 0), listeners: [listener], provenance: place)]
    }

    /// One entry is one kind of policy, as agentgateway has it.
    private func checkKinds(of policy: MappingReader, phase: Attachment.Phase) {
        let kinds = policy.shape.fields.map(\.name).filter(policy.has)
        if phase == .gateway, let kind = kinds.first(where: AgentgatewayShapes.routePolicyNames.contains) {
            findings.error(
                "phase_impossible", "`\(kind)` cannot run before the route is chosen", at: policy.place,
                hint: "remove `phase: gateway`")
        }
        if kinds.count > 1 {
            findings.error(
                "several_of_one",
                "a targeted policy has one kind, found \(kinds.map { "`\($0)`" }.joined(separator: " and "))",
                at: policy.place, hint: "write one entry for each")
        } else if kinds.isEmpty, policy.isSound {
            findings.error(
                "field_missing", "the policy is empty", at: policy.place,
                hint: "it may be \(Suggestion.inWords(AgentgatewayShapes.policyNames))")
        }
    }

    private func resourceName(_ entry: DocumentEntry) -> QualifiedName? {
        if case .scalar = entry.value.content {
            return entry.value.name(findings).map { QualifiedName($0, namespace: nil) }
        }
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.resourceName, introducedAt: entry.keyProvenance, findings: findings)
        else { return nil }
        let namespace = reader.name("namespace")
        return reader.name("name").map { QualifiedName($0, namespace: namespace) }
    }

    private mutating func checkPolicyName(_ name: QualifiedName, at place: Provenance) {
        guard let first = policyNames.updateValue(place, forKey: name) else { return }
        findings.error(
            "name_taken", "another policy is named `\(name)`, at line \(first.line)", at: place)
    }
}

// Where a target leads.
extension AgentgatewayDecoder {
    private func scopes(_ target: DocumentEntry) -> ([Attachment.Scope], PolicyCollector.Specificity) {
        target.key == "gateway" ? (gatewayScopes(target), .target) : routeScopes(target)
    }

    private func gatewayScopes(_ entry: DocumentEntry) -> [Attachment.Scope] {
        if case .scalar = entry.value.content {
            guard let name = entry.value.text(findings) else { return [] }
            return gateway(QualifiedName(name, namespace: nil), at: entry.value.provenance)
        }
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.gatewayTarget, introducedAt: entry.keyProvenance, findings: findings)
        else { return [] }
        let namespace = reader.text("gatewayNamespace")
        let (listener, port) = (reader.node("listenerName"), reader.integer("port"))
        guard let named = reader.theOne(), let name = named.value.text(findings) else { return [] }
        let gateway = QualifiedName(name, namespace: namespace)
        guard listener != nil || port != nil else { return self.gateway(gateway, at: named.value.provenance) }
        guard !self.gateway(gateway, at: named.value.provenance).isEmpty else { return [] }
        return listenerScopes(of: gateway, name: listener, port: port, at: entry.value.provenance)
    }

    private func gateway(_ name: QualifiedName, at place: Provenance) -> [Attachment.Scope] {
        guard listeners.contains(where: { $0.gateway == name }) else {
            reportUnknownGateway(name.description, at: place)
            return []
        }
        return [.gateway(name.description)]
    }

    private func listenerScopes(
        of gateway: QualifiedName, name node: DocumentNode?, port: Int?, at place: Provenance
    ) -> [Attachment.Scope] {
        let name = node.flatMap { $0.text(findings) }
        let own = listeners.filter { $0.gateway == gateway }
        let hits = own.filter { (name == nil || $0.name == name) && (port == nil || $0.port == port) }
        if let node, port != nil, !hits.isEmpty {
            findings.warning(
                "target_narrow", "the policy is for the listener of this name on this port only", at: node.provenance,
                hint: "remove `port`, or `listenerName` if all listeners of the port are meant")
        }
        if hits.isEmpty, let name, let node {
            reportUnknown("listener", name, known: own.map(\.name).filter { !$0.isEmpty }, at: node.provenance)
        } else if hits.isEmpty, let port {
            reportUnknown("port", String(port), known: own.map { String($0.port) }, at: place)
        }
        return hits.map { .listener($0.id) }
    }

    private func routeScopes(_ entry: DocumentEntry) -> ([Attachment.Scope], PolicyCollector.Specificity) {
        if case .scalar = entry.value.content {
            guard let name = entry.value.text(findings) else { return ([], .target) }
            return (routeScopes(QualifiedName(name, namespace: nil), rule: nil, at: entry.value.provenance), .target)
        }
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.routeTarget, introducedAt: entry.keyProvenance, findings: findings)
        else { return ([], .target) }
        let (namespace, rule) = (reader.text("namespace"), reader.text("ruleName"))
        guard let named = reader.node("name"), let name = named.text(findings) else { return ([], .target) }
        let scopes = routeScopes(QualifiedName(name, namespace: namespace), rule: rule, at: named.provenance)
        return (scopes, rule == nil ? .target : .rule)
    }

    private func routeScopes(_ name: QualifiedName, rule: String?, at place: Provenance) -> [Attachment.Scope] {
        let own = routes.filter { $0.name == name }
        let hits = own.filter { rule == nil || $0.ruleName == rule }
        if own.isEmpty {
            reportUnknown("route", name.description, known: routes.map(\.name.description), at: place)
        } else if hits.isEmpty, let rule {
            reportUnknown("rule", rule, known: own.compactMap(\.ruleName), at: place)
        }
        return hits.map { .route($0.id) }
    }

    /// What a file calls a gateway is a listener to agentgateway's targets.
    private func reportUnknownGateway(_ name: String, at place: Provenance) {
        let alike = attachable[name].map { ids in listeners.filter { ids.contains($0.id) }.map(\.name) } ?? []
        guard let listener = alike.first else {
            reportUnknown("gateway", name, known: listeners.map(\.gateway.description), at: place)
            return
        }
        findings.error(
            "target_unknown", "targets name the gateway `default`, and one of `gateways` as its listener", at: place,
            hint: "write {gatewayName: default, listenerName: \(listener)}")
    }

    /// A policy for nothing protects nothing, so it is an error and no warning.
    private func reportUnknown(_ kind: String, _ name: String, known: [String], at place: Provenance) {
        var hint = Suggestion.hint(for: name, among: Set(known).sorted())
        if known.isEmpty { hint = "no \(kind) has a name yet" }
        findings.error("target_unknown", "there is no \(kind) named `\(name)`", at: place, hint: hint)
    }
}
