package import Bytes

/// One plugin of APISIX that this version offers.
package struct APISIXPlugin: Sendable {
    package var name: String
    /// Plugins of higher priority come first.
    package var priority: Int
    /// Whether it finds out who a request is of.
    package var isAuthentication: Bool
    package var schema: APISIXSchema
    /// Its form on consumers and credentials; nil: as on routes.
    package var consumerSchema: APISIXSchema?
    /// The member of the consumer's form that no two consumers may share.
    package var uniqueMember: String?
    /// Members of the consumer's form that are secrets.
    package var secretMembers: [String] = []
    /// What the schema can't say.
    var check: @Sendable (JSONTree) -> String? = { _ in nil }
    var consumerCheck: @Sendable (JSONTree) -> String? = { _ in nil }

    /// What is wrong with a configuration of it, in APISIX's words.
    package func problem(_ value: JSONTree, onConsumer: Bool) -> String? {
        if let problem = Self.metaProblem(value) ?? referenceProblem(value, onConsumer: onConsumer) { return problem }
        if onConsumer, isAuthentication, value["_meta"] != nil {
            return "property \"_meta\" of a consumer's plugin is part of APISIX and not offered in this version"
        }
        guard onConsumer, isAuthentication else { return schema.problem(value) ?? check(value) }
        return (consumerSchema ?? schema).problem(value) ?? consumerCheck(value)
    }

    /// Its members that are in no schema.
    func unknownFields(_ value: JSONTree, onConsumer: Bool) -> [String] {
        guard case .object(let shape) = onConsumer ? consumerSchema ?? schema : schema else { return [] }
        let known = Set(shape.fields.map(\.name)).union(["_meta"])
        return (value.object?.names ?? []).filter { !known.contains($0) }
    }

    /// Taken as it stands, a reference to a secret would be a secret that everybody knows.
    private func referenceProblem(_ value: JSONTree, onConsumer: Bool) -> String? {
        let secrets = onConsumer ? secretMembers : []
        for (name, value) in value.object?.entries ?? [] {
            guard let text = value.string else { continue }
            do throws(SecretReference.Problem) {
                guard try SecretReference(text) != nil, !secrets.contains(name) else { continue }
            } catch {
                return "property \"\(name)\" validation failed: the reference to a secret \(error.message)"
            }
            let places = secrets.isEmpty ? "no member here" : secrets.map { "`\($0)`" }.joined(separator: ", ")
            return "property \"\(name)\" validation failed: \(places) may be a reference to a secret"
        }
        return nil
    }

    /// `_meta` is what all plugins have in common.
    private static func metaProblem(_ value: JSONTree) -> String? {
        guard let meta = value["_meta"] else { return nil }
        if let problem = metaSchema.problem(meta) { return "property \"_meta\" validation failed: \(problem)" }
        return nil
    }

    private static let metaSchema = APISIXSchema.object(
        .init(
            [
                ("disable", .boolean()), ("priority", .notOffered("plugins run in their own order")),
                ("filter", .notOffered("plugins run for every request of the route")),
                ("error_response", .notOffered("refusals have their own bodies")),
                ("pre_function", .notOffered("there is no Lua here")),
            ], others: .forbidden))
}

extension APISIXPlugin {
    /// All that are offered, the highest priority first.
    package static let all: [APISIXPlugin] = [
        multiAuth, openIDConnect, hmacAuth, basicAuth, jwtAuth, keyAuth, consumerRestriction, requestID, cors,
        ipRestriction,
        proxyRewrite, redirect, limitCount, mocking, responseRewrite,
    ].sorted { $0.priority > $1.priority }

    /// What consumers and their groups may bring along: all that does not find out who a request is of.
    static let ofConsumers: Set<String> = [
        "consumer-restriction", "cors", "ip-restriction", "limit-count", "mocking", "proxy-rewrite", "redirect",
        "request-id", "response-rewrite",
    ]

    /// How messages about a plugin begin.
    package static let failedCheck = "failed to check the configuration of plugin"

    package static func named(_ name: String) -> APISIXPlugin? { all.first { $0.name == name } }

    /// What is wrong with a `plugins` object; nil where nothing is.
    package static func problem(ofPlugins value: JSONTree?, onConsumer: Bool) -> String? {
        for (name, configuration) in value?.object?.entries ?? [] {
            if configuration.object == nil, configuration.array == nil {
                return "invalid plugin conf \(configuration.text) for plugin [\(name)]"
            }
            guard let plugin = named(name) else {
                if known.contains(name) { return "plugin [\(name)] is part of APISIX and not offered in this version" }
                let near = Suggestion.nearest(to: name, among: all.map(\.name))
                return "unknown plugin [\(name)]" + (near.map { "; did you mean `\($0)`?" } ?? "")
            }
            guard let problem = plugin.problem(configuration, onConsumer: onConsumer) else { continue }
            return "\(failedCheck) \(name) err: \(problem)"
        }
        return nil
    }

    /// What APISIX has beside `all`: told apart from names that nobody has.
    static let known = ofAPISIX.subtracting(all.map(\.name))

    private static let ofAPISIX: Set<String> = [
        "acl", "ai-proxy", "ai-proxy-multi", "ai-rate-limiting", "api-breaker", "attach-consumer-label",
        "body-transformer",
        "brotli", "cas-auth", "clickhouse-logger", "client-control", "cors", "csrf", "datadog",
        "degraphql", "dubbo-proxy", "echo", "elasticsearch-logger", "error-log-logger", "ext-plugin-post-req",
        "ext-plugin-post-resp", "ext-plugin-pre-req", "fault-injection", "file-logger", "forward-auth",
        "google-cloud-logging", "grpc-transcode", "grpc-web", "gzip", "hmac-auth", "http-logger", "inspect",
        "ip-restriction", "jwe-decrypt", "kafka-logger", "kafka-proxy", "ldap-auth", "limit-conn", "limit-count",
        "limit-req", "loggly", "loki-logger", "mocking", "ocsp-stapling", "opa", "openfunction", "openid-connect",
        "opentelemetry", "openwhisk", "prometheus", "proxy-cache", "proxy-control", "proxy-mirror", "proxy-rewrite",
        "public-api", "real-ip", "redirect", "referer-restriction", "request-id", "request-validation",
        "response-rewrite", "rocketmq-logger", "saml-auth", "server-info", "serverless-post-function",
        "serverless-pre-function", "skywalking", "skywalking-logger", "sls-logger", "splunk-hec-logging", "syslog",
        "tcp-logger", "traffic-split", "ua-restriction", "udp-logger", "uri-blocker", "wolf-rbac", "workflow", "zipkin",
    ]
}
