/// Several ways to prove who sent a request, of which a combination has to hold.
package struct CombinedAuthentication: Equatable, Sendable {
    /// `optional`: a request without any credential passes. `permissive`: every request does.
    package var presence: Presence
    package var requirement: AuthenticationRequirement
    /// Nobody is refused: what would have been is logged.
    package var logsOnly: Bool

    package init(presence: Presence, requirement: AuthenticationRequirement, logsOnly: Bool = false) {
        self.presence = presence
        self.requirement = requirement
        self.logsOnly = logsOnly
    }
}

/// What a request has to prove. The presence of the policies inside is strict.
package indirect enum AuthenticationRequirement: Equatable, Sendable {
    case token(JWTAuthentication, Provenance)
    case apiKey(APIKeyAuthentication)
    case password(BasicAuthentication)
    /// The first that holds, in order, says who sent the request.
    case anyOf([AuthenticationRequirement])
    case allOf([AuthenticationRequirement])

    /// All that have none inside them, in order.
    package var proofs: [AuthenticationRequirement] {
        switch self {
        case .token, .apiKey, .password: [self]
        case .anyOf(let parts), .allOf(let parts): parts.flatMap(\.proofs)
        }
    }
}

extension Policy {
    /// Every verification of tokens in it, with its place where that is not the policy's.
    package var tokenAuthentications: [(policy: JWTAuthentication, provenance: Provenance?)] {
        switch self {
        case .jwtAuthentication(let policy): return [(policy, nil)]
        case .combined(let combined):
            return combined.requirement.proofs.compactMap { proof in
                if case .token(let policy, let place) = proof { (policy, place) } else { nil }
            }
        default: return []
        }
    }

    /// Every check of passwords in it.
    package var passwordAuthentications: [BasicAuthentication] {
        switch self {
        case .basic(let policy): return [policy]
        case .combined(let combined):
            return combined.requirement.proofs.compactMap { proof in
                if case .password(let policy) = proof { policy } else { nil }
            }
        default: return []
        }
    }
}
