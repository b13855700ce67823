import GatewayModel

extension AgentgatewayShapes {
    static let frontendPolicies = ObjectShape(
        "a frontendPolicies",
        [
            .optional("http", .object(frontendHTTP), "How requests of clients are taken."),
            .optional("accessLog", .object(accessLog), "Which requests are logged, and what their lines say."),
            .optional("logging", .object(accessLog), "Another name of `accessLog`."),
        ],
        notOffered: [
            "tls", "tcp", "networkAuthorization", "networkExtAuthz", "proxy", "proxyProtocol", "connect", "tracing",
        ])

    static let frontendHTTP = ObjectShape(
        "a frontend's http",
        [
            .optional(
                "maxBufferSize", .integer(0...(64 << 20)),
                "A body that is gathered because rules read it; then 413. As `config.limits.bufferedBodyBytes`. "
                    + "Default: 2097152."),
            .optional(
                "http1MaxHeaders", .integer(8...1024),
                "Header lines of a request; then 431. As `config.limits.headers`. Default: 128; agentgateway's is 100."),
            .optional(
                "http1IdleTimeout", .duration,
                "A kept connection without a request; then it is closed. As `config.timeouts.idle`. Default: 75s; "
                    + "agentgateway's is 10m."),
            .optional(
                "maxConnectionDuration", .duration,
                "How old a connection may become: the answer after that is its last, so that clients spread over the "
                    + "gateways behind a load balancer. Default: any age."),
            .optional(
                "http1HeaderCase", .choice(["preserve"], notOffered: ["lowercase"]),
                "How names of headers are written. Only `preserve`, which is the default: as they came."),
        ],
        notOffered: [
            "http2WindowSize", "http2ConnectionWindowSize", "http2FrameSize", "http2MaxHeaderSize",
            "http2KeepaliveInterval", "http2KeepaliveTimeout",
        ])
}

extension AgentgatewayDecoder {
    /// Puts in place what clients' connections are bounded by; what `config` says too is a conflict.
    func apply(_ http: MappingReader?, to traffic: inout TrafficSettings, beside config: MappingReader?) {
        guard let http else { return }
        if let bytes = http.integer("maxBufferSize") {
            traffic.maxBufferedBodyBytes = bytes
            checkAlone(http, "maxBufferSize", config, "limits", "bufferedBodyBytes")
        }
        if let count = http.integer("http1MaxHeaders") {
            traffic.maxFields = count
            checkAlone(http, "http1MaxHeaders", config, "limits", "headers")
        }
        if let time = timeout("http1IdleTimeout", http) {
            traffic.idleTimeout = time
            checkAlone(http, "http1IdleTimeout", config, "timeouts", "idle")
        }
        traffic.maxConnectionDuration = timeout("maxConnectionDuration", http)
        _ = http.choice("http1HeaderCase")
    }

    private func checkAlone(
        _ http: MappingReader, _ name: String, _ config: MappingReader?, _ section: String, _ otherName: String
    ) {
        guard case .mapping(let entries) = config?.node(section)?.content,
            let place = entries.first(where: { $0.key == otherName })?.keyProvenance,
            let own = http.entry(name)?.keyProvenance
        else { return }
        findings.error(
            "field_conflict", "`\(name)` and `config.\(section).\(otherName)` at line \(place.line) mean the same",
            at: own,
            hint: "keep one of them")
    }
}
