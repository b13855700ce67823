/// What of a configuration gives attributes their values: `AttributeFiller` in a row of `RequestAttribute` is all that
/// loading needs to know of it.
package enum AttributeFiller: Sendable {
    case jwtAuth, basicAuth, apiKey, consumers
    case transformations
    // Not offered yet; each moves up when it is.
    case extAuthz, clientCertificates

    var isOffered: Bool {
        switch self {
        case .jwtAuth, .basicAuth, .apiKey, .consumers, .transformations: true
        case .extAuthz, .clientCertificates: false
        }
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
        case .clientCertificates: "what client certificates say"
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
        case .extAuthz, .clientCertificates: false
        }
    }
}

extension RequestAttribute.Entry {
    var filler: AttributeFiller? {
        if case .filled(let filler) = availability { filler } else { nil }
    }
}
