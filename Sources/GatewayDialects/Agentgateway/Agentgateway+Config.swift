import Bytes
internal import GatewayModel

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
            .optional(
                "statsAddr", .string,
                "Where `/metrics`, `/healthz/ready` and `/healthz/live` are served: `ip:port`, `localhost:port`, "
                    + "`unix:/path` (a socket that its owner and group may connect to) or `off`. "
                    + "Default: `127.0.0.1:15020`, left out with a warning where that port is taken. "
                    + "agentgateway's default is every address."),
            .optional(
                "adminAddr", .string,
                "Where `/config_dump` is served: what is in force, without secrets; and `/keys`. Default: `off`; "
                    + "agentgateway's is `localhost:15000`."),
            .optional(
                "readinessAddr", .string,
                "Where `/healthz/ready` and `/healthz/live` are served beside `statsAddr`, so that a probe may reach "
                    + "them alone. Default: `off`; agentgateway's is every address."),
            .ours(
                "admin", .object(adminAPI),
                "The Admin API of API7 and Apache APISIX beside this file: what is written through it is served at "
                    + "addresses of its own. Default: none."),
            .optional("logging", .object(logging), "How the gateway logs what it does, on standard error."),
            .ours(
                "accessLog", .choice(["off", "text", "json"]),
                "A line per request on standard output. Tokens and queries are never in it. Default: `text`."),
            .ours("timeouts", .object(timeouts), "How long a client or an upstream may take."),
            .ours("limits", .object(limits), "How large a request may be."),
            .ours(
                "trustedProxies", .list(of: .string),
                "Networks (CIDR) whose `X-Forwarded-*` headers are kept; those of anyone else are replaced. "
                    + "Default: none."),
            .ours(
                "onTokenExpiry", .choice(["close", "keep"]),
                "What becomes of an open WebSocket when its token expires. Default: `close`."),
            .ours(
                "celCheck", .choice(["typed", "parseOnly"]),
                "Whether names and types in expressions are checked when the file is loaded, or only the grammar, as "
                    + "agentgateway does. Default: `typed`."),
            .ours(
                "denyOnError", .choice(["deny", "ignore"]),
                "What becomes of a request where a `deny` rule cannot be evaluated, because a claim is absent for "
                    + "instance. `ignore`, as agentgateway does: the rule does not count. Default: `deny`."),
        ],
        notOffered: [
            "dns", "localXdsPath", "modelCatalog", "database", "storage", "caAddress", "caAuthToken", "xdsAddress",
            "xdsAuthToken", "spiffe", "namespace", "gateway", "trustDomain", "additionalTrustDomains",
            "skipValidateTrustDomain", "serviceAccount", "clusterId", "network", "standardAttributes",
            "histograms", "session", "mcp", "sensitiveHeaders", "customFunctions",
            "connectionTerminationDeadline", "connectionMinTerminationDeadline", "tracing", "metrics",
            "backend", "hbone",
        ])

    static let logging = ObjectShape(
        "the logging settings",
        [
            .optional(
                "level", .either([.string, .list(of: .string), .ours(.choice(["warning"]))]),
                "The least that is logged: `error`, `warn`, `info`, `debug` or `trace`, which is `debug`. Levels of "
                    + "agentgateway's parts beside it (`info,proxy=trace`, or as a list) mean nothing here, with a warning. "
                    + "Default: `info`."),
            .optional("format", .choice(["text", "json"]), "Default: `text`."),
        ] + requestLogging,
        notOffered: ["database"])

    static let timeouts = ObjectShape(
        "the timeouts",
        [
            .ours(
                "head", .duration, "From the first byte of a request to the end of its head; then 408. Default: 15s."),
            .ours("idle", .duration, "A kept connection without a request; then it is closed. Default: 75s."),
            .ours("body", .duration, "Between two pieces of a request's body; then 408. Default: 60s."),
            .ours(
                "request", .duration, "From a whole request to the first byte of its answer; then 504. Default: 60s."),
            .ours(
                "answer", .duration,
                "Between two pieces of an answer whose length the backend has said; then the client's connection ends. "
                    + "Default: 60s."),
            .ours(
                "stream", .duration,
                "The same for answers without a length, such as streams of events, and for WebSockets that are silent "
                    + "on both sides. Default: no bound."),
            .ours("connect", .duration, "Opening a connection to an upstream; then 504. Default: 10s."),
            .ours("drain", .duration, "For requests in service once the gateway is told to stop. Default: 30s."),
        ])

    static let limits = ObjectShape(
        "the limits",
        [
            .ours(
                "headBytes", .integer(1024...1_048_576), "Request line and headers together; then 431. Default: 65536."),
            .ours("targetBytes", .integer(64...65536), "The request target; then 414. Default: 16384."),
            .ours("headers", .integer(8...1024), "Header lines; then 431. Default: 128."),
            .ours("bodyBytes", .integer(0...(1 << 50)), "The body; then 413. Default: any size."),
            .ours(
                "bufferedBodyBytes", .integer(0...(64 << 20)),
                "A body that rules read: it is gathered before they decide; then 413. Default: 2097152."),
            .ours(
                "bufferedBytes", .integer((1 << 20)...(1 << 40)),
                "All bodies that are gathered at one time; then 503. Default: 67108864."),
        ])
}

