internal import Bytes

/// The key that a refused token would have needed.
package struct MissingKey: Sendable {
    /// Positions of the providers that do not have it, in the order they were given to the verifier.
    package let providers: [Int]
    /// The name the token gives it; empty where it gives none. Not verified: good for recognising it again only.
    package let unverifiedKid: [UInt8]
}

extension TokenVerifier {
    /// Which key a token lacked that failed with `failure`; nil where another key would not have helped.
    ///
    /// Parses the token once more: only failures come here.
    package func missingKey(of token: Span<UInt8>, after failure: TokenError) -> MissingKey? {
        switch failure {
        case .keysUnavailable, .keyUnknown, .noSuitableKey, .signatureInvalid: break
        default: return nil
        }
        guard let unverified = try? UnverifiedToken(parsing: token, maxBytes: maxTokenBytes) else { return nil }
        let issuer = unverified.registered.issuer
        let header = unverified.unverifiedHeader
        let lacking = providers.indices.filter {
            providers[$0].rules.answers(for: issuer) && providers[$0].lacksKey(of: header)
        }
        guard !lacking.isEmpty else { return nil }
        return MissingKey(providers: lacking, unverifiedKid: header.kid?.decodedBytes ?? [])
    }
}
