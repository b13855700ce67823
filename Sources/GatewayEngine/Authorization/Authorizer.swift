internal import CEL
internal import GatewayModel

/// The compiled rules of one place, those of all levels together.
package final class Authorizer: Sendable {
    private let denies: [CompiledRule]
    private let requires: [CompiledRule]
    private let allows: [CompiledRule]
    /// What becomes of a request where a deny rule cannot be evaluated.
    private let onDenyError: DenyErrorAction

    init(_ rules: [CompiledRule], onDenyError: DenyErrorAction) {
        denies = rules.filter { $0.effect == .deny }
        requires = rules.filter { $0.effect == .require }
        allows = rules.filter { $0.effect == .allow }
        self.onDenyError = onDenyError
    }

    /// All rules, in the order in which they are asked.
    var rules: [CompiledRule] { denies + requires + allows }

    /// Deny first, then require, then allow; where there is an allow rule, one of them must hold. Answers why the
    /// request may not pass, or nil.
    ///
    /// An evaluation that fails decides against the request: an allow or require rule does not hold, a
    /// deny rule does, unless the configuration says otherwise. A rule without budget left refuses in any case.
    func check(_ request: borrowing RequestActivation) -> AuthorizationVerdict? {
        for rule in denies {
            switch rule.ask(request) {
            case .doesNotHold: continue
            case .holds: return AuthorizationVerdict(.denied, rule)
            case .fails(.budgetExceeded): return AuthorizationVerdict(.budgetExceeded, rule)
            case .fails(let code):
                if onDenyError == .deny { return AuthorizationVerdict(.failed(code), rule) }
            }
        }
        for rule in requires {
            switch rule.ask(request) {
            case .holds: continue
            case .doesNotHold: return AuthorizationVerdict(.requirementUnmet, rule)
            case .fails(.budgetExceeded): return AuthorizationVerdict(.budgetExceeded, rule)
            case .fails(let code): return AuthorizationVerdict(.failed(code), rule)
            }
        }
        guard !allows.isEmpty else { return nil }
        for rule in allows {
            switch rule.ask(request) {
            case .holds: return nil
            case .fails(.budgetExceeded): return AuthorizationVerdict(.budgetExceeded, rule)
            case .doesNotHold, .fails: continue
            }
        }
        return AuthorizationVerdict(.nothingAllows, nil)
    }
}
