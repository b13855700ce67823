/// What a token dies of: a closed set, one case per thing its owner must be told.
///
/// No case carries text: these are thrown on hostile paths. The order of declaration is the order
/// of the checks; where several providers share an issuer, the failure that came furthest is reported.
package enum TokenError: UInt8, Error, Sendable, CaseIterable {
    // MARK: Form
    /// Longer than the limit, before anything of it was read.
    case tooLarge
    /// Not three parts.
    case notCompactJWS
    /// Five parts: an encrypted token (JWE).
    case encrypted
    /// A part is not canonical base64url (padding, blanks, `+/`, trailing bits).
    case invalidBase64URL
    case invalidHeaderJSON
    case invalidPayloadJSON
    /// The payload is JSON but not an object (RFC 7519 §4).
    case payloadNotObject
    /// A name occurs twice in the header or in an object of the payload.
    case duplicateName
    /// `alg` is missing, or a registered header parameter has the wrong type.
    case headerMalformed
    /// `crit` names an extension that is not implemented (RFC 7515 §4.1.11).
    case criticalHeaderNotUnderstood
    /// `b64` is false, which no JWT may have (RFC 7797 §7).
    case unencodedPayload
    /// `alg` names nothing that is offered; `none` is one of these.
    case unsupportedAlgorithm

    // MARK: Issuer and key
    case issuerMissing
    case issuerUnknown
    /// `alg` is offered but not on the issuer's list.
    case algorithmNotAllowed
    /// `typ` is not of a token this issuer's rule admits.
    case wrongType
    /// The issuer has no usable key (yet).
    case keysUnavailable
    /// `kid` is not in the issuer's sets.
    case keyUnknown
    /// No key of the issuer serves this `alg`.
    case noSuitableKey
    case signatureInvalid

    // MARK: Claims
    /// A registered claim or a date has the wrong type or no finite value.
    case claimMalformed
    case audienceMissing
    case audienceMismatch
    case subjectMissing
    case subjectNotAllowed
    case expirationMissing
    case expired
    case notBeforeMissing
    case notYetValid
    case issuedAtMissing
    case issuedInFuture
    /// Valid for longer than the rule's maximum lifetime.
    case lifetimeTooLong
    /// Bound to a key (`cnf`) whose possession was not proven.
    case tokenBound
    /// Another required claim, or the claim of a rule, is absent or null.
    case claimMissing
    case claimMismatch
    /// Everything holds but a required scope is absent.
    case scopeInsufficient
    /// A claim that is to be handed on as a field line cannot stand in one.
    case claimUnforwardable
}

extension TokenError {
    /// How far verification came; the furthest failure of several providers is the one to report.
    var progress: UInt8 {
        // A provider's own limit is asked after its issuer was found.
        self == .tooLarge ? Self.algorithmNotAllowed.rawValue : rawValue
    }
}
