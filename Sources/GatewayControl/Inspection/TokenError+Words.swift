package import JOSE

extension TokenError {
    /// What the token dies of, as a sentence for whoever runs the gateway.
    package var explanation: String {
        switch self {
        case .tooLarge: "The token is longer than the limit and was not read."
        case .notCompactJWS: "The token does not have three parts separated by dots."
        case .encrypted: "The token has five parts: it is encrypted (JWE), and its content can't be read."
        case .invalidBase64URL: "A part of the token is not canonical base64url."
        case .invalidHeaderJSON: "The token's header is not a JSON object."
        case .invalidPayloadJSON: "The token's payload is not JSON."
        case .payloadNotObject: "The token's payload is JSON, but not an object."
        case .duplicateName: "A name occurs twice in one object; two readers would take different values."
        case .headerMalformed: "The header lacks `alg`, or `alg`, `kid`, `typ` or `crit` has the wrong type."
        case .criticalHeaderNotUnderstood: "`crit` names an extension that is not implemented."
        case .unencodedPayload: "`b64` is false, which no JWT may have."
        case .unsupportedAlgorithm: "`alg` names no algorithm that is offered; `none` never is."
        case .claimMalformed: "A registered claim has the wrong type, or a date is not a finite number."
        case .issuerMissing: "The token has no `iss`."
        case .issuerUnknown: "The token's `iss` is not a configured issuer; they are compared byte for byte."
        case .algorithmNotAllowed: "The issuer's tokens may not be signed with this algorithm."
        case .wrongType: "The token's `typ` says that it is of another kind."
        case .keysUnavailable: "The issuer has no usable key."
        case .keyUnknown: "The issuer has no key of the token's `kid`."
        case .noSuitableKey: "The issuer has no key that serves the token's algorithm."
        case .signatureInvalid:
            "The signature is not that of the issuer's key: the token was changed, or another key signed it."
        default: claimExplanation
        }
    }

    private var claimExplanation: String {
        switch self {
        case .audienceMissing: "The token has no `aud`."
        case .audienceMismatch: "None of the token's audiences is one of the configured ones."
        case .subjectMissing: "The token has no `sub`."
        case .subjectNotAllowed: "The token's `sub` is not among the configured subjects."
        case .expirationMissing: "The token has no `exp`, so it would hold for ever."
        case .expired: "The token has expired."
        case .notBeforeMissing: "The token has no `nbf`."
        case .notYetValid: "The token is not valid yet."
        case .issuedAtMissing: "The token has no `iat`."
        case .issuedInFuture: "The token says that it was issued in the future."
        case .lifetimeTooLong: "The token holds for longer than is allowed."
        case .tokenBound: "The token is bound to a key (`cnf`) whose possession was not proven."
        case .claimMissing: "A required claim is missing or null."
        case .claimMismatch: "A claim does not have the required value."
        case .scopeInsufficient: "A required scope is missing."
        case .claimUnforwardable: "A claim that is to be a header cannot stand in one."
        default: "The token does not pass (\(self))."
        }
    }
}
