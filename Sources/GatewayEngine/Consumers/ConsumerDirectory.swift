internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// All consumers of a configuration, findable by what their credentials are named by. Immutable.
final class ConsumerDirectory: Sendable {
    /// Credentials of tokens, by the text of the claim.
    private let tokens: ByteTable
    private let keys: ByteTable
    private let users: ByteTable
    private let credentials: [CredentialSnapshot]
    private let consumers: [String: IdentifiedConsumer]
    /// Whether keys of any of them are fetched.
    let hasRemoteKeys: Bool

    /// - Parameter keys: those that were fetched.
    init(_ consumers: [Consumer], dates: Set<CheckedDates>, keys: KeyMaterial, diagnostics: inout [Diagnostic]) {
        var tokens: [(key: [UInt8], value: Int)] = []
        var texts: [(key: [UInt8], value: Int)] = []
        var users: [(key: [UInt8], value: Int)] = []
        var credentials: [CredentialSnapshot] = []
        var known: [String: IdentifiedConsumer] = [:]
        for consumer in consumers {
            known[consumer.name] = IdentifiedConsumer(consumer, credential: nil)
            for credential in consumer.credentials {
                let place = credentials.count
                switch credential.proof {
                case .token(let token): tokens.append((Array(token.name.utf8), place))
                case .key(let key): texts.append((Array(key.utf8), place))
                case .password(let user, _): users.append((Array(user.utf8), place))
                }
                credentials.append(
                    CredentialSnapshot(credential, of: consumer, dates: dates, keys: keys, &diagnostics))
            }
        }
        // Of equal names the last one written counts; a table keeps the first.
        self.tokens = ByteTable(tokens.reversed())
        self.keys = ByteTable(texts.reversed())
        self.users = ByteTable(users.reversed())
        self.credentials = credentials
        self.consumers = known
        hasRemoteKeys = credentials.contains { $0.remote != nil }
    }

    /// The same, with the keys that sources hold now.
    init(renewing old: ConsumerDirectory, keys: KeyMaterial) {
        tokens = old.tokens
        self.keys = old.keys
        users = old.users
        credentials = old.credentials.map { CredentialSnapshot(renewing: $0, keys: keys) ?? $0 }
        consumers = old.consumers
        hasRemoteKeys = old.hasRemoteKeys
    }

    func consumer(named name: String) -> IdentifiedConsumer? { consumers[name] }

    /// The credential that this value of a claim names; nil where it is no text, or nobody's.
    func credential(ofToken claim: JSONValue) -> CredentialSnapshot? {
        if claim.isPlainString {
            let bytes = claim.document.bytes
            return tokens.find(bytes.span.extracting(claim.range)).map { credentials[$0] }
        }
        guard let name = claim.decodedBytes else { return nil }
        return tokens.find(name.span).map { credentials[$0] }
    }

    func credential(ofKey key: Span<UInt8>) -> CredentialSnapshot? {
        keys.find(key).map { credentials[$0] }
    }

    func credential(ofUser user: Span<UInt8>) -> CredentialSnapshot? {
        users.find(user).map { credentials[$0] }
    }
}

/// Who a request is of, as the upstream is told.
package final class IdentifiedConsumer: Sendable {
    package let name: String
    /// Field lines with their CRLFs.
    let headerLines: [UInt8]
    /// What rules see: `name`, and where there is one `group`, `credential` and `customId`.
    let attribute: JSONDocument?

    private static let userNameField = "X-Consumer-Username"
    private static let credentialField = "X-Credential-Identifier"
    private static let customIDField = "X-Consumer-Custom-ID"

    /// What no client may say of itself.
    static let fieldNames = FieldNames([userNameField, credentialField, customIDField].map { Array($0.utf8) })

    init(_ consumer: Consumer, credential: String?) {
        name = consumer.name
        var lines = ""
        for (header, value) in [
            (Self.userNameField, consumer.name), (Self.credentialField, credential),
            (Self.customIDField, consumer.customID),
        ] {
            if let value { lines += "\(header): \(Self.fieldValue(value))\r\n" }
        }
        headerLines = Array(lines.utf8)
        var members = JSONObjectTree([("name", .string(consumer.name))])
        members["group"] = consumer.group.map { .string($0) }
        members["credential"] = credential.map { .string($0) }
        members["customId"] = consumer.customID.map { .string($0) }
        attribute = try? JSONDocument(parsing: JSONTree.object(members).text)
    }

    /// What cannot stand in a field line (RFC 9110 §5.5) is left out.
    private static func fieldValue(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7F }, as: UTF8.self)
    }
}

/// One compiled credential.
final class CredentialSnapshot: Sendable {
    let consumer: IdentifiedConsumer
    /// Verifiers of a token credential, by which dates they look at; empty where its key can't be used.
    private let verifiers: [CheckedDates: TokenVerifier]
    /// Of a token credential whose keys are fetched; nil for all others.
    let remote: RemoteCredential?
    /// Of a password credential.
    let password: [UInt8]

    init(
        _ credential: Credential, of consumer: Consumer, dates: Set<CheckedDates>, keys: KeyMaterial,
        _ diagnostics: inout [Diagnostic]
    ) {
        self.consumer = IdentifiedConsumer(consumer, credential: credential.id)
        var verifiers: [CheckedDates: TokenVerifier] = [:]
        var password: [UInt8] = []
        var remote: RemoteCredential?
        switch credential.proof {
        case .token(let token):
            if let source = token.keySource(at: credential.provenance) {
                let rules = dates.map { (dates: $0, rules: token.rules($0)) }
                let fetched = RemoteCredential(source: source, rules: rules, keys: keys)
                verifiers = fetched.verifiers(keys)
                remote = fetched
            } else if let keys = token.keySet(at: credential.provenance, &diagnostics) {
                for dates in dates { verifiers[dates] = TokenVerifier(providers: [(token.rules(dates), [keys])]) }
            }
        case .password(_, let text): password = Array(text.utf8)
        case .key: break
        }
        self.verifiers = verifiers
        self.remote = remote
        self.password = password
    }

    /// The same, with the keys that its source holds now; nil where its keys are not fetched.
    init?(renewing old: CredentialSnapshot, keys: KeyMaterial) {
        guard let remote = old.remote else { return nil }
        consumer = old.consumer
        self.remote = RemoteCredential(source: remote.source, rules: remote.rules, keys: keys)
        verifiers = remote.verifiers(keys)
        password = old.password
    }

    /// Nil where its key can't be used.
    func verifier(_ dates: CheckedDates) -> TokenVerifier? { verifiers[dates] }
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
