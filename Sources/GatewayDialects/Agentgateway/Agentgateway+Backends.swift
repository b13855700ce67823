import GatewayModel

extension AgentgatewayShapes {
    static let backend = ObjectShape(
        "a backend",
        [
            backendHost, backendName,
            .optional(
                "routeGroup", .string,
                "A group of the document's `routeGroups`, by its name, in place of servers: the best of its routes takes the "
                    + "request. It is the only backend of its route."),
            .optional(
                "weight", .integer(0...1_000_000),
                "Its share of the requests among the backends of the route; 0 takes none. Default: 1."),
            .optional(
                "policies", .object(backendPolicies), "Policies for the requests that go to this backend."),
        ],
        exactlyOne: ["host", "service", "backend", "internal", "dynamic", "mcp", "ai", "aws", "routeGroup", "invalid"],
        notOffered: ["service", "internal", "dynamic", "mcp", "ai", "aws", "invalid"])

    static let namedBackend = ObjectShape(
        "a named backend",
        [
            .required("name", .string, "The name that backends of routes refer to, unique in the document."),
            backendHost,
            .optional(
                "policies", .object(backendPolicies),
                "Policies for the requests that go to this backend, where a route's reference has none of the kind."),
        ],
        exactlyOne: ["host", "internal", "mcp", "ai", "aws"],
        notOffered: ["internal", "mcp", "ai", "aws"])

    static let backendPolicies = ObjectShape(
        "a backend's policies",
        [
            .optional(
                "requestHeaderModifier", .object(headerModifier),
                "Headers added to, set in and removed from what goes to this backend, after the route's policies."),
            .optional(
                "responseHeaderModifier", .object(headerModifier),
                "The same of what it answers, after the route's `responseHeaderModifier`."),
            .optional("backendTLS", .object(backendTLS), "TLS to this backend, in place of the route's."),
            .optional(
                "backendAuth", .object(backendAuth), "What proves to this backend who asks, in place of the route's."),
            .optional(
                "transformations",
                .either([
                    .object(AgentgatewayShapes.transformations),
                    .ours(.object(AgentgatewayShapes.conditionalTransformations)),
                ]),
                "Changes of what goes to this backend, after the route's policies, and of what it answers, before them."
            ),
            .optional("http", .object(backendHTTP), "How HTTP is spoken to this backend."),
            .optional(
                "health", .object(health), "When this backend is left out for a while, by its answers to requests."),
            .optional("tcp", .object(backendTCP), "How connections to this backend are opened and kept."),
        ],
        notOffered: [
            "backendTunnel", "requestRedirect",
            "extAuthz", "authorization", "mcpAuthorization", "mcpGuardrails", "a2a", "inferenceRouting",
            "sessionAffinity", "ai",
        ])

    private static let backendHTTP = ObjectShape(
        "a backend's http",
        [
            .optional(
                "version", .choice(Array(versions.keys.sorted()), notOffered: ["HTTP/0.9", "HTTP/1.0", "HTTP/3.0"]),
                "The version of HTTP: `HTTP/2.0` by prior knowledge, or agreed on in TLS. Default: `HTTP/2.0` for "
                    + "requests whose `Content-Type` is `application/grpc`, else `HTTP/1.1`. A WebSocket is always asked "
                    + "for by HTTP/1.1."),
            .optional(
                "requestTimeout", .duration,
                "From a whole request to the first byte of this backend's answer, for each attempt; then 504. Where the "
                    + "route's `timeout` leaves less, that holds. Default: as the route says, or "
                    + "`config.timeouts.request`."),
        ])

    static let versions: [String: BackendVersion] = ["HTTP/1.1": .http1, "HTTP/2.0": .http2]

    private static let backendHost = FieldShape.optional(
        "host", .string,
        "The server as `name:port`, `192.0.2.1:port`, `[2001:db8::1]:port`, or as a Unix socket, `unix:/path`. One with "
            + "a name gets that as `Host`, unless the route's `urlRewrite.authority` says otherwise.")

    private static let backendName = FieldShape.optional(
        "backend", .string, "A server of the document's `backends`, by its name.")

    /// One without a share and policies of its own.
    static let plainBackend = ObjectShape(
        "a backend", [backendHost, backendName], exactlyOne: ["host", "service", "backend"], notOffered: ["service"])
}

