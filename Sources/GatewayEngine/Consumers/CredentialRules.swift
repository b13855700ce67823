internal import GatewayModel
internal import JOSE

/// What a credential asks of its tokens, compiled.
final class CredentialRules: Sendable {
    /// By which dates are looked at.
    let byDates: [(dates: CheckedDates, rules: CompiledRules)]

    init(_ token: TokenCredential, dates: Set<CheckedDates>) {
        byDates = dates.map { ($0, CompiledRules(token.rules($0))) }
    }

    func rules(_ dates: CheckedDates) -> CompiledRules? {
        for known in byDates where known.dates == dates { return known.rules }
        return nil
    }
}

/// The rules of credentials with a secret or a key of their own, most of which ask the same.
struct CredentialRulesPool: Sendable {
    /// All that `TokenCredential.rules` looks at.
    private struct Key: Hashable {
        let algorithm: String?
        let issuers: [String]
        let audiences: [String]
        let clockSkewSeconds: Int64
        let admitsAnyType: Bool
    }

    private var known: [Key: CredentialRules] = [:]

    /// Rules beyond so many are not shared: what is here is kept for good.
    private static let maxCount = 256

    mutating func rules(of token: TokenCredential, dates: Set<CheckedDates>) -> CredentialRules {
        let key = Key(
            algorithm: token.algorithm, issuers: token.issuers, audiences: token.audiences,
            clockSkewSeconds: token.clockSkewSeconds, admitsAnyType: token.admitsAnyType)
        if let rules = known[key] { return rules }
        let rules = CredentialRules(token, dates: dates)
        if known.count < Self.maxCount { known[key] = rules }
        return rules
    }
}

extension TokenCredential {
    /// Nil where none is named, or none of that name is known.
    var algorithms: AlgorithmSet? {
        algorithm.flatMap { SignatureAlgorithm(name: $0) }.map { AlgorithmSet([$0]) }
    }

    /// Longer ones are refused unread, in bytes.
    static let maxTokenBytes = 16 << 10

    func rules(_ dates: CheckedDates) -> IssuerRules {
        var required: [String] = []
        if case .only(let expiration, let notBefore) = dates {
            required = (expiration ? ["exp"] : []) + (notBefore ? ["nbf"] : [])
        }
        var rules = IssuerRules(
            issuers: issuers, audiences: audiences, algorithms: algorithms, requiredClaims: required,
            clockSkewSeconds: clockSkewSeconds, maxLifetimeSeconds: nil, type: admitsAnyType ? .any : .ordinary,
            subjects: [], requiredScopes: [], claims: [], maxTokenBytes: Self.maxTokenBytes,
            refusesFutureIssuedAt: false, allowsUnprovenBinding: false)
        rules.ignoresUnaskedClaims = true
        if case .only(let expiration, let notBefore) = dates {
            rules.ignoresExpiration = !expiration
            rules.ignoresNotBefore = !notBefore
        }
        return rules
    }
}
