/// What one provider's tokens must satisfy. Every field is explicit: defaults belong to dialects.
package struct IssuerRules: Sendable {
    /// Values of `iss` this provider answers for, compared byte for byte. Empty: any issuer, or none.
    package var issuers: [String]
    /// Any one of these must be in `aud`. Empty: `aud` is not looked at.
    package var audiences: [String]
    /// The algorithms admitted. Nil: every public-key algorithm; a shared secret counts only where
    /// this names its algorithm.
    package var algorithms: AlgorithmSet?
    /// Claims that must be present and not null.
    package var requiredClaims: [String]
    /// Tolerance of `exp`, `nbf` and `iat`; 0 is allowed, negative values count as 0.
    package var clockSkewSeconds: Int64
    package var maxLifetimeSeconds: Int64?
    package var type: TypeRule
    /// Any one of these must match `sub`. Empty: `sub` is not looked at.
    package var subjects: [TextMatcher]
    /// All of these must be in `scope` or `scp`.
    package var requiredScopes: [String]
    package var claims: [ClaimRule]
    package var maxTokenBytes: Int
    /// Whether an `iat` later than now is refused even without a maximum lifetime.
    package var refusesFutureIssuedAt: Bool
    /// Whether a token bound by `cnf` passes although this layer saw no proof of possession.
    package var allowsUnprovenBinding: Bool
    /// Claims that are handed on as field lines.
    package var fields: [ClaimField]
    /// Off unless a configuration asks for it by name: an `exp` or `nbf` that is there and not looked at.
    package var ignoresExpiration = false
    package var ignoresNotBefore = false
    /// Whether `iss`, `sub`, `aud`, `jti` and `iat` may be anything where no rule asks for one: their types
    /// (RFC 7519 §4.1) are not looked at then.
    package var ignoresUnaskedClaims = false

    package init(
        issuers: [String], audiences: [String], algorithms: AlgorithmSet?, requiredClaims: [String],
        clockSkewSeconds: Int64, maxLifetimeSeconds: Int64?, type: TypeRule, subjects: [TextMatcher],
        requiredScopes: [String], claims: [ClaimRule], maxTokenBytes: Int,
        refusesFutureIssuedAt: Bool, allowsUnprovenBinding: Bool, fields: [ClaimField] = []
    ) {
        self.issuers = issuers
        self.audiences = audiences
        self.algorithms = algorithms
        self.requiredClaims = requiredClaims
        self.clockSkewSeconds = clockSkewSeconds
        self.maxLifetimeSeconds = maxLifetimeSeconds
        self.type = type
        self.subjects = subjects
        self.requiredScopes = requiredScopes
        self.claims = claims
        self.maxTokenBytes = maxTokenBytes
        self.refusesFutureIssuedAt = refusesFutureIssuedAt
        self.allowsUnprovenBinding = allowsUnprovenBinding
        self.fields = fields
    }

    /// The claims that an access token must have (RFC 9068 §2.2).
    package static let accessTokenClaims = ["iss", "exp", "aud", "sub", "client_id", "iat", "jti"]

    /// Switches on the access token profile of RFC 9068: its `typ` and its seven claims.
    package mutating func requireAccessTokenProfile() {
        type = .exactly("at+jwt")
        requiredClaims += Self.accessTokenClaims.filter { !requiredClaims.contains($0) }
    }
}

/// Which values of the header's `typ` pass (RFC 7515 §4.1.9, RFC 8725 §3.11).
package enum TypeRule: Sendable, Equatable {
    /// Absent, `JWT` or `at+jwt`: not a DPoP proof, a logout token or another kind of JWT.
    case ordinary
    /// Present and this media type; `application/` may be left out on either side, case does not matter.
    case exactly(String)
    case any
}

/// A comparison with a text, byte for byte and case-sensitive.
package enum TextMatcher: Sendable, Equatable {
    case exact(String)
    case prefix(String)
    case suffix(String)
    case contains(String)
}

/// A condition on one claim, perhaps a nested one.
package struct ClaimRule: Sendable, Equatable {
    /// Member names from the payload down.
    package var path: [String]
    package var condition: Condition

    package init(path: [String], condition: Condition) {
        self.path = path
        self.condition = condition
    }

    package enum Condition: Sendable, Equatable {
        /// There and not null.
        case present
        /// The claim is this scalar.
        case equals(ClaimValue)
        /// The claim is one of these scalars.
        case oneOf([ClaimValue])
        /// The claim is an array with this scalar among its elements.
        case contains(ClaimValue)
        /// The claim is this scalar, or an array with it among its elements.
        case isOrContains(ClaimValue)
    }
}

/// A scalar to compare a claim with; types are never converted.
package enum ClaimValue: Sendable, Equatable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
}
