internal import Bytes

/// Verifies tokens of a list of providers. Immutable: compiled once per configuration, used from
/// every event loop.
///
/// The token's `iss`, not yet trusted, chooses the providers; only their keys are tried, and only
/// with algorithms fixed when the keys were imported.
package final class TokenVerifier: Sendable {
    /// The first provider's; it changes whenever that one's rules or keys change. A value of its own, since asking an
    /// array costs its reference count, which all event loops share.
    package let firstIdentity: VerificationIdentity
    /// Those of the providers behind it, in their order.
    package let otherIdentities: [VerificationIdentity]
    /// Signatures checked for one token, whatever the number of its issuer's providers.
    private static let maxSignatureChecks = 16

    let providers: [Provider]
    let maxTokenBytes: Int

    /// A verifier for these providers, asked in this order.
    package init(providers: [(IssuerRules, [KeySet])]) {
        self.providers = providers.enumerated().map { index, provider in
            Provider(
                index: index, identity: VerificationIdentity(ofProvider: index, provider.0, provider.1),
                rules: CompiledRules(provider.0), keySets: provider.1)
        }
        let identities = self.providers.map(\.identity)
        firstIdentity = identities.first ?? .none
        otherIdentities = Array(identities.dropFirst())
        maxTokenBytes = providers.map(\.0.maxTokenBytes).max() ?? 0
    }

    /// A verifier for one provider, whose rules may be those of many.
    package init(_ rules: CompiledRules, _ keys: KeySet) {
        let provider = Provider(rules: rules, keys)
        providers = [provider]
        firstIdentity = provider.identity
        otherIdentities = []
        maxTokenBytes = rules.maxTokenBytes
    }

    /// The identity of the provider at this place.
    package func identity(ofProvider index: Int) -> VerificationIdentity {
        index == 0 ? firstIdentity : otherIdentities[index - 1]
    }

    /// Verifies a token at a time in whole Unix seconds.
    package func verify(_ token: Span<UInt8>, now: Int64) throws(TokenError) -> VerifiedToken {
        let unverified = try UnverifiedToken(parsing: token, maxBytes: maxTokenBytes)
        return try verify(unverified, token, now: now)
    }

    /// Verifies a token that was parsed before, to choose this verifier. `token` must be the very
    /// bytes it was parsed from.
    package func verify(
        _ unverified: UnverifiedToken, _ token: Span<UInt8>, now: Int64
    ) throws(TokenError) -> VerifiedToken {
        precondition(unverified.jws.count == token.count, "not the bytes this token was parsed from")
        let issuer = unverified.registered.issuer
        var failure: TokenError?
        var budget = Self.maxSignatureChecks
        for provider in providers where provider.rules.answers(for: issuer) {
            do {
                return try provider.verify(unverified, token, now: now, budget: &budget)
            } catch {
                if error.progress > failure?.progress ?? 0 { failure = error }
            }
        }
        throw failure ?? .unanswered(issuer)
    }

    /// What a token lacks that was refused with `failure`: the scopes it has to have, for the challenge of RFC 6750
    /// §3.1, where it misses one; else the names of the claims that are missing. By the rules of the first provider
    /// that refuses its claims for that. Checks no signature.
    package func lacking(in token: Span<UInt8>, after failure: TokenError, now: Int64) -> [String] {
        guard let unverified = try? UnverifiedToken(parsing: token, maxBytes: maxTokenBytes) else { return [] }
        let issuer = unverified.registered.issuer
        let refusing = providers.first {
            $0.rules.answers(for: issuer) && $0.rules.refuses(claimsOf: unverified, for: failure, now: now)
        }
        guard let refusing else { return [] }
        return failure == .scopeInsufficient
            ? refusing.rules.requiredScopes : refusing.rules.missingClaims(of: unverified)
    }
}

extension TokenError {
    /// What a token dies of whose issuer no provider answers for.
    static func unanswered(_ issuer: JSONValue?) -> TokenError {
        guard let issuer else { return .issuerMissing }
        return issuer.isString ? .issuerUnknown : .claimMalformed
    }
}
