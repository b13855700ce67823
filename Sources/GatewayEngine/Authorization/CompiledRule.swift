package import CEL
package import GatewayModel

/// An authorization rule, ready to be asked.
package final class CompiledRule: Sendable {
    package let effect: AuthorizationRule.Effect
    /// Where it was written.
    package let provenance: Provenance
    /// Effect and place in one text, for logs: `deny config.yaml:12:9`.
    package let mark: String
    /// What a request that the rule refuses is answered; nil: as the table of refusals says.
    let answer: AuthorizationRule.Answer?
    let program: CELProgram
    /// Whether it can only be asked once the request's body is there.
    let readsBody: Bool

    init(_ rule: AuthorizationRule, _ program: CELProgram) {
        effect = rule.effect
        provenance = rule.provenance
        mark = "\(rule.effect.rawValue) \(rule.provenance)"
        answer = rule.answer
        self.program = program
        readsBody = program.readsBody
    }

    /// The expression as it was written.
    package var text: String { program.source }

    /// What a rule says to a request.
    package enum Outcome: Equatable, Sendable {
        case holds, doesNotHold
        case fails(CELEvaluationError.Code)
    }

    @inline(__always)
    func ask(_ request: borrowing RequestActivation) -> Outcome {
        switch program.evaluate(request) {
        case .bool(let value): value ? .holds : .doesNotHold
        case .error(let error): .fails(error.code)
        case .value: .fails(.notABoolean)
        }
    }
}
