import GatewayModel

extension AgentgatewayShapes {
    static let config = ObjectShape(
        "the process configuration",
        [
            .optional(
                "workerThreads", .either([.integer(1...1024), .choice(["auto"])]),
                "How many event loops serve traffic: a number, or `auto` for one per core. Default: `auto`."),
            .optional(
                "enableIpv6", .boolean,
                "Whether ports are opened for IPv6 as well as IPv4. Default: true."),
        ],
        notOffered: [
            "dns", "localXdsPath", "modelCatalog", "database", "storage", "caAddress", "caAuthToken", "xdsAddress",
            "xdsAuthToken", "spiffe", "namespace", "gateway", "trustDomain", "additionalTrustDomains",
            "skipValidateTrustDomain", "serviceAccount", "clusterId", "network", "adminAddr", "standardAttributes",
            "statsAddr", "histograms", "readinessAddr", "session", "mcp", "sensitiveHeaders", "customFunctions",
            "connectionTerminationDeadline", "connectionMinTerminationDeadline", "tracing", "logging", "metrics",
            "backend", "hbone",
        ])
}

extension AgentgatewayDecoder {
    mutating func processSettings(_ reader: MappingReader?) -> ProcessSettings {
        guard let reader else { return ProcessSettings(workerThreads: nil) }
        if reader.boolean("enableIpv6") == false { listenHost = "0.0.0.0" }
        return ProcessSettings(workerThreads: reader.node("workerThreads").flatMap(workerThreads))
    }

    /// A number, also in quotes as agentgateway takes it; nil for `auto`.
    private func workerThreads(_ node: DocumentNode) -> Int? {
        guard case .scalar(var scalar) = node.content, scalar.text != "auto" else { return nil }
        scalar.style = .plain
        guard scalar.integer != nil else {
            node.reportType("a number or `auto`", findings)
            return nil
        }
        return DocumentNode(.scalar(scalar), at: node.provenance).integer(in: 1...1024, findings)
    }
}
