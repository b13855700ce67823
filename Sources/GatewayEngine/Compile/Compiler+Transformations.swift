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

    private mutating func compiled(
        _ field: Transformation.Field, of message: Message
    ) -> CompiledTransformation.Field? {
        guard check(fieldName: field.name, of: message, at: field.provenance) else { return nil }
        guard let program = program(field.value, of: nil, "", for: .transformation) else { return nil }
        if let reason = Self.refusal(of: program.type) {
            report(
                Diagnostic(
                    .error, "expression_invalid", "the value of `\(field.name)` is \(reason.why)",
                    at: field.value.provenance, hint: reason.hint))
            return nil
        }
        return CompiledTransformation.Field(name: Array(field.name.utf8), program: program)
    }

    /// Why values of a type cannot stand in a header; nil where they can, or may.
    private static func refusal(of type: CELType) -> (why: String, hint: String)? {
        switch type {
        case .opaque("secret", _): ("a secret", "`.unredacted()` shows it to the backend")
        case .list, .map: ("a \(type)", "write it as text, by `toJson(…)` say")
        default: nil
        }
    }
}
