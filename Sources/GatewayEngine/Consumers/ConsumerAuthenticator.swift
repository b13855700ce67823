internal import Bytes
internal import GatewayModel
internal import JOSE

/// A compiled `ConsumerAuthentication`.
package final class ConsumerAuthenticator: Sendable {
    struct Step: Sendable {
        let schemes: [Scheme]
        /// Who a request belongs to that proves nothing.
        let anonymous: Anonymous
        let realm: String

        /// What a request without a proof dies of where it would be a consumer's that is not there. The code says
        /// which challenge goes with it, too.
        var missingAnonymous: RefusalCode {
            guard schemes.count == 1 else { return .consumerUnproven }
            switch schemes[0].kind {
            case .token: return .consumerMissing
            case .key: return .apiKeyInvalid
            case .password: return .basicInvalid
            }
        }
    }

    enum Anonymous: Sendable {
        case refused
        case consumer(IdentifiedConsumer)
        /// Named, and not there.
        case missing
    }

    struct Scheme: Sendable {
        enum Kind: Sendable {
            case token(TokenProof)
            case key
            case password
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
    var refusesStrangers: Bool {
        steps.contains { step in
            if case .consumer = step.anonymous { return false }
            return true
        }
    }

    let steps: [Step]
    let directory: ConsumerDirectory

    /// - Parameter locations: those of each scheme of each step.
    init(_ policy: ConsumerAuthentication, _ directory: ConsumerDirectory, locations: [[[CompiledTokenLocation]]]) {
        self.directory = directory
        steps = zip(policy.steps, locations).map { step, locations in
            let anonymous: Anonymous =
                switch step.anonymousConsumer.map({ directory.consumer(named: $0) }) {
                case .none: .refused
                case .some(.none): .missing
                case .some(.some(let consumer)): .consumer(consumer)
                }
            return Step(schemes: zip(step.schemes, locations).map(Scheme.init), anonymous: anonymous, realm: step.realm)
        }
    }

    /// The same with consumers whose keys are others.
    init(renewing old: ConsumerAuthenticator, _ directory: ConsumerDirectory) {
        steps = old.steps
        self.directory = directory
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
}

extension Policy {
    fileprivate var isConsumerAuthentication: Bool {
        if case .consumerAuthentication = self { return true }
        return false
    }

    /// Which dates the tokens of consumers are asked for.
    var checkedDates: [CheckedDates] {
        guard case .consumerAuthentication(let policy) = self else { return [] }
        return policy.steps.flatMap(\.schemes).compactMap { scheme in
            if case .token(_, let dates) = scheme.kind { return dates }
            return nil
        }
    }
}
