import GatewayModel

extension AgentgatewayShapes {
    static let transformations = ObjectShape(
        "a transformation policy",
        [
            .optional("request", .object(transformation), "Changes of the request that is forwarded."),
            .optional(
                "response", .object(transformation),
                "Changes of the answer. The expressions are evaluated when the request has passed its policies; "
                    + "agentgateway evaluates them when the answer has come, so that they may read `response`."),
        ])

    static let transformation = ObjectShape(
        "a transformation",
        [
            .optional(
                "add", .map(of: .string),
                "Headers that come in beside those of their name, each with the CEL expression of its value. Where that "
                    + "fails, or answers what cannot stand in a header, all of that name leave."),
            .optional("set", .map(of: .string), "The same for headers that replace those of their name."),
            .optional("remove", .list(of: .string), "Names of headers that leave."),
        ],
        notOffered: ["replace", "body", "metadata"])
}

extension AgentgatewayDecoder {
    func transformation(_ entry: DocumentEntry) -> Transformation? {
        let shape = entry.isConditional ? AgentgatewayShapes.conditionalPolicy : AgentgatewayShapes.transformations
        guard
            let reader = MappingReader(entry.value, shape, introducedAt: entry.keyProvenance, findings: findings),
            !entry.isConditional
        else { return nil }
        let transformation = Transformation(
            request: reader.mapping("request").map(fields), response: reader.mapping("response").map(fields))
        if transformation.request == nil, transformation.response == nil, reader.isSound {
            findings.error(
                "field_missing", "the transformation changes nothing", at: reader.place,
                hint: "it may have `request` or `response`")
        }
        return transformation
    }

    /// A header, and the expression of its value.
    func expressionField(_ entry: DocumentEntry) -> Transformation.Field? {
        entry.value.text(findings).map {
            Transformation.Field(
                name: entry.key, value: Expression($0, at: entry.value.provenance), provenance: entry.keyProvenance)
        }
    }

    private func fields(_ reader: MappingReader) -> Transformation.Fields {
        let changes = headerChanges(reader, by: "the transformation", field: expressionField)
        return Transformation.Fields(add: changes.add, set: changes.set, remove: changes.remove)
    }
}
