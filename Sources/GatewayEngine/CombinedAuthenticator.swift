internal import GatewayModel

/// A compiled `CombinedAuthentication`.
package final class CombinedAuthenticator: Sendable {
    /// One way to prove who sent a request.
    enum Proof: Sendable {
        case token(JWTAuthenticator)
        case apiKey(APIKeyAuthenticator)
        case password(BasicAuthenticator)
    }

    indirect enum Requirement: Sendable {
        /// By its index among the proofs.
        case proof(Int)
        case anyOf([Requirement])
        case allOf([Requirement])
    }

    let presence: Presence
    let requirement: Requirement
    let proofs: [Proof]
    /// Nobody is refused: what would have been is logged.
    let logsOnly: Bool

    /// As many as a `ProofSet` has room for.
    static let maxProofs = 64

    /// Whether a request without credentials is refused.
    var refusesStrangers: Bool { presence == .strict && !logsOnly }

    init(presence: Presence, requirement: Requirement, proofs: [Proof], logsOnly: Bool) {
        self.presence = presence
        self.logsOnly = logsOnly
        self.requirement = requirement
        self.proofs = proofs
    }

    /// The same with other verifiers of tokens.
    func replacingTokens(_ body: (JWTAuthenticator) -> JWTAuthenticator) -> CombinedAuthenticator {
        let proofs = proofs.map { proof -> Proof in
            if case .token(let authenticator) = proof { .token(body(authenticator)) } else { proof }
        }
        return CombinedAuthenticator(
            presence: presence, requirement: requirement, proofs: proofs, logsOnly: logsOnly)
    }

    var hasTokens: Bool { proofs.contains { if case .token = $0 { true } else { false } } }
    var hasAPIKeys: Bool { proofs.contains { if case .apiKey = $0 { true } else { false } } }
    var hasPasswords: Bool { proofs.contains { if case .password = $0 { true } else { false } } }

    /// Those that tokens are verified by.
    var tokenAuthenticators: [JWTAuthenticator] {
        proofs.compactMap { if case .token(let authenticator) = $0 { authenticator } else { nil } }
    }
}

extension CombinedAuthenticator.Proof {
    var locations: [CompiledTokenLocation] {
        switch self {
        case .token(let authenticator): authenticator.locations
        case .apiKey(let authenticator): authenticator.credential.locations
        case .password(let authenticator): authenticator.credential.locations
        }
    }

    /// Whether what was verified stays in the request that is forwarded.
    var forwardsVerified: Bool {
        switch self {
        case .token(let authenticator): authenticator.forwardsToken
        case .apiKey(let authenticator): authenticator.credential.forwardsVerified
        case .password(let authenticator): authenticator.credential.forwardsVerified
        }
    }

    var realm: String {
        switch self {
        case .token(let authenticator): authenticator.realm
        case .apiKey(let authenticator): authenticator.credential.realm
        case .password(let authenticator): authenticator.credential.realm
        }
    }

    var metadataURL: String? {
        if case .token(let authenticator) = self { authenticator.resourceMetadata?.url } else { nil }
    }

    /// What its credential is called in a refusal.
    var name: StaticString {
        switch self {
        case .token: "token"
        case .apiKey: "API key"
        case .password: "password"
        }
    }
}

/// Indices of proofs.
struct ProofSet {
    private var bits: UInt64 = 0

    func contains(_ index: Int) -> Bool { bits & (1 << UInt64(index)) != 0 }
    mutating func insert(_ index: Int) { bits |= 1 << UInt64(index) }
}
