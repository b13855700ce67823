/// What of a configuration gives attributes their values: `AttributeFiller` in a row of `RequestAttribute` is all that
/// loading needs to know of it.
package enum AttributeFiller: Sendable {
    case jwtAuth, basicAuth, apiKey, consumers
    case transformations
    case clientCertificates
    // Not offered yet; moves up when it is.
    case extAuthz

    var isOffered: Bool {
        switch self {
        case .jwtAuth, .basicAuth, .apiKey, .consumers, .transformations, .clientCertificates: true
        case .extAuthz: false
        }
    }

    /// Why there is nothing, as half a sentence.
    var absence: String {
        if !isOffered { return "nothing fills it yet" }
        return self == .clientCertificates
            ? "the listener asks no client for a certificate" : "no \(words) stands before this rule"
    }

    /// - Parameter isInGatewayPhase: whether that is where it is read.
    func remedy(isInGatewayPhase: Bool) -> String {
        if !isOffered { return "it is for \(words), which is not offered yet" }
        if self == .clientCertificates { return "\(words) fills it: a file with the authorities of clients" }
        return "a policy \(words) fills it, "
            + (isInGatewayPhase ? "in the gateway phase, as this rule is" : "at the route, its listener or its gateway")
    }

    /// As the user knows it.
    var words: String {
        switch self {
        case .jwtAuth: "`jwtAuth`"
        case .basicAuth: "`basicAuth`"
        case .apiKey: "`apiKey`"
        case .consumers: "`jwt-auth`, `key-auth` or `basic-auth` of APISIX"
        case .extAuthz: "`extAuthz`"
        case .transformations: "`metadata` of `transformations`"
        case .clientCertificates: "`root` in the listener's `tls`"
        }
    }

    /// Whether it is there whatever the policies are.
    func stands(at place: PolicyPlace) -> Bool { self == .clientCertificates && place.verifiesClients }

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
        case .extAuthz, .clientCertificates: false
        }
    }
}

extension RequestAttribute.Entry {
    var filler: AttributeFiller? {
        if case .filled(let filler) = availability { filler } else { nil }
    }
}