extension AgentgatewayDecoder {
    mutating func config(
        _ reader: MappingReader?, logging: MappingReader?, at provenance: Provenance
    ) -> (ProcessSettings, TrafficSettings) {
        let timeouts = reader?.mapping("timeouts")
        return (processSettings(reader, timeouts, logging), trafficSettings(reader, timeouts, at: provenance))
    }

    func expressionSettings(_ reader: MappingReader?) -> ExpressionSettings {
        ExpressionSettings(
            checking: reader?.choice("celCheck").flatMap(ExpressionChecking.init) ?? .typed,
            onDenyError: reader?.choice("denyOnError").flatMap(DenyErrorAction.init) ?? .deny)
    }

    private mutating func processSettings(
        _ reader: MappingReader?, _ timeouts: MappingReader?, _ logging: MappingReader?
    ) -> ProcessSettings {
        if reader?.boolean("enableIpv6") == false { listenHost = "0.0.0.0" }
        return ProcessSettings(
            workerThreads: reader?.node("workerThreads").flatMap(workerThreads),
            control: reader?.node("statsAddr").map(controlListener) ?? .standard,
            admin: reader?.node("adminAddr").map(controlListener) ?? .off,
            readiness: reader?.node("readinessAddr").map(controlListener) ?? .off,
            adminAPI: adminAPI(reader),
            accessLog: reader?.choice("accessLog").flatMap(AccessLogFormat.init) ?? .text,
            logLevel: logging?.node("level").flatMap(logLevel) ?? .info,
            logFormat: logging?.choice("format").flatMap(LogFormat.init) ?? .text,
            drainTimeout: timeout("drain", timeouts) ?? .seconds(30))
    }

    /// The level of all, among levels of parts.
    private func logLevel(_ node: DocumentNode) -> LogLevel? {
        let nodes = if case .sequence(let items) = node.content { items } else { [node] }
        var level: LogLevel?
        for node in nodes {
            for written in node.text(findings)?.split(separator: ",") ?? [] {
                let parts = written.split(separator: "=", maxSplits: 1).map { String($0).withoutOuterSpaces }
                guard let name = parts.last, let known = Self.logLevels[name.lowercased()] else {
                    let name = parts.last ?? ""
                    findings.error(
                        "value_unknown", "\(node.label): there is no level \(DocumentScalar.quotedForMessage(name))",
                        at: node.provenance,
                        hint: Suggestion.hint(for: name, among: ["error", "warn", "info", "debug", "trace"]))
                    continue
                }
                guard parts.count == 2 else {
                    level = known
                    continue
                }
                findings.warning(
                    "value_unused", "`\(parts[0])` is a part of agentgateway, and there is none of the name here",
                    at: node.provenance, hint: "the level of all is a name without `=`")
            }
        }
        return level
    }

    private static let logLevels: [String: LogLevel] = [
        "error": .error, "warn": .warning, "warning": .warning, "info": .info, "debug": .debug, "trace": .debug,
    ]

