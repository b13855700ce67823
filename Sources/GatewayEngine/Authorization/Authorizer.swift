internal import CEL
internal import GatewayModel

/// The compiled rules of one place, those of all levels together.
///
/// Rules that read the body are asked last, and only where the others leave something to decide: whoever is
/// refused without it need not send it.
package final class Authorizer: Sendable {
    private let ofHead: AuthorizationRules
    /// Those that read the body, too.
    private let ofBody: AuthorizationRules
    private let hasAllows: Bool
    /// Rules that only log, asked where these let a request pass; nil where there are none.
    let trial: Authorizer?

    /// What the rules say to a request.
    package enum Answer: Sendable {
        case passes
        case refuses(AuthorizationVerdict)
        /// Only the body can tell.
        case awaitsBody
    }

    /// - Parameter onDenyError: what becomes of a request where a deny rule cannot be evaluated.
    init(_ rules: [CompiledRule], onDenyError: DenyErrorAction, trial: Authorizer? = nil) {
        self.trial = trial
        ofHead = AuthorizationRules(rules.filter { !$0.readsBody }, onDenyError: onDenyError)
        ofBody = AuthorizationRules(rules.filter(\.readsBody), onDenyError: onDenyError)
        hasAllows = rules.contains { $0.effect == .allow }
    }

    /// All rules, in the order in which they are asked.
    var rules: [CompiledRule] { ofHead.all + ofBody.all }

    /// Deny first, then require, then allow; where there is an allow rule, one of them must hold.
    ///
    /// An evaluation that fails decides against the request: an allow or require rule does not hold, a
    /// deny rule does, unless the configuration says otherwise. A rule without budget left refuses in any case.
    func check(_ request: borrowing RequestActivation) -> Answer {
        if let verdict = ofHead.objection(to: request) { return .refuses(verdict) }
        var isAllowed = !hasAllows
        if !isAllowed, let verdict = ofHead.allow(request, &isAllowed) { return .refuses(verdict) }
        if isAllowed, ofBody.objectsToNothing { return .passes }
        if !isAllowed, ofBody.allowsNothing { return .refuses(AuthorizationVerdict(.nothingAllows, nil)) }
        guard request.hasBody else { return .awaitsBody }
        if let verdict = ofBody.objection(to: request) { return .refuses(verdict) }
        if !isAllowed, let verdict = ofBody.allow(request, &isAllowed) { return .refuses(verdict) }
        return isAllowed ? .passes : .refuses(AuthorizationVerdict(.nothingAllows, nil))
    }
}

/// Rules by their effect.
private struct AuthorizationRules: Sendable {
    private let denies: [CompiledRule]
    private let requires: [CompiledRule]
    private let allows: [CompiledRule]
    private let onDenyError: DenyErrorAction

    init(_ rules: [CompiledRule], onDenyError: DenyErrorAction) {
        denies = rules.filter { $0.effect == .deny }
        requires = rules.filter { $0.effect == .require }
        allows = rules.filter { $0.effect == .allow }
        self.onDenyError = onDenyError
    }

    var all: [CompiledRule] { denies + requires + allows }
    var objectsToNothing: Bool { denies.isEmpty && requires.isEmpty }
    var allowsNothing: Bool { allows.isEmpty }

    /// What a deny or require rule has against the request, or nil.
    @inline(__always)
    func objection(to request: borrowing RequestActivation) -> AuthorizationVerdict? {
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
        return nil
    }

    /// Looks for an allow rule that holds. Answers why none was looked for to the end, or nil.
    @inline(__always)
    func allow(_ request: borrowing RequestActivation, _ isAllowed: inout Bool) -> AuthorizationVerdict? {
        for rule in allows {
            switch rule.ask(request) {
            case .holds:
                isAllowed = true
                return nil
            case .fails(.budgetExceeded): return AuthorizationVerdict(.budgetExceeded, rule)
            case .doesNotHold, .fails: continue
            }
        }
        return nil
    }
}
