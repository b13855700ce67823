import GatewayModel

extension AgentgatewayShapes {
    static let authorization = ObjectShape(
        "an authorization",
        [
            .required(
                "rules", .list(of: .either([.string, .object(authorizationRule)])),
                "CEL expressions that decide, once the caller is known. The rules of all levels count together: "
                    + "one `deny` that holds refuses, every `require` must hold, and where there is an `allow`, "
                    + "one must hold. A text alone is an `allow`."),
            logOnly,
        ])

    static let authorizationRule = ObjectShape(
        "an authorization rule",
        [
            .optional("allow", .string, "The request may pass if this holds."),
            .optional("deny", .string, "The request is refused if this holds."),
            .optional("require", .string, "The request is refused unless this holds."),
        ],
        exactlyOne: ["allow", "deny", "require"])
}

extension AgentgatewayDecoder {
    func authorization(_ reader: MappingReader) -> Authorization? {
        guard let items = reader.items("rules") else { return nil }
        if items.isEmpty {
            findings.warning(
                "rules_empty", "`rules` is an empty list: every request passes", at: reader.place,
                hint: "add a rule, or remove `authorization`")
        }
        return Authorization(
            rules: items.compactMap(authorizationRule), logsOnly: logsOnly(reader, "authorization", isPart: false))
    }

    private func authorizationRule(_ node: DocumentNode) -> AuthorizationRule? {
        guard case .mapping(let entries) = node.content else {
            return node.text(findings).map {
                AuthorizationRule(effect: .allow, expression: $0, provenance: node.provenance)
            }
        }
        if let entry = entries.first, entries.count == 1, entry.key.contains(where: { " .(=\"'".contains($0) }) {
            // `a ? b : c` without quotes is a mapping to YAML.
            findings.error(
                "rule_unquoted", "YAML reads this rule as a key and a value, because of the colon in it",
                at: entry.keyProvenance, hint: "put quotes around the whole expression")
            return nil
        }
        guard let reader = MappingReader(node, AgentgatewayShapes.authorizationRule, findings: findings),
            let entry = reader.theOne(), let effect = AuthorizationRule.Effect(rawValue: entry.key),
            let expression = entry.value.text(findings)
        else { return nil }
        return AuthorizationRule(effect: effect, expression: expression, provenance: entry.value.provenance)
    }
}
