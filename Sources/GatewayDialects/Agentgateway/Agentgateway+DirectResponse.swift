import GatewayModel

extension AgentgatewayShapes {
    private static let directResponseFields: [FieldShape] = [
        .required("status", .integer(200...599), "The status code."),
        .optional(
            "body", .either([.string, .list(of: .integer(0...255))]),
            "The body, as text or as a list of bytes. Default: none."),
        .optional(
            "bodyExpression", .string,
            "A CEL expression whose text or bytes are the body; `toJson(…)` makes a text of lists and mappings. "
                + "Empty where it cannot be evaluated. Default: none."),
        .optional(
            "headers", .map(of: .string),
            "Headers of the answer, each with the CEL expression of its value: a text stands in quotes of its own, as "
                + "`'\"text/plain\"'`. One that cannot be evaluated is left out."),
    ]

    static let directResponse = ObjectShape("a direct response", directResponseFields)

    static let conditionalDirectResponse = ObjectShape(
        "a conditional direct response", [condition] + directResponseFields)

    static let conditionalDirectResponses = ObjectShape(
        "conditional direct responses",
        [
            .required(
                "conditional", .list(of: .object(conditionalDirectResponse)),
                "Answers of which the first one is given whose condition holds. Where none does the request goes to its "
                    + "backend.")
        ])

    /// One of several by a condition.
    static let conditionalPolicy = ObjectShape("a conditional policy", [], notOffered: ["conditional"])
}

extension AgentgatewayDecoder {
    func directResponse(_ entry: DocumentEntry) -> DirectResponse? {
        let (one, several) = (AgentgatewayShapes.directResponse, AgentgatewayShapes.conditionalDirectResponses)
        let reader = MappingReader(
            entry.value, entry.isConditional ? several : one, introducedAt: entry.keyProvenance, findings: findings)
        guard let reader else { return nil }
        let choices =
            entry.isConditional
            ? conditional(reader, AgentgatewayShapes.conditionalDirectResponse, choice)
            : choice(reader).map { [$0] } ?? []
        return choices.isEmpty ? nil : DirectResponse(choices: choices)
    }

    private func choice(_ reader: MappingReader) -> DirectResponse.Choice? {
        let (body, condition) = (body(reader), condition(reader))
        let headers = (reader.entries("headers") ?? []).compactMap(expressionField)
        guard let status = reader.integer("status") else { return nil }
        if [204, 205, 304].contains(status), body != .bytes([]),
            let place = (reader.node("body") ?? reader.node("bodyExpression"))?.provenance
        {
            findings.error("field_unused", "an answer with status \(status) has no body", at: place, hint: "remove it")
        }
        return DirectResponse.Choice(status: status, body: body, headers: headers, condition: condition)
    }

    private func body(_ reader: MappingReader) -> DirectResponse.Body {
        let bytes = reader.node("body").flatMap(bytes) ?? []
        guard let expression = expression("bodyExpression", reader) else { return .bytes(bytes) }
        if reader.has("body"), let place = reader.entry("body")?.keyProvenance {
            findings.error(
                "several_of_one", "an answer has one body, found `body` and `bodyExpression`", at: place,
                hint: "keep one of them")
        }
        return .expression(expression)
    }

    private func bytes(_ node: DocumentNode) -> [UInt8]? {
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

    /// Whether it is written as several, and each has a condition.
    var holdsSometimes: Bool {
        guard case .mapping(let entries) = value.content,
            case .sequence(let items)? = entries.first(where: { $0.key == "conditional" })?.value.content
        else { return false }
        return items.allSatisfy { item in
            if case .mapping(let fields) = item.content { fields.contains { $0.key == "condition" } } else { false }
        }
    }
}
