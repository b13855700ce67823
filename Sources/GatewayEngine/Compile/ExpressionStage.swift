internal import GatewayModel

/// Where an expression is asked on a request's way: what it may read, and what has been found out by then.
enum ExpressionStage: Hashable, Sendable {
    /// Looks for the credential of such a policy.
    case location(of: AttributeFiller)
    case rule
    case routeMatch
    case limit
    case transformation
    /// Behind the transformations of its place, and before there is a backend: `urlRewrite` to `directResponse`.
    case forwarding
    case answerTransformation
    /// Says of the head of an answer whether its server is well.
    case answerVerdict
    case accessLog

    var use: ExpressionUse {
        switch self {
        case .location, .rule, .routeMatch, .limit, .forwarding: .rule
        case .transformation: .transformation
        case .answerTransformation, .answerVerdict: .answerTransformation
        case .accessLog: .accessLog
        }
    }

    /// Whether whoever asks it waits for the body where it `readsBody`.
    var awaitsBody: Bool {
        switch self {
        case .rule, .routeMatch, .transformation: true
        case .location, .limit, .forwarding, .answerTransformation, .answerVerdict, .accessLog: false
        }
    }

    /// As messages call it.
    var words: String {
        switch self {
        case .location: "this location"
        case .rule: "this rule"
        case .routeMatch: "this condition"
        case .limit: "this limit"
        case .transformation, .answerTransformation: "this transformation"
        case .forwarding, .answerVerdict: "this expression"
        case .accessLog: "this field"
        }
    }

    /// Whether what such a policy of the same place finds out is known by then.
    func comesBehind(_ filler: AttributeFiller) -> Bool {
        switch self {
        case .routeMatch: false
        case .location(let own): filler.rank < own.rank
        case .rule, .limit: filler.isOfAuthentication
        // What it notes itself is known to all of it but the notes.
        case .transformation, .forwarding, .answerTransformation, .answerVerdict, .accessLog: true
        }
    }

    /// Whether it is asked once everything has been found out, by the policies of whichever route.
    func isAskedAtTheEnd(of place: PolicyPlace) -> Bool {
        switch self {
        case .accessLog: true
        case .answerTransformation: place.phase == .gateway
        default: false
        }
    }
}
