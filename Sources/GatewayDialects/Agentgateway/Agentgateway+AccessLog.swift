import Bytes
import GatewayModel

extension AgentgatewayShapes {
    private static let logFilter = FieldShape.optional(
        "filter", .string,
        "An expression: a request is logged where it is true, once it has been answered. `response.code` and "
            + "`backend.name` are there beside what rules may read; bodies, secrets, `Authorization`, `Cookie` and "
            + "whatever a policy looks for a credential in are not. Default: every request is logged.")

    private static let logFieldShapes: [FieldShape] = [
        .optional(
            "add", .map(of: .string),
            "Fields that lines have beside the usual, or in place of those of their name: expressions, as for `filter`. "
                + "What fails or is null is left out; what reads like a token, or has more than 4096 bytes, is "
                + "`withheld`."),
        .optional(
            "remove", .list(of: .string),
            "Fields that lines do not have: \(AccessLogFields.named.map { "`\($0.name)`" }.joined(separator: ", ")), "
                + "or their names in agentgateway, such as `http.path`."),
    ]

    static let accessLog = ObjectShape(
        "an accessLog", [logFilter] + logFieldShapes, notOffered: ["otlp", "database"])

    static let logFields = ObjectShape("a logging's fields", logFieldShapes)

    /// The same at its older place.
    static let requestLogging: [FieldShape] = [
        logFilter, .optional("fields", .object(logFields), "As `add` and `remove` of `frontendPolicies.accessLog`."),
    ]
}

extension AgentgatewayDecoder {
    /// From `frontendPolicies.accessLog`, also called `logging` there, or from `config.logging`; one of them.
    func accessLog(_ frontend: MappingReader?, _ logging: MappingReader?) -> AccessLogSettings? {
        var places: [(place: Provenance, settings: AccessLogSettings)] = []
        for name in ["accessLog", "logging"] {
            if let log = frontend?.mapping(name) {
                places.append((log.place, accessLog(filter: log, fields: log)))
            }
        }
        if let logging, logging.has("filter") || logging.has("fields") {
            places.append((logging.place, accessLog(filter: logging, fields: logging.mapping("fields"))))
        }
        if places.count > 1 {
            findings.error(
                "field_conflict", "the access log is described at line \(places[0].place.line) already",
                at: places[1].place, hint: "write all of it under `frontendPolicies.accessLog`")
        }
        return places.first?.settings
    }

    private func accessLog(filter: MappingReader, fields: MappingReader?) -> AccessLogSettings {
        var settings = AccessLogSettings(filter: expression(filter.node("filter")), added: [], removed: [])
        for entry in fields?.entries("add") ?? [] {
            let isPlain = entry.key.utf8.allSatisfy { $0.isTokenCharacter }
            guard isPlain, !entry.key.isEmpty, entry.key != "time" else {
                findings.error(
                    "name_invalid", "`\(entry.key)` is no name for a field of the access log", at: entry.keyProvenance,
                    hint: "letters, digits, `.`, `_` and `-` make one; `time` is there always")
                continue
            }
            guard let value = expression(entry.value) else { continue }
            settings.added.append(.init(name: entry.key, value: value))
            settings.removed.formUnion(Self.logField(entry.key) ?? [])
        }
        for item in fields?.items("remove") ?? [] {
            guard let name = item.text(findings) else { continue }
            if let field = Self.logField(name) {
                settings.removed.formUnion(field)
            } else {
                findings.warning(
                    "log_field_unknown", "lines of the access log have no field `\(name)`", at: item.provenance,
                    hint: Suggestion.nearest(to: name, among: AccessLogFields.named.map(\.name)).map {
                        "did you mean `\($0)`?"
                    })
            }
        }
        return settings
    }

    private func expression(_ node: DocumentNode?) -> Expression? {
        guard let node, let text = node.text(findings) else { return nil }
        return Expression(text, at: node.provenance)
    }

    /// A field by its name here or in agentgateway.
    private static func logField(_ name: String) -> AccessLogFields? {
        AccessLogFields.named.first { $0.name == name }?.field ?? namesInAgentgateway[name]
    }

    private static var namesInAgentgateway: [String: AccessLogFields] {
        [
            "http.method": .method, "http.host": .host, "http.path": .path, "http.version": .version,
            "http.status": .status, "src.addr": .peer, "endpoint": .upstream, "duration": .duration,
            "jwt.sub": .subject, "reason": .refusal,
        ]
    }
}
