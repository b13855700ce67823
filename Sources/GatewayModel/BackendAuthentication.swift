/// What proves to a backend who asks it: credentials that are put into each request that goes there.
package struct BackendAuthentication: Hashable, Sendable {
    /// In the order in which they are put in; at least one.
    package var credentials: [Credential]

    package init(credentials: [Credential]) {
        self.credentials = credentials
    }

    package struct Credential: Hashable, Sendable {
        package var proof: Proof
        /// Where the backend looks for it: never an expression. What a client sent there leaves.
        package var location: TokenLocation
        package var provenance: Provenance

        package init(proof: Proof, location: TokenLocation, provenance: Provenance) {
            self.proof = proof
            self.location = location
            self.provenance = provenance
        }
    }

    package enum Proof: Hashable, Sendable {
        /// The token the request was let in with; nothing where there was none.
        case verifiedToken
        case secret(TextSource)
        case signedToken(TokenSigning)
    }
}

/// A token that the gateway signs itself (RFC 7519).
package struct TokenSigning: Hashable, Sendable {
    /// A private key in PEM, or as a JWK.
    package var key: TextSource
    /// The name of a JWS algorithm.
    package var algorithm: String
    package var kid: String?
    /// A JSON object without `iat`, `exp` and `nbf`.
    package var claims: [UInt8]
    /// From `iat` to `exp`; above 0.
    package var lifetimeSeconds: Int64

    package init(key: TextSource, algorithm: String, kid: String?, claims: [UInt8], lifetimeSeconds: Int64) {
        self.key = key
        self.algorithm = algorithm
        self.kid = kid
        self.claims = claims
        self.lifetimeSeconds = lifetimeSeconds
    }
}

extension BackendAuthentication {
    /// The texts it is made of, which may stand in files.
    package var texts: [TextSource] {
        credentials.compactMap { credential in
            switch credential.proof {
            case .verifiedToken: nil
            case .secret(let text): text
            case .signedToken(let signing): signing.key
            }
        }
    }
}
