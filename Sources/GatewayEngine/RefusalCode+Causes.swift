package import GatewayModel
package import HTTPWire
package import JOSE

extension RefusalCode {
    /// The code of a request that is no proper HTTP/1.1.
    package init(_ error: WireError) {
        self =
            switch error {
            case .malformedRequestLine, .malformedStatusLine, .malformedField, .malformedConnectionField,
                .malformedChunk, .malformedTrailer:
                .malformedRequest
            case .headTooLarge, .trailerTooLarge: .headTooLarge
            case .targetTooLong: .targetTooLong
            case .versionNotSupported: .versionNotSupported
            case .methodNotSupported: .methodNotSupported
            case .conflictingFraming, .invalidContentLength: .ambiguousFraming
            case .unsupportedTransferCoding: .codingNotSupported
            case .hostInvalid: .hostInvalid
            case .ambiguousTarget: .ambiguousTarget
            case .expectationFailed: .expectationFailed
            }
    }
}

extension RefusalCode {
    /// The code of a request that proved nothing in any of several ways: what the one credential died of that was there
    /// or, of several, what may be over soon.
    init(_ failures: [ProofFailure]) {
        let codes = failures.map(\.code).filter { !$0.meansNoCredential }
        if failures.count == 1 {
            self = failures[0].code
        } else if let first = codes.first {
            self = codes.count == 1 ? first : codes.first { $0.entry.isWorthRetrying } ?? .credentialsInvalid
        } else {
            self = .credentialsMissing
        }
    }

    /// The code of a token that did not pass.
    package init(_ error: TokenError) {
        self =
            switch error {
            case .tooLarge: .tokenTooLarge
            case .encrypted: .tokenEncrypted
            case .notCompactJWS, .invalidBase64URL, .invalidHeaderJSON, .invalidPayloadJSON, .payloadNotObject,
                .duplicateName, .headerMalformed, .unencodedPayload:
                .tokenMalformed
            case .criticalHeaderNotUnderstood: .tokenCriticalHeader
            case .unsupportedAlgorithm, .algorithmNotAllowed: .tokenAlgorithm
            case .claimMalformed: .claimMalformed
            case .issuerMissing, .issuerUnknown: .issuerUnknown
            case .wrongType: .tokenType
            case .keysUnavailable: .keysUnavailable
            case .keyUnknown, .noSuitableKey: .keyUnknown
            case .signatureInvalid: .signatureInvalid
            case .audienceMismatch: .audienceMismatch
            case .subjectNotAllowed: .subjectNotAllowed
            case .expired: .tokenExpired
            case .notYetValid, .issuedInFuture: .tokenNotYetValid
            case .lifetimeTooLong: .tokenLifetime
            case .tokenBound: .tokenBound
            case .audienceMissing, .subjectMissing, .expirationMissing, .notBeforeMissing, .issuedAtMissing,
                .claimMissing:
                .claimMissing
            case .claimMismatch: .claimMismatch
            case .scopeInsufficient: .scopeInsufficient
            case .claimUnforwardable: .claimUnforwardable
            }
    }
}