    private func controlListener(_ node: DocumentNode) -> ControlListener {
        guard let text = node.text(findings), text != "off" else { return .off }
        if text.hasPrefix("unix:") {
            return unixSocket(text, node, example: "/run/tollgate/control.sock").map { .on($0, isRequired: true) }
                ?? .off
        }
        guard let address = listenAddress(text) else {
            findings.error(
                "address_invalid",
                "\(node.label) has to be `ip:port`, `localhost:port`, `unix:/path` or `off`, found `\(text)`",
                at: node.provenance)
            return .off
        }
        return .on(.network(host: address.host, port: address.port), isRequired: true)
    }

    /// What `host:port` means where the process itself listens; nil where it is none.
    func listenAddress(_ text: String) -> ListenAddress? {
        guard let endpoint = try? HostSyntax.endpoint(text) else { return nil }
        return ListenAddress(host: endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host, port: endpoint.port)
    }

    /// The socket that `unix:/path` means; nil where it can be none, which is reported.
    ///
    /// - Parameter example: a path for the hint.
    func unixSocket(_ text: String, _ node: DocumentNode, example: String) -> StreamAddress? {
        guard let address = StreamAddress(unix: text) else {
            let path = text.dropFirst("unix:".count)
            let found = path.hasPrefix("/") ? ", found \(path.utf8.count)" : ""
            findings.error(
                "address_invalid",
                "\(node.label): a Unix socket needs an absolute path of at most \(StreamAddress.maxPathBytes) bytes\(found)",
                at: node.provenance, hint: "write `unix:\(example)`")
            return nil
        }
        return address
    }

    /// A number, also in quotes as agentgateway takes it; nil for `auto`.
    private func workerThreads(_ node: DocumentNode) -> Int? {
        guard case .scalar(var scalar) = node.content, scalar.text != "auto" else { return nil }
        scalar.style = .plain
        guard scalar.integer != nil else {
            node.reportType("a number or `auto`", findings)
            return nil
        }
        return DocumentNode(.scalar(scalar), named: node.name, at: node.provenance).integer(in: 1...1024, findings)
    }

    // MARK: - Traffic

    private func trafficSettings(
        _ reader: MappingReader?, _ timeouts: MappingReader?, at provenance: Provenance
    ) -> TrafficSettings {
        let limits = reader?.mapping("limits")
        return TrafficSettings(
            headTimeout: timeout("head", timeouts) ?? .seconds(15),
            idleTimeout: timeout("idle", timeouts) ?? .seconds(75),
            bodyTimeout: timeout("body", timeouts) ?? .seconds(60),
            requestTimeout: timeout("request", timeouts) ?? .seconds(60),
            answerTimeout: timeout("answer", timeouts) ?? .seconds(60),
            streamTimeout: timeout("stream", timeouts),
            connectTimeout: timeout("connect", timeouts) ?? .seconds(10), maxConnectionDuration: nil, keepalive: nil,
            maxHeadBytes: limits?.integer("headBytes") ?? 65536,
            maxTargetBytes: limits?.integer("targetBytes") ?? 16384,
            maxFields: limits?.integer("headers") ?? 128,
            maxBodyBytes: limits?.integer("bodyBytes"),
            maxBufferedBodyBytes: limits?.integer("bufferedBodyBytes") ?? 2 << 20,
            maxBufferedBytes: limits?.integer("bufferedBytes") ?? 64 << 20,
            trustedProxies: reader?.texts("trustedProxies") ?? [],
            onTokenExpiry: reader?.choice("onTokenExpiry").flatMap(TokenExpiryAction.init) ?? .close,
            provenance: reader?.node("trustedProxies")?.provenance ?? provenance)
    }

    /// From one second, the grain of the clock that watches them, to a day.
    func timeout(_ name: String, _ reader: MappingReader?) -> Duration? {
        guard let duration = reader?.duration(name) else { return nil }
        guard duration >= .seconds(1), duration <= .seconds(86400) else {
            findings.error(
                "out_of_range", "`\(name)` has to be between 1s and 24h",
                at: reader?.node(name)?.provenance ?? .init(document: ""))
            return nil
        }
        return duration
    }
}