/// A server of the document's `backends`.
struct NamedBackend {
    var place: Provenance
    /// Nil where it is not readable, which is reported.
    var endpoint: Upstream.Endpoint?
}

extension AgentgatewayDecoder {
    mutating func namedBackends(_ document: MappingReader) {
        for node in document.items("backends") ?? [] {
            guard let reader = MappingReader(node, AgentgatewayShapes.namedBackend, findings: findings) else {
                continue
            }
            let policies = reader.mapping("policies").map(backendPolicies) ?? .none
            var endpoint = server(reader, weight: 1, policies)
            guard let name = reader.name("name"), let place = reader.node("name")?.provenance else { continue }
            endpoint?.policies.health?.name = "backend \(name)"
            if let first = namedBackends.updateValue(NamedBackend(place: place, endpoint: endpoint), forKey: name) {
                findings.error(
                    "name_taken", "another backend is named `\(name)`, at line \(first.place.line)", at: place)
            }
        }
    }

    private func backendPolicies(_ reader: MappingReader) -> BackendPolicies {
        let (tcp, http) = (reader.mapping("tcp"), reader.mapping("http"))
        var policies = BackendPolicies(
            requestHeaders: reader.mapping("requestHeaderModifier").map(headerMutation),
            responseHeaders: reader.mapping("responseHeaderModifier").map(headerMutation),
            tls: reader.mapping("backendTLS").map(backendTLS),
            authentication: reader.entry("backendAuth").flatMap(backendAuthentication),
            version: http.flatMap(version),
            transformation: reader.entry("transformations").flatMap(transformation),
            health: reader.mapping("health").flatMap(health))
        policies.connectTimeout = timeout("connectTimeout", tcp)
        policies.requestTimeout = http.flatMap { bound("requestTimeout", $0) }
        policies.keepalive = tcp?.mapping("keepalives").map(tcpKeepalive)
        return policies
    }

    private func version(_ reader: MappingReader) -> BackendVersion? {
        reader.choice("version").flatMap { AgentgatewayShapes.versions[$0] }
    }

    /// One server; backends of a kind that is not offered are reported and yield nil.
    func endpoint(_ reader: MappingReader) -> Upstream.Endpoint? {
        let weight = reader.integer("weight") ?? 1
        let policies = reader.mapping("policies").map(backendPolicies) ?? .none
        var endpoint = serverOrReference(reader)
        endpoint?.weight = weight
        endpoint?.policies.override(by: policies)
        return endpoint
    }

    /// What `host` or `backend` says.
    func serverOrReference(_ reader: MappingReader) -> Upstream.Endpoint? {
        guard let reference = reader.node("backend") else { return server(reader, weight: 1, .none) }
        return reference.text(findings).flatMap { namedEndpoint($0, at: reference.provenance) }
    }

    private func server(_ reader: MappingReader, weight: Int, _ policies: BackendPolicies) -> Upstream.Endpoint? {
        guard let host = reader.node("host"), let text = host.text(findings) else { return nil }
        if text.hasPrefix("unix:") {
            return unixSocket(text, host, example: "/run/app.sock").map {
                Upstream.Endpoint($0, weight: weight, policies: policies)
            }
        }
        do {
            let (name, port) = try HostSyntax.endpoint(text)
            let isAddress = HostSyntax.isIPv4(name) || HostSyntax.isIPv6(name)
            return Upstream.Endpoint(
                .network(host: name, port: port), weight: weight, isNamedInHost: !isAddress, policies: policies)
        } catch {
            findings.error("host_invalid", "\(host.label) \(error.message)", at: host.provenance, hint: error.hint)
            return nil
        }
    }

    /// - Parameter reference: a name, or the name behind a slash: agentgateway writes a namespace before it, and
    ///   the one of a document's own backends is empty.
    private func namedEndpoint(_ reference: String, at place: Provenance) -> Upstream.Endpoint? {
        let name = reference.hasPrefix("/") ? String(reference.dropFirst()) : reference
        if let known = namedBackends[name] { return known.endpoint }
        let names = namedBackends.keys.sorted()
        findings.error(
            "backend_unknown", "there is no backend named `\(name)`", at: place,
            hint: names.isEmpty
                ? "`backends` at the top of the document has none yet" : Suggestion.hint(for: name, among: names))
        return nil
    }
}
