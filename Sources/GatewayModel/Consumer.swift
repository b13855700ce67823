/// A caller that is known by its credentials: an application or a person behind it.
package struct Consumer: Equatable, Sendable {
    /// Unique among the consumers of a configuration.
    package var name: String
    /// The caller's name in the operator's own books; nil where there is none.
    package var customID: String?
    /// The group it belongs to; nil where there is none.
    package var group: String?
    /// Whether that group is not there: what it would say of the consumer's requests is not known, and they are
    /// refused.
    package var lacksGroup: Bool
    package var credentials: [Credential]
    /// Whose policies (`Attachment.Scope.overlay`) take the place of a route's for its requests; nil: nobody's.
    package var overlay: OverlayID?
    package var provenance: Provenance

    package init(
        name: String, customID: String?, group: String?, lacksGroup: Bool = false, credentials: [Credential],
        overlay: OverlayID? = nil, provenance: Provenance
    ) {
        self.overlay = overlay
        self.lacksGroup = lacksGroup
        self.name = name
        self.customID = customID
        self.group = group
        self.credentials = credentials
        self.provenance = provenance
    }
}

/// One of the things by which a consumer proves who it is.
package struct Credential: Equatable, Sendable {
    package enum Proof: Equatable, Sendable {
        case token(TokenCredential)
        /// A text only the consumer knows, sent as it is.
        case key(String)
        /// RFC 7617.
        case password(user: String, password: String)
        /// What requests are signed with, by the name that they call it.
        case signingSecret(keyID: String, secret: String)
    }

    /// The credential's own name; nil where it is written on the consumer itself.
    package var id: String?
    package var proof: Proof
    package var provenance: Provenance

    package init(id: String?, proof: Proof, provenance: Provenance) {
        self.id = id
        self.proof = proof
        self.provenance = provenance
    }
}

extension Credential {
    /// Whether its keys are fetched.
    package var hasRemoteKeys: Bool {
        guard case .token(let token) = proof, case .remote = token.key else { return false }
        return true
    }
}

/// The tokens of one credential: those that name it in a claim and that its key verifies.
package struct TokenCredential: Equatable, Sendable {
    package enum Key: Equatable, Sendable {
        /// The bytes of a shared secret.
        case secret([UInt8])
        /// Public keys in PEM, or as a JWK Set.
        case publicKey(String)
        /// Public keys that are fetched while the gateway runs.
        case remote(RemoteKeys)
    }

    /// What the claim says that names the credential.
    package var name: String
    /// The one JWS algorithm of its tokens; nil: whatever the keys are for (asymmetric only).
    package var algorithm: String?
    package var key: Key
    /// The exact `iss` values; any of them. Empty: `iss` is not looked at.
    package var issuers: [String]
    /// Any of these must be in `aud`; empty: `aud` is not looked at.
    package var audiences: [String]
    /// Tolerance of `exp` and `nbf`, in seconds.
    package var clockSkewSeconds: Int64
    package var allowsWeakKeys: Bool
    /// Whether its tokens may have any `typ`, not only that of `TokenType.ordinary`; and, of one without issuers and
    /// audiences, anything as `iss`, `sub`, `aud`, `jti` and `iat`.
    package var admitsAnyType: Bool

    package init(
        name: String, algorithm: String?, key: Key, issuers: [String] = [], audiences: [String] = [],
        clockSkewSeconds: Int64, allowsWeakKeys: Bool, admitsAnyType: Bool
    ) {
        self.name = name
        self.algorithm = algorithm
        self.key = key
        self.issuers = issuers
        self.audiences = audiences
        self.clockSkewSeconds = clockSkewSeconds
        self.allowsWeakKeys = allowsWeakKeys
        self.admitsAnyType = admitsAnyType
    }
}

extension TokenCredential {
    /// Where its keys are fetched from; nil where they stand in the configuration.
    package func keySource(at place: Provenance) -> KeySource? {
        guard case .remote(let keys) = key else { return nil }
        return KeySource(origin: .remote(keys), provenance: place)
    }
}
