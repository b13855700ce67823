import GatewayModel

extension AgentgatewayShapes {
    private static let messages: [FieldShape] = [
        .optional("request", .object(requestTransformation), "Changes of the request that is forwarded."),
        .optional(
            "response", .object(responseTransformation),
            "Changes of the answer, be it the backend's or, behind this policy, the gateway's own. The expressions may "
                + "read `response`, and of the request all but its body."),
    ]

    static let transformations = ObjectShape("a transformation policy", messages)

    static let conditionalTransformation = ObjectShape("a conditional transformation", [condition] + messages)

    static let conditionalTransformations = ObjectShape(
        "conditional transformations",
        [
            .required(
                "conditional", .list(of: .object(conditionalTransformation)),
                "Transformations of which the first one is made whose condition holds. Conditions are about the request."
            )
        ])

    static let requestTransformation = ObjectShape(
        "a request's transformation",
        headers("`:method`, `:path` (with the query) and `:authority`") + [
            .optional(
                "body", .string,
                "A CEL expression for the body. The request is held until its body is whole, as for rules that read it. "
                    + "Texts and bytes are taken as they are, all else as JSON; where it fails the body is empty.")
        ] + metadata)

    static let responseTransformation = ObjectShape(
        "an answer's transformation",
        headers("`:status`, from 200 to 599") + [
            .optional(
                "body", .string,
                "A CEL expression for the body. The answer is held until it is whole, up to "
                    + "`config.limits.bufferedBodyBytes`; a larger one becomes 502 `answer_exceeds_buffer`. So it is where "
                    + "any expression reads `response.body`.")
        ] + metadata)

    private static func headers(_ pseudo: String) -> [FieldShape] {
        [
            .optional(
                "replace", .string,
                "A CEL expression for all headers at once, a map of texts or lists of texts, before the others. Where it "
                    + "fails the headers stay. Those that frame the message or belong to a connection stay always."),
            .optional(
                "add", .map(of: .string),
                "Headers that come in beside those of their name, each with the CEL expression of its value. Where that "
                    + "fails, or answers what cannot stand in a header, all of that name leave."),
            .optional(
                "set", .map(of: .string),
                "The same for headers that replace those of their name; and for \(pseudo), which stay as they are where "
                    + "there is no value that would do."),
            .optional("remove", .list(of: .string), "Names of headers that leave."),
        ]
    }

    private static let metadata: [FieldShape] = [
        .optional(
            "metadata", .map(of: .string),
            "Values that expressions after this policy read as `metadata.NAME`, those of the access log included.")
    ]
}

extension AgentgatewayDecoder {
    func transformation(_ entry: DocumentEntry) -> Transformation? {
        let shape =
            entry.isConditional ? AgentgatewayShapes.conditionalTransformations : AgentgatewayShapes.transformations
        guard
            let reader = MappingReader(entry.value, shape, introducedAt: entry.keyProvenance, findings: findings)
        else { return nil }
        if entry.isConditional {
            return Transformation(
                choices: conditional(reader, AgentgatewayShapes.conditionalTransformation) { transformation($0) })
        }
        return Transformation(choices: [transformation(reader)])
    }

    private func transformation(_ reader: MappingReader) -> Transformation.Choice {
        let choice = Transformation.Choice(
            condition: condition(reader), request: reader.mapping("request").map(change),
            response: reader.mapping("response").map { [change($0)] } ?? [])
        if choice.request == nil, choice.response.isEmpty, reader.isSound {
            findings.error(
                "field_missing", "the transformation changes nothing", at: reader.place,
                hint: "it may have `request` or `response`")
        }
        return choice
    }

    /// A header, and the expression of its value.
    func expressionField(_ entry: DocumentEntry) -> Transformation.Field? {
        entry.value.text(findings).map {
            Transformation.Field(
                name: entry.key, value: Expression($0, at: entry.value.provenance), provenance: entry.keyProvenance)
        }
    }

    private func change(_ reader: MappingReader) -> Transformation.Change {
        let (replace, body) = (expression("replace", reader), expression("body", reader))
        let metadata = (reader.entries("metadata") ?? []).compactMap(expressionField)
        let changes = headerChanges(
            reader, by: "the transformation", orElse: replace != nil || body != nil || !metadata.isEmpty,
            field: expressionField)
        return Transformation.Change(
            add: changes.add, set: changes.set, remove: changes.remove, replace: replace, body: body,
            metadata: metadata)
    }
}
