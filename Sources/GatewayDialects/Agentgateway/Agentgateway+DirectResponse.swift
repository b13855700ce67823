import GatewayModel

extension AgentgatewayShapes {
    static let directResponse = ObjectShape(
        "a direct response",
        [
            .required("status", .integer(200...599), "The status code."),
            .optional(
                "body", .either([.string, .list(of: .integer(0...255))]),
                "The body, as text or as a list of bytes. Default: none."),
        ],
        notOffered: ["bodyExpression", "headers"])

    /// One of several by a condition.
    static let conditionalPolicy = ObjectShape("a conditional policy", [], notOffered: ["conditional"])
}

extension AgentgatewayDecoder {
    func directResponse(_ entry: DocumentEntry) -> DirectResponse? {
        let shape = entry.isConditional ? AgentgatewayShapes.conditionalPolicy : AgentgatewayShapes.directResponse
        guard
            let reader = MappingReader(
                entry.value, shape, introducedAt: entry.keyProvenance, findings: findings), !entry.isConditional
        else { return nil }
        let body = reader.node("body").flatMap(body) ?? []
        guard let status = reader.integer("status") else { return nil }
        if [204, 205, 304].contains(status), !body.isEmpty, let place = reader.node("body")?.provenance {
            findings.error("field_unused", "an answer with status \(status) has no body", at: place, hint: "remove it")
        }
        return DirectResponse(status: status, body: body)
    }

    private func body(_ node: DocumentNode) -> [UInt8]? {
        if case .sequence(let items) = node.content {
            return items.compactMap { $0.integer(in: 0...255, findings).map { UInt8($0) } }
        }
        return node.text(allowingEmpty: true, findings).map { Array($0.utf8) }
    }
}

extension DocumentEntry {
    /// Whether a policy is written as several, each with the condition under which it holds.
    var isConditional: Bool {
        guard case .mapping(let entries) = value.content else { return false }
        return entries.contains { $0.key == "conditional" }
    }
}
