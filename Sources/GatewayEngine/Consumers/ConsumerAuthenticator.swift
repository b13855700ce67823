internal import Bytes
internal import GatewayModel
internal import JOSE

/// A compiled `ConsumerAuthentication`.
package final class ConsumerAuthenticator: Sendable {
    struct Step: Sendable {
        let schemes: [Scheme]
        /// The name of whom a request belongs to that proves nothing; nil: it is refused.
        let anonymous: [UInt8]?
        let realm: String

        /// What a request is asked for that has none of several proofs: the last of them, as APISIX does. Nil where
        /// there is one, which says it itself.
        var challengeOfSeveral: RefusalCode.Challenge? {
            schemes.count > 1 ? schemes.last?.missing.entry.challenge : nil
        }

        /// What a request without a proof dies of where it would be a consumer's that is not there.
        var missingAnonymous: ConsumerStage.Failure {
            guard schemes.count == 1 else {
                return ConsumerStage.Failure(code: .consumerUnproven, realm: realm, challenge: challengeOfSeveral)
            }
            return ConsumerStage.Failure(
                code: .consumerMissing, realm: realm, challenge: schemes[0].missing.entry.challenge)
        }
    }

    struct Scheme: Sendable {
        enum Kind: Sendable {
            case token(TokenProof)
            case key
            case password
            case signature(SignedRequestRules)
        }

        let kind: Kind
        let locations: [CompiledTokenLocation]
        let forwardsProof: Bool

        /// What a request without this proof dies of.
        var missing: RefusalCode {
            switch kind {
            case .token: .tokenMissing
            case .key: .apiKeyMissing
            case .password: .basicMissing
            case .signature: .hmacMissing
            }
        }

        /// What it dies of where that is there twice, so that nobody knows which of them is meant.
        var ambiguous: RefusalCode {
            switch kind {
            case .token: .tokenMalformed
            case .key: .apiKeyInvalid
            case .password: .basicMalformed
            case .signature: .hmacMalformed
            }
        }
    }

    struct TokenProof: Sendable {
        let claim: [UInt8]
        let dates: CheckedDates
        /// What verified tokens are kept under, whichever credential took them: the claim that names it is known
        /// only once a token has been read.
        let cacheName: VerificationIdentity
    }

    /// Whether a request without any proof is refused.
    var refusesStrangers: Bool { steps.contains { $0.anonymous == nil } }

    let steps: [Step]

    /// - Parameter locations: those of each scheme of each step.
    init(_ policy: ConsumerAuthentication, locations: [[[CompiledTokenLocation]]]) {
        steps = zip(policy.steps, locations).map { step, locations in
            Step(
                schemes: zip(step.schemes, locations).map(Scheme.init),
                anonymous: step.anonymousConsumer.map { Array($0.utf8) }, realm: step.realm)
        }
    }
}

extension ConsumerAuthenticator.Scheme {
    fileprivate init(_ scheme: ConsumerScheme, _ locations: [CompiledTokenLocation]) {
        switch scheme.kind {
        case .token(let claim, let dates):
            kind = .token(
                ConsumerAuthenticator.TokenProof(
                    claim: Array(claim.utf8), dates: dates,
                    cacheName: VerificationIdentity(shared: "consumer\0\(claim)\0\(dates)")))
        case .key: kind = .key
        case .password: kind = .password
        case .signature(let rules): kind = .signature(SignedRequestRules(rules))
        }
        self.locations = locations
        forwardsProof = scheme.forwardsProof
    }
}

extension GatewayConfiguration {
    /// Whether upstreams may be told of consumers, so that nobody else may tell them.
    var namesConsumers: Bool {
        !consumers.isEmpty || attachments.contains { $0.policy.isConsumerAuthentication }
    }

    /// Which dates the tokens of consumers are asked for.
    var checkedDates: Set<CheckedDates> { Set(attachments.flatMap(\.policy.checkedDates)) }
}

extension Policy {
    fileprivate var isConsumerAuthentication: Bool {
        if case .consumerAuthentication = self { return true }
        return false
    }

    fileprivate var checkedDates: [CheckedDates] {
        guard case .consumerAuthentication(let policy) = self else { return [] }
        return policy.steps.flatMap(\.schemes).compactMap { scheme in
            if case .token(_, let dates) = scheme.kind { return dates }
            return nil
        }
    }
}
