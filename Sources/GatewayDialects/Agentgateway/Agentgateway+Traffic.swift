import GatewayModel

extension AgentgatewayShapes {
    /// Policies of a route that stand behind authorization.
    static let trafficPolicies: [FieldShape] = [
        .optional("requestRedirect", .object(requestRedirect), "Send the client elsewhere instead of forwarding."),
        .optional("urlRewrite", .object(urlRewrite), "Another path or `Host` for the upstream."),
        .optional(
            "directResponse", .either([.object(directResponse), .object(conditionalDirectResponses)]),
            "An answer that is given instead of forwarding."),
        .optional(
            "localRateLimit", .either([.list(of: .object(rateLimit)), .object(conditionalRateLimits)]),
            "How many requests may pass in a time; more of them are 429."),
        .optional("timeout", .object(timeout), "How long requests may take."),
        .optional("retry", .object(retry), "When a request goes to a backend once more."),
        .optional("requestMirror", .object(requestMirror), "A copy of some requests for another backend."),
        .optional("delay", .object(delay), "How long requests wait before they are forwarded, for tests."),
    ]

    static let timeout = ObjectShape(
        "a timeout",
        [
            .optional(
                "requestTimeout", .duration,
                "From the first byte of a request to the last one of its answer; then 504, or the connection ends. "
                    + "Not for WebSockets. Default: no bound."),
            .optional(
                "backendRequestTimeout", .duration,
                "From a whole request to the first byte of the backend's answer, for each attempt; then 504. "
                    + "Default: `requestTimeout`, or `config.timeouts.request`."),
        ])

    static let retry = ObjectShape(
        "a retry",
        [
            .required("codes", .list(of: .integer(200...599)), "Statuses that count as failures, as 503."),
            .optional(
                "attempts", .integer(1...255),
                "How often a request is sent once more, at most; after that the last answer goes to the client. "
                    + "Default: 1."),
            .optional("backoff", .duration, "From a failure to the next attempt. Default: at once."),
            .ours(
                "methods", .list(of: .string),
                "Methods whose requests are sent once more beside GET, HEAD, PUT, DELETE and OPTIONS, such as POST: "
                    + "the backend may carry such a request out twice. Agentgateway sends every method again. "
                    + "Default: none."),
        ],
        notOffered: ["precondition", "condition"])
}

extension AgentgatewayDecoder {
    mutating func decodedTrafficPolicies(_ reader: MappingReader) -> [(Policy, Provenance)] {
        var decoded: [(Policy, Provenance)] = []
        if let policy = reader.mapping("urlRewrite") {
            decoded.append((.urlRewrite(urlChange(policy)), policy.place))
            checkChange(policy, of: ["authority", "path"], "changes nothing")
        }
        if let policy = reader.mapping("requestRedirect") {
            decoded.append((.requestRedirect(requestRedirect(policy)), policy.place))
        }
        if let entry = reader.entry("directResponse"), let response = directResponse(entry) {
            decoded.append((.directResponse(response), entry.keyProvenance))
        }
        if let entry = reader.entry("localRateLimit"), let limits = rateLimit(entry) {
            decoded.append((.rateLimit(limits), entry.keyProvenance))
        }
        if let policy = reader.mapping("timeout") { decoded.append((.timeouts(timeouts(policy)), policy.place)) }
        if let policy = reader.mapping("retry") { decoded.append((.retry(retry(policy)), policy.place)) }
        if let policy = reader.mapping("requestMirror"), let mirror = requestMirror(policy) {
            decoded.append((.requestMirror(mirror), policy.place))
        }
        if let policy = reader.mapping("delay"), let delay = delay(policy) {
            decoded.append((.delay(delay), policy.place))
        }
        return decoded
    }

    private func timeouts(_ reader: MappingReader) -> RouteTimeouts {
        if !reader.has("requestTimeout"), !reader.has("backendRequestTimeout"), reader.isSound {
            findings.error("field_missing", "the timeout says nothing", at: reader.place, hint: "add `requestTimeout`")
        }
        return RouteTimeouts(
            request: bound("requestTimeout", reader), upstream: bound("backendRequestTimeout", reader))
    }

    /// From one millisecond to a day.
    func bound(_ name: String, _ reader: MappingReader) -> Duration? {
        guard let duration = reader.duration(name), let place = reader.node(name)?.provenance else { return nil }
        guard duration >= .milliseconds(1), duration <= .seconds(86400) else {
            findings.error("out_of_range", "`\(name)` has to be between 1ms and 24h", at: place)
            return nil
        }
        return duration
    }

    private func retry(_ reader: MappingReader) -> RetryPolicy {
        let codes = reader.items("codes") ?? []
        let backoff = reader.duration("backoff") ?? .zero
        if backoff > .seconds(60), let place = reader.node("backoff")?.provenance {
            findings.error("out_of_range", "`backoff` has to be 60s at most", at: place)
        }
        return RetryPolicy(
            retries: reader.integer("attempts") ?? 1, backoff: backoff,
            codes: codes.compactMap { $0.integer(in: 200...599, findings) },
            methods: (reader.items("methods") ?? []).compactMap { item in
                item.text(findings).flatMap { token($0, item) }
            })
    }
}
