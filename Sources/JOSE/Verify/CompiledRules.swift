internal import Bytes
internal import Crypto

/// The rules of one provider as bytes: made once, whatever number of keys tokens are verified by.
package final class CompiledRules: Sendable {
    let rules: IssuerRules
    private let issuers: [[UInt8]]
    private let algorithms: AlgorithmSet
    private let claims: ClaimChecks
    private let fields: ClaimFields
    /// What stands for them in the identity of a secret (`VerificationIdentity.under`).
    fileprivate let digest: VerificationIdentity

    package init(_ rules: IssuerRules) {
        self.rules = rules
        issuers = rules.issuers.map { Array($0.utf8) }
        algorithms = rules.algorithms ?? .publicKey
        claims = ClaimChecks(rules)
        fields = ClaimFields(rules.fields)
        digest = VerificationIdentity(of: rules)
    }

    var maxTokenBytes: Int { rules.maxTokenBytes }
    var requiredScopes: [String] { rules.requiredScopes }

    /// Whether a token of this issuer is this provider's to judge.
    func answers(for issuer: JSONValue?) -> Bool {
        guard !issuers.isEmpty else { return true }
        guard let issuer else { return false }
        return issuers.contains { issuer.equals($0.span) }
    }

    /// Whether tokens with this header are verified at all.
    func admits(_ header: JWSHeader) -> Bool {
        algorithms.contains(header.algorithm) && rules.type.admits(header.type)
    }

    /// What is asked of a token before its signature is looked at.
    func admit(_ unverified: UnverifiedToken, _ token: Span<UInt8>) throws(TokenError) {
        guard token.count <= rules.maxTokenBytes else { throw .tooLarge }
        if !rules.ignoresUnaskedClaims { try unverified.checkNames() }
        guard algorithms.contains(unverified.unverifiedHeader.algorithm) else { throw .algorithmNotAllowed }
        guard rules.type.admits(unverified.unverifiedHeader.type) else { throw .wrongType }
    }

    /// Whether the token's claims fail these rules in this way.
    func refuses(claimsOf unverified: UnverifiedToken, for failure: TokenError, now: Int64) -> Bool {
        do {
            _ = try claims.check(unverified, now: now)
            return false
        } catch {
            return error == failure
        }
    }

    /// Names of the claims that have to be there and are not; of nested ones with dots between.
    func missingClaims(of unverified: UnverifiedToken) -> [String] { claims.missing(in: unverified) }

    /// A token whose signature held, if its claims do.
    ///
    /// - Parameter key: what verified it; nil: a secret of which no more is known.
    func accept(
        _ unverified: UnverifiedToken, by key: VerificationKey?, _ identity: VerificationIdentity, provider: Int,
        now: Int64
    ) throws(TokenError) -> VerifiedToken {
        let times = try claims.check(unverified, now: now)
        return VerifiedToken(
            claims: unverified.unverifiedClaims, fieldLines: try fields.lines(of: unverified.unverifiedClaims),
            times: times, identity: identity, provider: provider,
            algorithm: unverified.unverifiedHeader.algorithm, key: key)
    }
}

// One secret of very many: nothing is prepared of it but its name in the cache of tokens. What preparing it anew costs
// is a fraction of a microsecond per token that was not seen before; keeping it prepared takes a kilobyte and more.
extension CompiledRules {
    /// Verifies a token that was parsed before by a shared secret, as a `TokenVerifier` of these rules and of a set
    /// with that secret alone does. `token` must be the very bytes it was parsed from.
    ///
    /// - Parameters:
    ///   - secret: one that has been imported, and serves the one algorithm of the rules.
    ///   - identity: that of the secret.
    package func verify(
        _ unverified: UnverifiedToken, _ token: Span<UInt8>, secret: Span<UInt8>, _ identity: VerificationIdentity,
        now: Int64
    ) throws(TokenError) -> VerifiedToken {
        precondition(unverified.jws.count == token.count, "not the bytes this token was parsed from")
        let issuer = unverified.registered.issuer
        guard answers(for: issuer) else { throw .unanswered(issuer) }
        try admit(unverified, token)
        let header = unverified.unverifiedHeader
        let isValid = HMACChecker(secret.copied, for: AlgorithmSet([header.algorithm])).isValid(
            unverified.signature.span, over: token.extracting(unverified.jws.signingInput), header.algorithm)
        // The secret has no name: of a token that names another key it is not known whether it should have held.
        guard isValid else { throw header.kid == nil ? .signatureInvalid : .keyUnknown }
        return try accept(unverified, by: nil, identity.under(self), provider: 0, now: now)
    }
}

extension VerificationIdentity {
    /// What stands for a secret in the identities of the verifiers it would make.
    package init(ofSecret secret: [UInt8]) {
        self.init(digestOf: Array("secret\0".utf8) + secret)
    }

    fileprivate init(of rules: IssuerRules) {
        var writer = FieldWriter()
        rules.write(to: &writer)
        self.init(digestOf: Array("rules\0".utf8) + writer.bytes)
    }

    /// The identity of what takes tokens by a secret and by rules, both of which decide it. Not digested again, as it
    /// is asked for with every request: that two pairs give the same is as unlikely as it is for two digests.
    package func under(_ rules: CompiledRules) -> VerificationIdentity {
        let (a, b) = (words, rules.digest.words)
        return VerificationIdentity(words: (a.0 ^ b.0, a.1 ^ b.1, a.2 ^ b.2, a.3 ^ b.3))
    }
}
