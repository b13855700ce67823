internal import CEL
internal import GatewayModel
internal import HTTPWire

extension Compiler {
    mutating func transformationStage(_ policy: Transformation) -> TransformationStage {
        TransformationStage(
            request: policy.request.map { compiled($0, of: .request) },
            response: policy.response.map { compiled($0, of: .response) })
    }

    private mutating func compiled(_ fields: Transformation.Fields, of message: Message) -> CompiledTransformation {
        let removed = fields.remove.filter { check(fieldName: $0.name, of: message, at: $0.provenance) }.map(\.name)
        let set = fields.set.compactMap { compiled($0, of: message) }
        let gone = FieldNames(removed.map { Array($0.utf8) })
        let replaced = FieldNames(gone.names + set.map(\.name))
        return CompiledTransformation(
            // What leaves again need not be evaluated.
            add: fields.add.compactMap { compiled($0, of: message) }.filter { !replaced.contains($0.name.span) },
            set: set.filter { !gone.contains($0.name.span) }, replaced: replaced)
    }

    mutating func compiled(
        _ field: Transformation.Field, of message: Message, for use: ExpressionUse = .transformation
    ) -> CompiledTransformation.Field? {
        guard check(fieldName: field.name, of: message, at: field.provenance),
            let program = text(field.value, "the value of `\(field.name)`", for: use)
        else { return nil }
        return CompiledTransformation.Field(name: Array(field.name.utf8), program: program)
    }

    /// The program of an expression whose values have one form as text; nil, and reported, where it is none.
    ///
    /// - Parameter what: what the expression is written for.
    mutating func text(_ expression: Expression, _ what: String, for use: ExpressionUse) -> CELProgram? {
        guard let program = program(expression, of: nil, "", for: use) else { return nil }
        guard let reason = Self.refusal(of: program.type) else { return program }
        report(
            Diagnostic(
                .error, "expression_invalid", "\(what) is \(reason.why)", at: expression.provenance,
                hint: reason.hint))
        return nil
    }

    /// Why values of a type are no text; nil where they are, or may be.
    private static func refusal(of type: CELType) -> (why: String, hint: String)? {
        switch type {
        case .opaque("secret", _): ("a secret", "`.unredacted()` shows it to the backend")
        case .list, .map: ("a \(type)", "write it as text, by `toJson(…)` say")
        default: nil
        }
    }
}
