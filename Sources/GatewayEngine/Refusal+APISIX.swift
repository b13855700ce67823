internal import Bytes
internal import GatewayModel

extension RefusalCode {
    /// The body that Apache APISIX answers with: one line of JSON.
    var apisixBody: String {
        switch self {
        case .routeNotFound: "{\"error_msg\":\"404 Route Not Found\"}\n"
        case .noBackend, .upstreamBusy, .upstreamUnresolved, .consumerGroupMissing:
            "{\"error_msg\":\"503 Service Temporarily Unavailable\"}\n"
        case .upstreamUnreachable, .upstreamClosed, .upstreamMalformed, .upstreamUntrusted, .upstreamTLSFailed:
            "{\"error_msg\":\"502 Bad Gateway\"}\n"
        case .upstreamConnectTimeout, .upstreamTimeout: "{\"error_msg\":\"504 Gateway Time-out\"}\n"
        default: apisixBody(apisixMessage)
        }
    }

    func apisixBody(_ message: String) -> String {
        let name = self == .rateLimited ? "error_msg" : "message"
        return JSONTree.object(JSONObjectTree([(name, .string(message))])).text + "\n"
    }

    /// Its `jwt-auth` tells five things apart, so that a client learns nothing of keys and claims.
    private var apisixMessage: String {
        switch self {
        case .tokenMissing: "Missing JWT token in request"
        case .tokenMalformed, .tokenEncrypted, .tokenTooLarge, .tokenAmbiguous: "JWT token invalid"
        case .consumerUnnamed: "missing user key in JWT token"
        case .consumerUnknown: "Invalid user key in JWT token"
        case .consumerMissing, .basicInvalid: "Invalid user authorization"
        case .consumerUnproven: "Authorization Failed"
        case .apiKeyMissing: "Missing API key in request"
        case .apiKeyInvalid: "Invalid API key in request"
        case .basicMalformed: "Invalid authorization in request"
        case .basicMissing: "Missing authorization in request"
        case .hmacMissing: "client request can't be validated: missing Authorization header"
        case .hmacScheme: "client request can't be validated: Authorization header does not start with 'Signature'"
        case .hmacMalformed, .hmacDate, .hmacUncovered, .hmacInvalid, .hmacDigest: "client request can't be validated"
        case .tokenAlgorithm, .tokenCriticalHeader, .tokenType, .tokenBound, .keyUnknown, .keysUnavailable,
            .signatureInvalid, .tokenExpired, .tokenNotYetValid, .tokenLifetime, .claimMissing, .claimMismatch,
            .claimMalformed:
            "failed to verify jwt"
        default: "\(entry.text)"
        }
    }
}
