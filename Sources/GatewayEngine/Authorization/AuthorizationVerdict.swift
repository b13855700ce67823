package import CEL
package import GatewayModel

/// Why authorization rules refuse a request: which rule decided, and how. Holds nothing of the request.
package struct AuthorizationVerdict: Sendable {
    package enum Reason: Equatable, Sendable {
        /// A deny rule holds.
        case denied
        /// A require rule does not hold.
        case requirementUnmet
        /// A deny or require rule cannot be evaluated.
        case failed(CELEvaluationError.Code)
        /// There are allow rules, and none holds.
        case nothingAllows
        case budgetExceeded
    }

    package let reason: Reason
    /// The rule that decided; nil where no allow rule holds.
    package let rule: CompiledRule?

    init(_ reason: Reason, _ rule: CompiledRule?) {
        self.reason = reason
        self.rule = rule
    }

    package var refusalCode: RefusalCode { reason == .budgetExceeded ? .authorizationBudget : .authorizationDenied }

    /// For the access log: the rule's mark.
    package var mark: String { rule?.mark ?? "no allow" }

    /// The reason as a sentence.
    package var sentence: String {
        guard let rule else { return "no allow rule holds" }
        let name = "the \(rule.effect.rawValue) rule at \(rule.provenance)"
        return switch reason {
        case .denied: "\(name) holds"
        case .requirementUnmet: "\(name) does not hold"
        case .failed(let code): "\(name) cannot be evaluated: \(code.message)"
        case .nothingAllows: "no allow rule holds"
        case .budgetExceeded: "\(name) costs more than it may"
        }
    }
}
