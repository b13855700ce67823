import GatewayModel

extension AgentgatewayShapes {
    static let backend = ObjectShape(
        "a backend",
        [
            .optional("host", .string, "The server as `name:port`, `192.0.2.1:port` or `[2001:db8::1]:port`."),
            .optional(
                "weight", .integer(0...1_000_000),
                "Its share of the requests among the backends of the route; 0 takes none. Default: 1."),
        ],
        exactlyOne: ["host", "service", "backend", "internal", "dynamic", "mcp", "ai", "aws", "routeGroup", "invalid"],
        notOffered: [
            "service", "backend", "internal", "dynamic", "mcp", "ai", "aws", "routeGroup", "invalid", "policies",
        ])
}

extension AgentgatewayDecoder {
    /// One server; backends of a kind that is not offered are reported and yield nil.
    func endpoint(_ node: DocumentNode) -> Upstream.Endpoint? {
        guard let reader = MappingReader(node, AgentgatewayShapes.backend, findings: findings) else { return nil }
        let weight = reader.integer("weight") ?? 1
        guard let host = reader.node("host"), let text = host.text(findings) else { return nil }
        if text.hasPrefix("unix:") {
            findings.valueNotOffered(text, of: host.label, at: host.provenance)
            return nil
        }
        do {
            let (name, port) = try HostSyntax.endpoint(text)
            return Upstream.Endpoint(host: name, port: port, weight: weight)
        } catch {
            findings.error("host_invalid", "\(host.label) \(error.message)", at: host.provenance, hint: error.hint)
            return nil
        }
    }
}
