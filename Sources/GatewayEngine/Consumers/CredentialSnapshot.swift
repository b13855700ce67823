internal import Bytes
internal import GatewayModel
internal import JOSE
internal import Synchronization

/// One compiled credential. Its texts stand among those of its consumer.
struct CredentialSnapshot: Sendable {
    enum Proof: Sendable {
        case key
        case password(TextRange)
        /// Tokens signed with this secret.
        case secret(TextRange, identity: VerificationIdentity, CredentialRules)
        case publicKeys(CredentialVerifiers)
        /// Tokens whose key can't be used.
        case none
    }

    /// What it is named by: a claim's text, a key, a user.
    let name: TextRange
    /// The credential's own name; nil where it is written on the consumer itself.
    let id: TextRange?
    let proof: Proof

    init(
        _ credential: Credential, _ text: inout ConsumerTextBuilder, dates: Set<CheckedDates>,
        _ rules: inout CredentialRulesPool, keys: KeyMaterial, _ diagnostics: inout [Diagnostic]
    ) {
        id = credential.id.map { text.add($0.utf8) }
        switch credential.proof {
        case .token(let token):
            name = text.add(token.name.utf8)
            proof = Self.proof(
                token, at: credential.provenance, &text, dates: dates, &rules, keys: keys, &diagnostics)
        case .password(let user, let password):
            name = text.add(user.utf8)
            proof = .password(text.add(password.utf8))
        case .key(let key):
            name = text.add(key.utf8)
            proof = .key
        }
    }

    private static func proof(
        _ token: TokenCredential, at place: Provenance, _ text: inout ConsumerTextBuilder, dates: Set<CheckedDates>,
        _ rules: inout CredentialRulesPool, keys: KeyMaterial, _ diagnostics: inout [Diagnostic]
    ) -> Proof {
        if let source = token.keySource(at: place) {
            let rules = dates.map { (dates: $0, rules: token.rules($0)) }
            return .publicKeys(
                CredentialVerifiers(RemoteCredential(source: source, rules: rules, keys: keys), keys: keys))
        }
        guard let set = token.keySet(at: place, &diagnostics) else { return .none }
        if case .secret(let secret) = token.key {
            return .secret(
                text.add(secret), identity: VerificationIdentity(ofSecret: secret),
                rules.rules(of: token, dates: dates))
        }
        return .publicKeys(CredentialVerifiers(token, set, dates: dates))
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
    func identity(_ dates: CheckedDates) -> VerificationIdentity? {
        switch proof {
        case .secret(_, let identity, let rules): rules.rules(dates).map { identity.under($0) }
        case .publicKeys(let verifiers): verifiers.verifier(dates)?.firstIdentity
        case .key, .password, .none: nil
        }
    }

    var hasRemoteKeys: Bool {
        if case .publicKeys(let verifiers) = proof { return verifiers.remote != nil }
        return false
    }
}

/// The verifiers of a credential with public keys.
final class CredentialVerifiers: Sendable {
    private final class Prepared: Sendable {
        /// By which dates they look at.
        let verifiers: [(dates: CheckedDates, verifier: TokenVerifier)]

        init(_ verifiers: [(dates: CheckedDates, verifier: TokenVerifier)]) {
            self.verifiers = verifiers
        }

        convenience init(_ token: TokenCredential, _ set: KeySet, _ dates: Set<CheckedDates>) {
            self.init(dates.map { ($0, TokenVerifier(providers: [(token.rules($0), [set])])) })
        }
    }

    private let prepared = AtomicLazyReference<Prepared>()
    /// What is prepared when the first token comes: of very many credentials most have none for long, and a key takes
    /// several times its text. Nil: nothing is left to prepare.
    private let written: (token: TokenCredential, dates: Set<CheckedDates>)?
    /// Of one whose keys are fetched.
    let remote: RemoteCredential?

    /// - Parameter set: what the credential's key is, looked at and found good.
    init(_ token: TokenCredential, _ set: KeySet, dates: Set<CheckedDates>) {
        remote = nil
        // A list of keys takes longer to read than a request may wait.
        let waits = set.keys.count == 1
        written = waits ? (token, dates) : nil
        if !waits { _ = prepared.storeIfNil(Prepared(token, set, dates)) }
    }

    /// - Parameter keys: those that are there.
    init(_ remote: RemoteCredential, keys: KeyMaterial) {
        self.remote = remote
        written = nil
        _ = prepared.storeIfNil(Prepared(remote.verifiers(keys)))
    }

    func verifier(_ dates: CheckedDates) -> TokenVerifier? {
        for known in (prepared.load() ?? prepare())?.verifiers ?? [] where known.dates == dates {
            return known.verifier
        }
        return nil
    }

    private func prepare() -> Prepared? {
        guard let written else { return nil }
        // What there is to be said of it was said when it was written.
        var said: [Diagnostic] = []
        guard let set = written.token.keySet(at: Provenance(document: ""), &said) else { return nil }
        return prepared.storeIfNil(Prepared(written.token, set, written.dates))
    }

    /// Asks for the keys that a token lacked, where they can be fetched. Answers a fetch that is worth waiting for.
    func refresh(
        after failure: TokenError, of token: Span<UInt8>, _ dates: CheckedDates, now: Int64
    ) -> KeyRefresh? {
        guard let remote else { return nil }
        return verifier(dates)?.refresh(after: failure, of: token, with: remote.refreshes, now: now)
    }
}

extension TokenCredential {
    /// The key, or nil where it can't be used: that is a warning, and concerns nobody else.
    fileprivate func keySet(at place: Provenance, _ diagnostics: inout [Diagnostic]) -> KeySet? {
        if let algorithm, algorithms == nil {
            diagnostics.append(
                Diagnostic(
                    .error, "algorithm_unknown", "`\(algorithm)` is not an algorithm that tokens may be signed with",
                    at: place))
            return nil
        }
        let imported: KeyImport
        switch key {
        case .secret(let bytes):
            let options = KeyImportOptions(allowWeak: allowsWeakKeys, admitsSecrets: true)
            imported = KeyImport(secret: bytes, algorithms: algorithms ?? [], options: options)
        case .publicKey(let text):
            imported = KeyImport(text, options: KeyImportOptions(allowWeak: allowsWeakKeys, admitsSecrets: false))
        case .remote: return nil
        }
        let keys = imported.keySet
        let serves = keys.keys.contains { !$0.algorithms.intersection(algorithms ?? .publicKey).isEmpty }
        for finding in imported.findings where finding.severity > .note {
            diagnostics.append(Diagnostic(.warning, finding.code.rawValue, finding.message, at: place))
        }
        guard serves else {
            diagnostics.append(
                Diagnostic(
                    .warning, "no_usable_key",
                    "the key of this credential serves no \(algorithm ?? "token"); its tokens are refused",
                    at: place))
            return nil
        }
        return keys
    }
}
