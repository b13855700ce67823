internal import Bytes
internal import GatewayModel
internal import JOSE
internal import Synchronization

/// One compiled credential. Its texts stand among those of its consumer.
struct CredentialSnapshot: Sendable {
    enum Proof: Sendable {
        case key
        case password(TextRange)
        /// Requests signed with this secret.
        case signingSecret(TextRange)
        /// Tokens signed with this secret.
        case secret(TextRange, identity: VerificationIdentity, CredentialRules)
        case publicKeys(CredentialVerifiers)
        /// Tokens whose key can't be used.
        case none
    }

    /// What it is named by: a claim's text, a key, a user, what signed requests call it.
    let name: TextRange
    /// The credential's own name; nil where it is written on the consumer itself.
    let id: TextRange?
    let proof: Proof

    init(
        _ credential: Credential, _ text: inout ConsumerTextBuilder, dates: Set<CheckedDates>,
        _ rules: inout CredentialRulesPool, _ read: inout CredentialKeys, keys: KeyMaterial
    ) {
        id = credential.id.map { text.add($0.utf8) }
        switch credential.proof {
        case .token(let token):
            name = text.add(token.name.utf8)
            proof = Self.proof(
                token, at: credential.provenance, &text, dates: dates, &rules, &read, keys: keys)
        case .password(let user, let password):
            name = text.add(user.utf8)
            proof = .password(text.add(password.utf8))
        case .signingSecret(let keyID, let secret):
            name = text.add(keyID.utf8)
            proof = .signingSecret(text.add(secret.utf8))
        case .key(let key):
            name = text.add(key.utf8)
            proof = .key
        }
    }

    private static func proof(
        _ token: TokenCredential, at place: Provenance, _ text: inout ConsumerTextBuilder, dates: Set<CheckedDates>,
        _ rules: inout CredentialRulesPool, _ read: inout CredentialKeys, keys: KeyMaterial
    ) -> Proof {
        if let source = token.keySource(at: place) {
            let rules = dates.map { (dates: $0, rules: token.rules($0)) }
            return .publicKeys(
                CredentialVerifiers(RemoteCredential(source: source, rules: rules, keys: keys), keys: keys))
        }
        switch read.next() {
        case .secret(let secret):
            return .secret(
                text.add(secret), identity: VerificationIdentity(ofSecret: secret),
                rules.rules(of: token, dates: dates))
        case .one(let key):
            return .publicKeys(
                CredentialVerifiers(
                    rules.rules(of: token, dates: dates), key: text.add(read.bytes[key]),
                    options: token.publicKeyOptions))
        case .several(let set):
            return .publicKeys(CredentialVerifiers(rules.rules(of: token, dates: dates), set))
        case .unusable: return .none
        }
    }

    /// The same, with the keys that its source holds now.
    init(renewing old: CredentialSnapshot, keys: KeyMaterial) {
        name = old.name
        id = old.id
        if case .publicKeys(let verifiers) = old.proof, let remote = verifiers.remote {
            proof = .publicKeys(
                CredentialVerifiers(
                    RemoteCredential(source: remote.source, rules: remote.rules, keys: keys), keys: keys))
        } else {
            proof = old.proof
        }
    }

    /// The identity of what takes its tokens; nil where its key can't be used.
    func identity(_ dates: CheckedDates, of consumer: ConsumerSnapshot) -> VerificationIdentity? {
        switch proof {
        case .secret(_, let identity, let rules): rules.rules(dates).map { identity.under($0) }
        case .publicKeys(let verifiers): verifiers.verifier(dates, of: consumer)?.firstIdentity
        case .key, .password, .signingSecret, .none: nil
        }
    }

    var hasRemoteKeys: Bool {
        if case .publicKeys(let verifiers) = proof { return verifiers.remote != nil }
        return false
    }
}

/// The verifiers of a credential with public keys. There may be very many: what few of them have stands elsewhere.
final class CredentialVerifiers: Sendable {
    private final class Prepared: Sendable {
        /// By which dates they look at.
        let verifiers: [(dates: CheckedDates, verifier: TokenVerifier)]

        init(_ verifiers: [(dates: CheckedDates, verifier: TokenVerifier)]) {
            self.verifiers = verifiers
        }

        convenience init(_ rules: CredentialRules, _ set: KeySet) {
            self.init(rules.byDates.map { ($0.dates, TokenVerifier($0.rules, set)) })
        }
    }

    /// A key that was looked at and found good.
    private struct Unprepared: Sendable {
        let rules: CredentialRules
        /// Among those of the consumer.
        let key: TextRange
        let options: KeyImportOptions
    }

    private let prepared = AtomicLazyReference<Prepared>()
    /// What is prepared when the first token comes: of very many credentials most have none for long, and a key takes
    /// several times its text. Nil: nothing is left to prepare.
    private let unprepared: Unprepared?
    /// Of one whose keys are fetched.
    let remote: RemoteCredential?

    /// - Parameter key: one that was looked at and found good, among the texts of the consumer.
    init(_ rules: CredentialRules, key: TextRange, options: KeyImportOptions) {
        remote = nil
        unprepared = Unprepared(rules: rules, key: key, options: options)
    }

    /// A list of keys takes longer to read than a request may wait.
    init(_ rules: CredentialRules, _ set: KeySet) {
        remote = nil
        unprepared = nil
        _ = prepared.storeIfNil(Prepared(rules, set))
    }

    /// - Parameter keys: those that are there.
    init(_ remote: RemoteCredential, keys: KeyMaterial) {
        self.remote = remote
        unprepared = nil
        _ = prepared.storeIfNil(Prepared(remote.verifiers(keys)))
    }

    func verifier(_ dates: CheckedDates, of consumer: ConsumerSnapshot) -> TokenVerifier? {
        for known in (prepared.load() ?? prepare(consumer))?.verifiers ?? [] where known.dates == dates {
            return known.verifier
        }
        return nil
    }

    private func prepare(_ consumer: ConsumerSnapshot) -> Prepared? {
        guard let unprepared else { return nil }
        // What there is to be said of it was said when it was written.
        let imported = KeyImport(Array(consumer.text[unprepared.key.indices]), options: unprepared.options)
        return prepared.storeIfNil(Prepared(unprepared.rules, imported.keySet))
    }

    /// Asks for the keys that a token lacked, where they can be fetched. Answers a fetch that is worth waiting for.
    func refresh(
        after failure: TokenError, of token: Span<UInt8>, _ dates: CheckedDates, _ consumer: ConsumerSnapshot,
        now: Int64
    ) -> KeyRefresh? {
        guard let remote else { return nil }
        return verifier(dates, of: consumer)?.refresh(after: failure, of: token, with: remote.refreshes, now: now)
    }
}
