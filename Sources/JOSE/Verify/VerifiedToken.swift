package import Bytes

/// A token whose signature and claims held: immutable, shared between requests by the cache.
///
/// Everything but time was decided once; `checkTime(now:)` must be asked on every use.
package final class VerifiedToken: Sendable {
    /// The payload, whole.
    package let claims: JSONDocument
    /// Field lines that hand on some of them, each with its CRLF.
    package let fieldLines: [UInt8]
    package let times: TokenTimes
    /// What took it: good as long as its verifier has a provider of this identity.
    package let identity: VerificationIdentity
    /// Index of the provider, in the order given to the verifier.
    package let provider: Int
    package let algorithm: SignatureAlgorithm
    /// The key that verified it; nil: a secret of which no more is known.
    package let key: VerificationKey?

    init(
        claims: JSONDocument, fieldLines: [UInt8], times: TokenTimes, identity: VerificationIdentity, provider: Int,
        algorithm: SignatureAlgorithm,
        key: VerificationKey?
    ) {
        self.claims = claims
        self.fieldLines = fieldLines
        self.times = times
        self.identity = identity
        self.provider = provider
        self.algorithm = algorithm
        self.key = key
    }

    package var expiresAt: Int64? { times.expiresAt }
    package var notBefore: Int64? { times.notBefore }
    package var issuedAt: Int64? { times.issuedAt }

    /// Whether the token holds at this second: `exp`, `nbf`, `iat` and the maximum lifetime.
    package func checkTime(now: Int64) throws(TokenError) {
        try times.check(now: now)
    }

    /// Bytes this object keeps alive, for the cache's account.
    package var byteCount: Int { claims.byteCount + fieldLines.capacity + 200 }
}
