/// Verification of a JSON Web Token at the edge.
package struct JWTAuthentication: Equatable, Sendable {
    package var presence: Presence
    /// Where a token may stand, in order; one place or more.
    package var locations: [TokenLocation]
    package var issuers: [Issuer]
    /// Whether a verified token stays in the request that is forwarded.
    package var forwardsToken: Bool
    /// Whether a token that failed stays in the request (only where presence lets it pass).
    package var forwardsUnverifiedToken: Bool
    /// A header besides that the backend gets the token in; nil: none.
    package var tokenHeader: TokenHeader?
    /// The realm of the challenge (RFC 9110 §11.5).
    package var realm: String
    /// Longer tokens are refused unread, in bytes.
    package var maxTokenBytes: Int
    /// Nobody is refused: what would have been is logged.
    package var logsOnly = false
    /// What clients are told about the resource that tokens are for; nil: nothing.
    package var resourceMetadata: ResourceMetadata?

    package init(
        presence: Presence, locations: [TokenLocation], issuers: [Issuer], forwardsToken: Bool,
        forwardsUnverifiedToken: Bool, realm: String, maxTokenBytes: Int
    ) {
        self.presence = presence
        self.locations = locations
        self.issuers = issuers
        self.forwardsToken = forwardsToken
        self.forwardsUnverifiedToken = forwardsUnverifiedToken
        self.realm = realm
        self.maxTokenBytes = maxTokenBytes
    }
}

/// A header that nobody but the gateway writes a verified token to.
package struct TokenHeader: Equatable, Sendable {
    package var name: String
    /// What stands before the token.
    package var prefix: String

    package init(name: String, prefix: String) {
        self.name = name
        self.prefix = prefix
    }
}

/// What becomes of a request without a valid token.
package enum Presence: String, Hashable, Sendable {
    /// A valid token must be there.
    case strict
    /// No token passes; one that is there must be valid.
    case optional
    /// Never refuses; only a valid token yields claims.
    case permissive
}

/// A place in the request as received.
package enum TokenLocation: Hashable, Sendable {
    /// `prefix` is compared without regard to ASCII case and includes its blank; empty: the whole value.
    case header(name: String, prefix: String)
    case queryParameter(name: String)
    case cookie(name: String)
    /// Whatever text the expression answers; it has none where it answers null or fails.
    case expression(Expression)
}

/// Who issues tokens, with which keys, and what its tokens must say.
package struct Issuer: Equatable, Sendable {
    /// The exact `iss` values; any of them.
    package var names: [String]
    /// Any of these must be in `aud`; empty: `aud` is not looked at.
    package var audiences: [String]
    package var keySources: [KeySource]
    /// JWS algorithm names tokens may use; nil: whatever the keys are for (asymmetric only).
    package var algorithms: [String]?
    /// Claims that must be present.
    package var requiredClaims: [String]
    /// Tolerance of `exp`, `nbf` and `iat`, in seconds.
    package var clockSkewSeconds: Int64
    /// Keys too weak for their algorithm are used all the same.
    package var allowsWeakKeys: Bool
    package var requirements: TokenRequirements
    /// Claims that the backend gets as headers.
    package var claimHeaders: [ClaimHeader]
    package var provenance: Provenance

    package init(
        names: [String], audiences: [String], keySources: [KeySource], algorithms: [String]?,
        requiredClaims: [String], clockSkewSeconds: Int64, allowsWeakKeys: Bool, requirements: TokenRequirements,
        claimHeaders: [ClaimHeader] = [], provenance: Provenance
    ) {
        self.names = names
        self.audiences = audiences
        self.keySources = keySources
        self.algorithms = algorithms
        self.requiredClaims = requiredClaims
        self.clockSkewSeconds = clockSkewSeconds
        self.allowsWeakKeys = allowsWeakKeys
        self.requirements = requirements
        self.claimHeaders = claimHeaders
        self.provenance = provenance
    }
}

/// Where an issuer's keys come from.
package struct KeySource: Hashable, Sendable {
    package enum Origin: Hashable, Sendable {
        /// The text of a JWK Set, a JWK, PEM, or an object of PEM texts by `kid`.
        case inline(String)
        /// A path as the user wrote it, relative to the folder the process runs in.
        case file(String)
        /// Fetched while the gateway runs, and again before it is stale.
        case remote(RemoteKeys)
    }

    package var origin: Origin
    package var provenance: Provenance

    package init(origin: Origin, provenance: Provenance) {
        self.origin = origin
        self.provenance = provenance
    }
}
