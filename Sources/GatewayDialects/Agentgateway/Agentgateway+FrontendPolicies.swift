import GatewayModel

extension AgentgatewayShapes {
    static let frontendPolicies = ObjectShape(
        "a frontendPolicies",
        [
            .optional("http", .object(frontendHTTP), "How requests of clients are taken."),
            .optional("tcp", .object(frontendTCP), "How connections of clients are kept."),
            .optional("tls", .object(frontendTLS), "What TLS is spoken where a listener's `tls` does not say."),
            .optional("accessLog", .object(accessLog), "Which requests are logged, and what their lines say."),
            .optional("logging", .object(accessLog), "Another name of `accessLog`."),
        ],
        notOffered: [
            "networkAuthorization", "networkExtAuthz", "proxy", "proxyProtocol", "connect", "tracing",
        ])

    static let frontendTLS = ObjectShape(
        "a frontend's tls",
        [
            .optional(
                "minVersion", tlsVersions, "The oldest version spoken, as `minTLSVersion`. Default: `TLS_V1_2`."),
            .optional(
                "maxVersion", tlsVersions, "The newest version spoken, as `maxTLSVersion`. Default: `TLS_V1_3`."),
            .optional("cipherSuites", .list(of: .choice(cipherSuites)), "As those of a listener's `tls`."),
            .optional(
                "alpn", .list(of: .either([.list(of: .integer(0...255)), .ours(.choice(applicationProtocols))])),
                "What clients may choose from (ALPN), the preferred one first: each as its bytes, or `h2` and `http/1.1` "
                    + "in words. Default: both, in this order."),
            .optional(
                "handshakeTimeout", .duration,
                "From a connection to the end of its handshake; then it is closed. Default: `config.timeouts.head`, which "
                    + "is 15s."),
        ],
        notOffered: ["keyExchangeGroups"])

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
                "http2KeepaliveInterval", .duration,
                "A client that speaks HTTP/2, has requests in service and is silent so long is asked by a PING whether it "
                    + "is still there. Default: it is not asked."),
            .optional(
                "http2KeepaliveTimeout", .duration,
                "For its answer; then its connection is closed, and its requests are taken back. Default: 20s."),
            .optional(
                "http1HeaderCase", .choice(["preserve"], notOffered: ["lowercase"]),
                "How names of headers are written. Only `preserve`, which is the default: as they came."),
            .optional(
                "http2WindowSize", .integer(4096...(16 << 20)),
                "Bytes of body that a request over HTTP/2 may send before they are taken on. Default: 65536."),
            .optional(
                "http2ConnectionWindowSize", .integer(65_535...(256 << 20)),
                "The same of all requests of a connection together. Less than 100 of the former lets a request whose body "
                    + "is not taken hold up others. Default: 100 of the former, but no more than 6553600 or one of them."
            ),
            .optional(
                "http2FrameSize", .integer(16384...(1 << 20)),
                "The longest frame of HTTP/2 that is taken. Default: 16384."
            ),
            .optional(
                "http2MaxHeaderSize", .integer(4096...(1 << 20)),
                "The fields of a request over HTTP/2, each counted with 32 bytes more; `config.limits.headBytes` holds "
                    + "besides. Default: `config.limits.headBytes`."),
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
        traffic.keepalive = keepalive(http)
        traffic.http2.streamWindow = http.integer("http2WindowSize")
        traffic.http2.connectionWindow = http.integer("http2ConnectionWindowSize")
        traffic.http2.maxFrameBytes = http.integer("http2FrameSize")
        traffic.http2.maxHeaderBytes = http.integer("http2MaxHeaderSize")
        _ = http.choice("http1HeaderCase")
    }

    private func keepalive(_ http: MappingReader) -> HTTP2Keepalive? {
        let limit = timeout("http2KeepaliveTimeout", http)
        guard let interval = timeout("http2KeepaliveInterval", http) else {
            if let node = http.node("http2KeepaliveTimeout"), !http.has("http2KeepaliveInterval") {
                findings.error(
                    "field_missing", "`http2KeepaliveTimeout` is for answers that nothing asks for",
                    at: node.provenance, hint: "add `http2KeepaliveInterval`")
            }
            return nil
        }
        return HTTP2Keepalive(interval: interval, timeout: limit ?? .seconds(20))
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
