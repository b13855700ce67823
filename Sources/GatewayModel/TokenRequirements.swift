/// What tokens of an issuer must say beside issuer, audience and the claims that must be there.
package struct TokenRequirements: Equatable, Sendable {
    /// Which `typ` a token may have.
    package var type: TokenType
    /// From `iat` to `exp` at most, in seconds; nil: as long as the issuer likes.
    package var maxLifetimeSeconds: Int64?
    /// Whether a token is refused that was issued later than now, by its `iat`.
    package var refusesFutureIssuedAt: Bool
    /// Any one of these must match `sub`; empty: `sub` is not looked at.
    package var subjects: [TextMatch]
    /// All of these must be in `scope` or `scp`, each a scope-token of RFC 6749 §3.3; empty: neither is looked at.
    package var scopes: [String]
    /// All of these must hold.
    package var claims: [ClaimCondition]

    package init(
        type: TokenType, maxLifetimeSeconds: Int64?, refusesFutureIssuedAt: Bool, subjects: [TextMatch],
        scopes: [String], claims: [ClaimCondition]
    ) {
        self.type = type
        self.maxLifetimeSeconds = maxLifetimeSeconds
        self.refusesFutureIssuedAt = refusesFutureIssuedAt
        self.subjects = subjects
        self.scopes = scopes
        self.claims = claims
    }
}

/// Kinds of JSON Web Token, by the `typ` of the header.
package enum TokenType: Hashable, Sendable {
    /// Absent, `JWT` or `at+jwt`: no DPoP proof, logout token or the like.
    case ordinary
    /// An access token of RFC 9068: `typ` is `at+jwt`, and the claims of its §2.2 must be there.
    case accessToken
    /// Present and of this media type (RFC 7515 §4.1.9).
    case exactly(String)
}

/// A comparison with a text, byte for byte.
package enum TextMatch: Hashable, Sendable {
    case exact(String)
    case prefix(String)
    case suffix(String)
    case contains(String)
}

/// A condition on one claim, perhaps inside another.
package struct ClaimCondition: Equatable, Sendable {
    package enum Test: Equatable, Sendable {
        /// The claim is this value.
        case equals(ClaimScalar)
        /// The claim is one of these values.
        case oneOf([ClaimScalar])
        /// The claim is a list with this value in it.
        case contains(ClaimScalar)
        /// The claim is this value, or a list with it in it.
        case isOrContains(ClaimScalar)
    }

    /// Names from the payload down.
    package var path: [String]
    package var test: Test

    package init(path: [String], test: Test) {
        self.path = path
        self.test = test
    }
}

/// A value to compare a claim with; types are never converted.
package enum ClaimScalar: Hashable, Sendable {
    case string(String)
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
}
