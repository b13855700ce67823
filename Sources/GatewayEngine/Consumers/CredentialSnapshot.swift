internal import Bytes
internal import GatewayModel
internal import JOSE

/// One compiled credential.
final class CredentialSnapshot: ShardedElement {
    /// Where it stands among all.
    struct Rank: Sendable {
        var consumer: DocumentRank
        /// Among the consumer's credentials.
        var position: Int
    }

    /// What it is named by: a claim's text, a key, a user.
    let key: [UInt8]
    let consumer: IdentifiedConsumer
    /// Verifiers of a token credential, by which dates they look at; empty where its key can't be used.
    private let verifiers: [(dates: CheckedDates, verifier: TokenVerifier)]
    /// Of a token credential whose keys are fetched; nil for all others.
    let remote: RemoteCredential?
    /// Of a password credential.
    let password: [UInt8]
    private let rank: Rank

    init(
        _ credential: Credential, of consumer: IdentifiedConsumer, _ rank: Rank, dates: Set<CheckedDates>,
        keys: KeyMaterial, _ diagnostics: inout [Diagnostic]
    ) {
        self.consumer = consumer
        self.rank = rank
        var verifiers: [(dates: CheckedDates, verifier: TokenVerifier)] = []
        var password: [UInt8] = []
        var remote: RemoteCredential?
        switch credential.proof {
        case .token(let token):
            key = Array(token.name.utf8)
            if let source = token.keySource(at: credential.provenance) {
                let rules = dates.map { (dates: $0, rules: token.rules($0)) }
                let fetched = RemoteCredential(source: source, rules: rules, keys: keys)
                verifiers = fetched.verifiers(keys)
                remote = fetched
            } else if let keys = token.keySet(at: credential.provenance, &diagnostics) {
                verifiers = dates.map { ($0, TokenVerifier(providers: [(token.rules($0), [keys])])) }
            }
        case .password(let user, let text):
            key = Array(user.utf8)
            password = Array(text.utf8)
        case .key(let text): key = Array(text.utf8)
        }
        self.verifiers = verifiers
        self.remote = remote
        self.password = password
    }

    /// The same, with the keys that its source holds now; nil where its keys are not fetched.
    init?(renewing old: CredentialSnapshot, keys: KeyMaterial) {
        guard let remote = old.remote else { return nil }
        key = old.key
        consumer = old.consumer
        rank = old.rank
        self.remote = RemoteCredential(source: remote.source, rules: remote.rules, keys: keys)
        verifiers = remote.verifiers(keys)
        password = old.password
    }

    /// Nil where its key can't be used.
    func verifier(_ dates: CheckedDates) -> TokenVerifier? {
        for known in verifiers where known.dates == dates { return known.verifier }
        return nil
    }

    func isBefore(_ other: CredentialSnapshot) -> Bool {
        (rank.consumer, rank.position) < (other.rank.consumer, other.rank.position)
    }
}

extension TokenCredential {
    /// Nil where none is named, or none of that name is known.
    private var algorithms: AlgorithmSet? {
        algorithm.flatMap { SignatureAlgorithm(name: $0) }.map { AlgorithmSet([$0]) }
    }

    /// Longer ones are refused unread, in bytes.
    static let maxTokenBytes = 16 << 10

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

    fileprivate func rules(_ dates: CheckedDates) -> IssuerRules {
        var required: [String] = []
        if case .only(let expiration, let notBefore) = dates {
            required = (expiration ? ["exp"] : []) + (notBefore ? ["nbf"] : [])
        }
        var rules = IssuerRules(
            issuers: issuers, audiences: audiences, algorithms: algorithms, requiredClaims: required,
            clockSkewSeconds: clockSkewSeconds, maxLifetimeSeconds: nil, type: admitsAnyType ? .any : .ordinary,
            subjects: [], requiredScopes: [], claims: [], maxTokenBytes: Self.maxTokenBytes,
            refusesFutureIssuedAt: false, allowsUnprovenBinding: false)
        if case .only(let expiration, let notBefore) = dates {
            rules.ignoresExpiration = !expiration
            rules.ignoresNotBefore = !notBefore
        }
        return rules
    }
}
