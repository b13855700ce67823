import GatewayModel

extension AgentgatewayShapes {
    static let gateway = ObjectShape(
        "a gateway",
        [
            .required("port", .integer(1...65535), "The TCP port to listen on."),
            .optional(
                "listeners", .list(of: .object(gatewayListener)),
                "Several listeners on the port, told apart by their hostnames. What a gateway has beside its port "
                    + "stands at them, then."),
        ] + gatewayListenerFields)

    static let gatewayListener = ObjectShape(
        "a gateway's listener",
        [
            .optional(
                "name", .string,
                "The listener's name, unique in its gateway: routes attach to `gateway/name`, policies target it by "
                    + "that. Default: `listener0` and so on."),
            .optional(
                "hostname", .string,
                "The host the listener answers to: a name, or `*.example.com` for everything below it. "
                    + "Default: every host."),
        ] + gatewayListenerFields)

    /// What stands at a gateway or, where it has several, at each of its listeners.
    private static let gatewayListenerFields: [FieldShape] =
        [
            .optional(
                "protocol", .choice(["HTTP", "HTTPS"], notOffered: ["TCP", "TLS"]),
                "What is spoken on the port. Default: `HTTPS` with `tls`, else `HTTP`."),
            .optional("tls", .object(tls), "The certificate shown, chosen by the name a client asks for."),
        ] + gatewayPolicies.fields

    static let attachedRoute = ObjectShape(
        "a top-level route",
        [
            .optional(
                "gateways", .either([.string, .list(of: .string)]),
                "The gateways the route belongs to, or single listeners of them as `gateway/listener`. "
                    + "Default: the gateway named `default`.")
        ] + route.fields)
}

extension AgentgatewayDecoder {
    /// The gateways with the routes of the document's top level.
    mutating func gateways(_ document: MappingReader) -> [Bind] {
        var gateways: [(name: String, bind: Bind)] = []
        for entry in document.entries("gateways") ?? [] {
            if let bind = gateway(entry) { gateways.append((entry.key, bind)) }
        }
        var routes: [ListenerID: [Route]] = [:]
        for (index, node) in (document.items("routes") ?? []).enumerated() {
            guard let (route, listeners) = attachedRoute(node, index: index) else { continue }
            if listeners.isEmpty { strays.append(route) }
            checkReach(
                route, of: gateways.flatMap(\.bind.listeners).filter { listeners.contains($0.id) }.map(\.hostname))
            for listener in listeners { routes[listener, default: []].append(route) }
        }
        for bind in gateways.indices {
            for listener in gateways[bind].bind.listeners.indices {
                let own = routes[gateways[bind].bind.listeners[listener].id] ?? []
                checkMatches(own)
                gateways[bind].bind.listeners[listener].routes = own.flatMap { withDelegates($0) }
            }
        }
        return gateways.map(\.bind)
    }

    private mutating func gateway(_ entry: DocumentEntry) -> Bind? {
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.gateway, introducedAt: entry.keyProvenance, findings: findings)
        else { return nil }
        if entry.key.contains("/") {
            findings.error(
                "name_invalid", "a gateway's name has no slash, which stands before the name of a listener",
                at: entry.keyProvenance)
        }
        let port = reader.integer("port") ?? 0
        var listeners: [Listener] = []
        if let items = reader.nonEmptyItems("listeners", hint: "remove it for one listener on the port") {
            checkAlone(reader)
            for (index, item) in items.enumerated() {
                guard let own = MappingReader(item, AgentgatewayShapes.gatewayListener, findings: findings) else {
                    continue
                }
                let name = own.name("name") ?? "listener\(index)"
                listeners.append(gatewayListener(own, gateway: entry.key, name: "\(entry.key)/\(name)", port: port))
            }
            checkHostnames(listeners)
        } else {
            listeners = [gatewayListener(reader, gateway: entry.key, name: entry.key, port: port)]
        }
        // Without a port that can be read: what else is wrong with it is looked for all the same.
        return Bind(
            address: ListenAddress(host: listenHost, port: port), listeners: listeners,
            provenance: reader.node("port")?.provenance ?? reader.place)
    }

    /// What a gateway with `listeners` may not have beside them.
    private func checkAlone(_ gateway: MappingReader) {
        let shared = AgentgatewayShapes.gatewayListener.fields.map(\.name)
        for name in shared where gateway.shape.field(name) != nil && gateway.has(name) {
            guard let place = gateway.entry(name)?.keyProvenance else { continue }
            findings.error(
                "field_conflict", "a gateway with `listeners` has no `\(name)` of its own", at: place,
                hint: "write it at each of its `listeners`")
        }
    }

    private mutating func gatewayListener(
        _ reader: MappingReader, gateway: String, name: String, port: Int
    ) -> Listener {
        let hasHostname = reader.shape.field("hostname") != nil
        let id = ListenerID(names.unique("gateways/\(name)"))
        // agentgateway has one gateway for the whole process, and what a file calls gateways for its listeners.
        let owner = QualifiedName(nil, namespace: nil)
        checkListenerName(name, gateway: owner, port: port, at: reader.place)
        listeners.append(ListenerRecord(id: id, gateway: owner, name: name, port: port))
        attachable[gateway, default: []].append(id)
        if name != gateway { attachable[name] = [id] }
        let security = security(reader)
        let pattern = hasHostname ? reader.node("hostname").map { hostPattern($0) } : nil
        if pattern == .some(nil) { unreadableHostnames.insert(id) }
        inlinePolicies(reader, scope: .listener(id), phase: .gateway)
        return Listener(
            id: id, gatewayName: owner.description, name: name, hostname: (pattern ?? .any) ?? .any, routes: [],
            security: security, refusalStyle: .agentgateway, provenance: reader.place)
    }

    /// A route, and the listeners it belongs to, each once.
    private mutating func attachedRoute(_ node: DocumentNode, index: Int) -> (Route, [ListenerID])? {
        guard let reader = MappingReader(node, AgentgatewayShapes.attachedRoute, findings: findings) else { return nil }
        var listeners: [ListenerID] = []
        for listener in attachments(reader) where !listeners.contains(listener) { listeners.append(listener) }
        return (route(reader, index: index, within: "routes"), listeners)
    }

    private func attachments(_ route: MappingReader) -> [ListenerID] {
        guard let node = route.node("gateways") else {
            let own = attachable[QualifiedName.defaultName]
            if own == nil {
                findings.error(
                    "gateway_unknown", "the route names no gateway, and there is none called `default`",
                    at: route.place, hint: "add `gateways`; \(Self.inWords(attachable))")
            }
            return own ?? []
        }
        let isList = if case .sequence = node.content { true } else { false }
        if isList, node.items(findings)?.isEmpty == true {
            findings.error(
                "list_empty", "`gateways` is an empty list", at: node.provenance,
                hint: "remove it for the gateway `default`")
        }
        let names = isList ? node.items(findings) ?? [] : [node]
        return names.flatMap { name -> [ListenerID] in
            guard let text = name.text(findings) else { return [] }
            if let own = attachable[text] { return own }
            findings.error(
                "gateway_unknown", "there is no gateway or listener `\(text)`", at: name.provenance,
                hint: Suggestion.nearest(to: text, among: attachable.keys.sorted()).map { "did you mean `\($0)`?" }
                    ?? Self.inWords(attachable))
            return []
        }
    }

    private static func inWords(_ attachable: [String: [ListenerID]]) -> String {
        guard !attachable.isEmpty else { return "`gateways` at the top of the document has none yet" }
        return "there is \(Suggestion.inWords(attachable.keys.sorted()))"
    }
}
