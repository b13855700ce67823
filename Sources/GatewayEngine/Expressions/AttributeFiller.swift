/// What of a configuration gives attributes their values: `AttributeFiller` in a row of `RequestAttribute` is all that
/// loading needs to know of it.
package enum AttributeFiller: CaseIterable, Sendable {
    /// All of them, made once.
    static let every = allCases

    case jwtAuth, basicAuth, apiKey, consumers
    case transformations
    case clientCertificates, documents
    // Not offered yet; moves up when it is.
    case extAuthz

    var isOffered: Bool {
        switch self {
        case .jwtAuth, .basicAuth, .apiKey, .consumers, .transformations, .clientCertificates, .documents: true
        case .extAuthz: false
        }
    }

    /// In the order in which they are asked at one place.
    var rank: Int {
        switch self {
        case .clientCertificates, .documents: 0
        case .jwtAuth: 1
        case .consumers: 2
        case .basicAuth: 3
        case .apiKey: 4
        case .extAuthz: 5
        case .transformations: 6
        }
    }

    var isOfAuthentication: Bool { rank < Self.extAuthz.rank }

    /// Why there is nothing, as half a sentence.
    ///
    /// - Parameter stage: nil: whatever stands anywhere would do.
    func absence(before stage: ExpressionStage?) -> String {
        if !isOffered { return "nothing fills it yet" }
        if self == .clientCertificates {
            return stage == nil
                ? "no listener asks clients for certificates" : "the listener asks no client for a certificate"
        }
        if self == .documents { return "routes and services of files have no ids" }
        return stage.map { "no \(words) stands before \($0.words)" } ?? "there is no \(words)"
    }

    /// - Parameter place: where it is read; nil: behind all policies.
    func remedy(before stage: ExpressionStage, at place: PolicyPlace.RouteName?) -> String {
        if !isOffered { return "it is for \(words), which is not offered yet" }
        if self == .clientCertificates { return "\(words) fills it: a file with the authorities of clients" }
        if self == .documents { return "it is for \(words)" }
        let where_ =
            switch place {
            case .notChosenYet: ", in the gateway phase, as \(stage.words) is"
            case nil: ""
            default:
                stage == .routeMatch
                    ? ", in the gateway phase: the route is chosen by it"
                    : ", at the route, its listener or its gateway"
            }
        return "a policy \(words) fills it" + where_
    }

    /// As the user knows it.
    var words: String {
        switch self {
        case .jwtAuth: "`jwtAuth`"
        case .basicAuth: "`basicAuth`"
        case .apiKey: "`apiKey`"
        case .consumers: "`jwt-auth`, `key-auth`, `basic-auth` or `hmac-auth` of APISIX"
        case .extAuthz: "`extAuthz`"
        case .transformations: "`metadata` of `transformations`"
        case .clientCertificates: "`root` in the listener's `tls`"
        case .documents: "documents of the Admin API"
        }
    }

    /// Whether it is there whatever the policies are.
    func stands(at place: PolicyPlace) -> Bool {
        switch self {
        case .clientCertificates: place.verifiesClients
        case .documents: place.isOfDocument
        default: false
        }
    }

    /// Whether it is among these policies.
    func stands(in policy: EffectivePolicy) -> Bool {
        switch self {
        case .jwtAuth: policy.jwtAuthentication != nil || policy.furtherAuthentication?.combined?.hasTokens ?? false
        case .basicAuth:
            policy.furtherAuthentication.map { $0.basic != nil || $0.combined?.hasPasswords ?? false } ?? false
        case .apiKey:
            policy.furtherAuthentication.map { $0.apiKeys != nil || $0.combined?.hasAPIKeys ?? false } ?? false
        case .consumers: policy.furtherAuthentication?.consumers != nil
        case .transformations: policy.traffic?.transformation?.notesMetadata ?? false
        case .extAuthz, .clientCertificates, .documents: false
        }
    }
}

extension RequestAttribute.Entry {
    var filler: AttributeFiller? {
        if case .filled(let filler) = availability { filler } else { nil }
    }
}
