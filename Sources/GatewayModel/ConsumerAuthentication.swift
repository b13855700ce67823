/// Proof that a request is a known consumer's, whose name the upstream is told.
package struct ConsumerAuthentication: Hashable, Sendable {
    /// All of these have to succeed, in order; the consumer is that of the last.
    package var steps: [ConsumerStep]

    package init(steps: [ConsumerStep]) {
        self.steps = steps
    }
}

/// One proof that is asked for.
package struct ConsumerStep: Hashable, Sendable {
    /// Ways to prove it, in order; the first that succeeds counts. Never empty.
    package var schemes: [ConsumerScheme]
    /// Who a request belongs to that proves nothing; nil: it is refused.
    package var anonymousConsumer: String?
    package var realm: String
    package var provenance: Provenance

    package init(schemes: [ConsumerScheme], anonymousConsumer: String?, realm: String, provenance: Provenance) {
        self.schemes = schemes
        self.anonymousConsumer = anonymousConsumer
        self.realm = realm
        self.provenance = provenance
    }
}

package struct ConsumerScheme: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// A JSON Web Token that names a credential in this claim; only the payload is asked for it.
        case token(claim: String, dates: CheckedDates)
        case key
        case password
        /// A signature over the request.
        case signature(RequestSignature)
    }

    package var kind: Kind
    /// Where the proof may stand; of several that are there, the first in this order is taken.
    package var locations: [TokenLocation]
    /// Whether the proof stays in the request that is forwarded.
    package var forwardsProof: Bool

    package init(kind: Kind, locations: [TokenLocation], forwardsProof: Bool) {
        self.kind = kind
        self.locations = locations
        self.forwardsProof = forwardsProof
    }
}

/// Which dates of a token are looked at.
package enum CheckedDates: Hashable, Sendable {
    /// `exp` and `nbf`, each where it is there.
    case thoseThatAreThere
    /// Only these; they have to be there.
    case only(expiration: Bool, notBefore: Bool)
}

/// What signatures over requests have to be.
package struct RequestSignature: Hashable, Sendable {
    /// The algorithms that a request may be signed with, as `Authorization` names them: `hmac-sha256`.
    package var algorithms: [String]
    /// How far `Date` may be from now, either way.
    package var clockSkewSeconds: Int64
    /// What every signature has to cover: names of fields, and `@request-target` for the request line.
    package var coveredFields: [String]
    /// Whether `Digest` has to be there, and that of the body.
    package var verifiesBody: Bool
    /// Longer bodies are refused where they would have to be digested.
    package var maxBodyBytes: Int

    package init(
        algorithms: [String], clockSkewSeconds: Int64, coveredFields: [String], verifiesBody: Bool, maxBodyBytes: Int
    ) {
        self.algorithms = algorithms
        self.clockSkewSeconds = clockSkewSeconds
        self.coveredFields = coveredFields
        self.verifiesBody = verifiesBody
        self.maxBodyBytes = maxBodyBytes
    }
}
