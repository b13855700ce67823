internal import CEL
internal import GatewayModel
internal import HTTPWire

extension Compiler {
    mutating func transformationStage(_ policy: Transformation) -> TransformationStage {
        TransformationStage(
            policy.choices.map { choice in
                TransformationStage.Choice(
                    condition: choice.condition.flatMap {
                        program($0, of: .bool, "a condition must be true or false", at: .transformation)
                    },
                    request: choice.request.map { compiled($0, of: .request) },
                    response: choice.response.map { compiled($0, of: .response) }.reversed())
            })
    }

    private mutating func compiled(_ change: Transformation.Change, of message: Message) -> CompiledChange {
        let removed = change.remove.filter { check(fieldName: $0.name, of: message, at: $0.provenance) }.map(\.name)
        let pseudoFields = (change.add + change.set).compactMap { pseudoField($0, of: message) }
        let isHeader = { (field: Transformation.Field) in Self.pseudoField(field.name, of: message) == nil }
        let set = change.set.filter(isHeader).compactMap { compiled($0, of: message) }
        let gone = FieldNames(removed.map { Array($0.utf8) })
        let replaced = FieldNames(gone.names + set.map(\.name))
        return CompiledChange(
            message,
            condition: change.condition.flatMap {
                program($0, of: .bool, "a condition must be true or false", at: Self.stage(of: message))
            },
            replace: change.replace.flatMap { replacement($0, of: message) },
            // What leaves again need not be evaluated.
            add: change.add.filter(isHeader).compactMap { compiled($0, of: message) }.filter {
                !replaced.contains($0.name.span)
            },
            set: set.filter { !gone.contains($0.name.span) }, replaced: replaced, pseudoFields: pseudoFields,
            body: change.body.flatMap { body($0, of: message) }, filters: bodyFilters(change),
            metadata: change.metadata.compactMap { field in
                value(field.value, "`metadata.\(field.name)`", at: Self.stage(of: message)).map { (field.name, $0) }
            })
    }

    // MARK: - Header fields

    private mutating func compiled(_ field: Transformation.Field, of message: Message) -> CompiledChange.Field? {
        compiled(field, of: message, at: Self.stage(of: message))
    }

    mutating func compiled(
        _ field: Transformation.Field, of message: Message, at stage: ExpressionStage
    ) -> CompiledChange.Field? {
        guard check(fieldName: field.name, of: message, at: field.provenance),
            let program = text(field.value, "the value of `\(field.name)`", at: stage),
            isOneLine(field, at: stage)
        else { return nil }
        return CompiledChange.Field(name: Array(field.name.utf8), program: program)
    }

    /// Whether the value may stand in a header; reports it otherwise. Certificates in PEM are lines.
    private mutating func isOneLine(_ field: Transformation.Field, at stage: ExpressionStage) -> Bool {
        let certificate = RequestAttribute.sourceCertificate.entry.path
        guard let parsed = try? parsed(field.value.text, for: stage.use),
            CELOrigin(of: parsed).wholes.contains(certificate)
        else { return true }
        report(
            Diagnostic(
                .error, "expression_invalid",
                "the value of `\(field.name)` is a certificate in PEM: its line ends cannot stand in a header",
                at: field.value.provenance, hint: "write `base64.encode(\(certificate))`"))
        return false
    }

    /// The program of an expression whose values have one form as text; nil, and reported, where it is none.
    ///
    /// - Parameter what: what the expression is written for.
    mutating func text(_ expression: Expression, _ what: String, at stage: ExpressionStage) -> CELProgram? {
        guard let program = value(expression, what, at: stage) else { return nil }
        switch program.type {
        case .list, .map:
            report(
                Diagnostic(
                    .error, "expression_invalid", "\(what) is a \(program.type)", at: expression.provenance,
                    hint: "write it as text, by `toJson(…)` say"))
            return nil
        default: return program
        }
    }

    private mutating func replacement(_ expression: Expression, of message: Message) -> CELProgram? {
        guard let program = value(expression, "`replace`", at: Self.stage(of: message)) else { return nil }
        switch program.type {
        case .map, .dyn: return program
        default:
            report(
                Diagnostic(
                    .error, "expression_invalid", "`replace` must be a map of headers, this one is a \(program.type)",
                    at: expression.provenance))
            return nil
        }
    }

    // MARK: - Pseudo-headers

    private static func pseudoField(_ name: String, of message: Message) -> CompiledChange.PseudoField? {
        guard let field = CompiledChange.PseudoField(rawValue: name) else { return nil }
        return (field == .status) == (message == .response) ? field : nil
    }

    private mutating func pseudoField(
        _ field: Transformation.Field, of message: Message
    ) -> (field: CompiledChange.PseudoField, program: CELProgram)? {
        guard let pseudo = Self.pseudoField(field.name, of: message) else { return nil }
        return text(field.value, "the value of `\(field.name)`", at: Self.stage(of: message)).map { (pseudo, $0) }
    }

    // MARK: - Values

    private mutating func body(_ expression: Expression, of message: Message) -> CompiledChange.Body? {
        let stage = Self.stage(of: message)
        guard let program = value(expression, "`body`", at: stage) else { return nil }
        return CompiledChange.Body(program: program, json: jsonProgram(expression, at: stage))
    }

    private static func stage(of message: Message) -> ExpressionStage {
        message == .response ? .answerTransformation : .transformation
    }

    /// A program that answers no secret.
    private mutating func value(_ expression: Expression, _ what: String, at stage: ExpressionStage) -> CELProgram? {
        guard let program = program(expression, of: nil, "", at: stage) else { return nil }
        guard case .opaque("secret", _) = program.type else { return program }
        report(
            Diagnostic(
                .error, "expression_invalid", "\(what) is a secret", at: expression.provenance,
                hint: "`.unredacted()` shows it to the backend"))
        return nil
    }
}
