internal import CEL
internal import GatewayModel

/// The compiled rules of one place, those of all levels together.
final class Authorizer: Sendable {
    private let denies: [CELProgram]
    private let requires: [CELProgram]
    private let allows: [CELProgram]

    init(_ rules: [(AuthorizationRule.Effect, CELProgram)]) {
        denies = rules.filter { $0.0 == .deny }.map(\.1)
        requires = rules.filter { $0.0 == .require }.map(\.1)
        allows = rules.filter { $0.0 == .allow }.map(\.1)
    }

    /// Deny first, then require, then allow; where there is an allow rule, one of them must hold.
    ///
    /// An evaluation that fails decides against the request: an allow or require rule does not hold, a
    /// deny rule does.
    func check(_ request: borrowing RequestActivation) throws(RefusalCode) {
        for rule in denies {
            switch rule.evaluate(request) {
            case .bool(false): continue
            case .error(let error) where error.code == .budgetExceeded: throw .authorizationBudget
            default: throw .authorizationDenied
            }
        }
        for rule in requires where try !holds(rule, request) { throw .authorizationDenied }
        guard !allows.isEmpty else { return }
        for rule in allows where try holds(rule, request) { return }
        throw .authorizationDenied
    }

    private func holds(_ rule: CELProgram, _ request: borrowing RequestActivation) throws(RefusalCode) -> Bool {
        switch rule.evaluate(request) {
        case .bool(let value): return value
        case .error(let error) where error.code == .budgetExceeded: throw .authorizationBudget
        default: return false
        }
    }
}
