import GatewayModel

extension AgentgatewayShapes {
    static let bind = ObjectShape(
        "a bind",
        [
            .required("port", .integer(1...65535), "The TCP port to listen on."),
            .required("listeners", .list(of: .object(listener)), "Who answers on this port; at least one."),
            .optional(
                "tunnelProtocol",
                .choice(["direct"], notOffered: ["hboneWaypoint", "hboneGateway", "proxy", "connect"]),
                "How connections reach the port. Only `direct`, which is the default."),
            .optional(
                "mode", .choice(["standard"], notOffered: ["internal"]),
                "Whether a socket is opened. Only `standard`, which is the default."),
        ])

    static let listener = ObjectShape(
        "a listener",
        [
            .optional(
                "name", .string, "The listener's name, unique in its bind. Policies may target it."),
            .ours(
                "gatewayName", .string,
                "The gateway the listener belongs to. Policies target it. Default: `default`."),
            .optional("namespace", .string, "The namespace of the gateway. Default: `default`."),
            .optional(
                "hostname", .string,
                "The host the listener answers to: a name, or `*.example.com` for everything below it. "
                    + "Default: every host."),
            .optional(
                "protocol", .choice(["HTTP", "HTTPS"], notOffered: ["TLS", "TCP", "HBONE"]),
                "What is spoken on the port. Default: `HTTPS` with `tls`, else `HTTP`."),
            .optional("tls", .object(tls), "The certificate the listener shows, chosen by the name a client asks for."),
            .optional("routes", .list(of: .object(route)), "The listener's routes. Without any, it answers 404."),
            .optional(
                "policies", .object(gatewayPolicies),
                "Policies for all requests of the listener, run before a route is chosen (gateway phase)."),
        ],
        notOffered: ["tcpRoutes"])
}

/// A decoded listener, as policies target it.
struct ListenerRecord {
    var id: ListenerID
    var gateway: QualifiedName
    var name: String
    var port: Int
}

/// A name in a namespace.
struct QualifiedName: Hashable, CustomStringConvertible {
    static let defaultName = "default"

    var namespace: String
    var name: String

    init(_ name: String?, namespace: String?) {
        self.namespace = namespace ?? Self.defaultName
        self.name = name ?? Self.defaultName
    }

    /// The name alone where the namespace is the default one.
    var description: String { namespace == Self.defaultName ? name : "\(namespace)/\(name)" }
}

extension AgentgatewayDecoder {
    mutating func binds(_ reader: MappingReader) -> [Bind] {
        guard let items = reader.nonEmptyItems("binds") else {
            if !findings.hasErrors, attachable.isEmpty, ownAddresses.isEmpty {
                findings.error(
                    "field_missing", "nothing to listen on: `gateways` is missing", at: reader.place,
                    hint: "begin with `gateways: {default: {port: 3000}}` and `routes`")
            }
            return []
        }
        return items.compactMap { bind($0) }
    }

    private mutating func bind(_ node: DocumentNode) -> Bind? {
        guard let reader = MappingReader(node, AgentgatewayShapes.bind, findings: findings) else { return nil }
        _ = reader.choice("tunnelProtocol")
        _ = reader.choice("mode")
        let port = reader.integer("port")
        let items = reader.nonEmptyItems("listeners") ?? []
        let listeners = items.enumerated().compactMap { index, item in
            listener(item, index: index, port: port ?? 0)
        }
        checkHostnames(listeners)
        // Without a port that can be read: what else is wrong with it is looked for all the same.
        return Bind(
            address: ListenAddress(host: listenHost, port: port ?? 0), listeners: listeners,
            provenance: reader.node("port")?.provenance ?? reader.place)
    }

    private mutating func listener(_ node: DocumentNode, index: Int, port: Int) -> Listener? {
        guard let reader = MappingReader(node, AgentgatewayShapes.listener, findings: findings) else { return nil }
        let security = security(reader)
        let gateway = QualifiedName(reader.name("gatewayName"), namespace: reader.name("namespace"))
        let name = reader.name("name")
        let id = ListenerID(names.unique("\(port)/\(name ?? "listener\(index)")"))
        checkListenerName(name, gateway: gateway, port: port, at: reader.entry("name")?.value.provenance)
        listeners.append(ListenerRecord(id: id, gateway: gateway, name: name ?? "", port: port))
        let pattern = reader.node("hostname").map { hostPattern($0) }
        if pattern == .some(nil) { unreadableHostnames.insert(id) }
        let hostname = (pattern ?? .any) ?? .any
        inlinePolicies(reader.mapping("policies"), scope: .listener(id), phase: .gateway)
        let routes = routes(reader.items("routes") ?? [], of: id, hostname: hostname)
        return Listener(
            id: id, gatewayName: gateway.description, name: name ?? "", hostname: hostname, routes: routes,
            security: security, refusalStyle: .agentgateway, provenance: reader.place)
    }

    func hostPattern(_ node: DocumentNode) -> HostPattern? {
        guard let text = node.text(findings) else { return nil }
        do {
            return try HostPattern(written: text)
        } catch {
            findings.error(
                "hostname_invalid", "\(node.label) \(error.message)", at: node.provenance, hint: error.hint)
            return nil
        }
    }
}
