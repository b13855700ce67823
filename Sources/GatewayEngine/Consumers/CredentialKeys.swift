internal import GatewayModel
internal import JOSE

/// The keys of credentials, read before anything is made of them that stays: reading takes many times what is kept, and
/// pieces of memory that stay among those that go would leave holes in every page.
struct CredentialKeys {
    enum Key {
        case secret([UInt8])
        /// One public key, where it stands in `bytes`.
        case one(Range<Int>)
        case several(KeySet)
        case unusable
    }

    /// What `KeyImport` reads public keys from, behind each other.
    private(set) var bytes: [UInt8] = []
    private var keys: [Key] = []
    private var nextIndex = 0

    /// Reads those that stand in the credentials of consumers, in their order.
    init(of consumers: some Sequence<Consumer>, _ diagnostics: inout [Diagnostic]) {
        for credential in consumers.lazy.flatMap(\.credentials) {
            guard case .token(let token) = credential.proof, !credential.hasRemoteKeys else { continue }
            keys.append(read(token, at: credential.provenance, &diagnostics))
        }
    }

    /// That of the next credential that has one.
    mutating func next() -> Key {
        defer { nextIndex += 1 }
        return keys[nextIndex]
    }

    private mutating func read(
        _ token: TokenCredential, at place: Provenance, _ diagnostics: inout [Diagnostic]
    ) -> Key {
        guard let set = token.keySet(at: place, &diagnostics) else { return .unusable }
        switch token.key {
        case .secret(let secret): return .secret(secret)
        case .publicKey(let written):
            guard set.keys.count == 1 else { return .several(set) }
            let start = bytes.count
            bytes += set.keys[0].compactForm ?? Array(written.utf8)
            return .one(start..<bytes.count)
        case .remote: return .unusable
        }
    }
}

extension TokenCredential {
    var publicKeyOptions: KeyImportOptions {
        KeyImportOptions(allowWeak: allowsWeakKeys, admitsSecrets: false)
    }

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
        case .publicKey(let text): imported = KeyImport(text, options: publicKeyOptions)
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
