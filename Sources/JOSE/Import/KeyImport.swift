internal import Bytes

/// What the operator or the source of the keys decides about their import.
package struct KeyImportOptions: Sendable {
    /// Keep keys below the floor: RSA of 1024 to 2047 bits, secrets shorter than their hash.
    package var allowWeak: Bool
    /// What shared secrets from here may serve; never anything for a URL or discovery.
    package var secretAlgorithms: AlgorithmSet

    package init(allowWeak: Bool, secretAlgorithms: AlgorithmSet) {
        self.allowWeak = allowWeak
        self.secretAlgorithms = secretAlgorithms.intersection(.symmetric)
    }

    /// - Parameter admitsSecrets: shared secrets may come from here, and serve whatever they are long enough for.
    package init(allowWeak: Bool, admitsSecrets: Bool) {
        self.init(allowWeak: allowWeak, secretAlgorithms: admitsSecrets ? .symmetric : [])
    }
}

/// Keys read from a document, and everything there is to say about it.
///
/// Tolerant and loud: what strict reading refuses is repaired where the repair has a name, each with a
/// finding; a key that cannot be used is left out and the others are kept. Never throws: a document of
/// which nothing can be used gives an empty set and an error finding.
package struct KeyImport: Sendable {
    package let keySet: KeySet
    package let findings: [KeyFinding]

    /// Reads a JWKS, a single JWK, a list of JWKs, PEM or DER (public keys and certificates), or an object of
    /// certificates or keys in PEM by their `kid`.
    package init(_ document: [UInt8], options: KeyImportOptions) {
        var importer = KeyImporter(options: options)
        importer.read(document)
        (keySet, findings) = importer.finish()
    }

    /// Reads a document given as text.
    package init(_ document: String, options: KeyImportOptions) {
        self.init(Array(document.utf8), options: options)
    }

    /// Takes the bytes of a shared secret, for a configuration field that says it holds one.
    package init(secret: [UInt8], algorithms: AlgorithmSet, options: KeyImportOptions) {
        var importer = KeyImporter(options: options)
        importer.read(secret: secret, algorithms: algorithms)
        (keySet, findings) = importer.finish()
    }
}

/// The state of one import.
struct KeyImporter {
    /// More keys than any issuer has.
    static let maxKeys = 1024
    /// Secrets are short, and the hashes prepared for each are not.
    static let maxSecrets = 32
    /// Findings about single keys: a document of nothing but faults could have one for every two bytes.
    private static let maxFindings = 128

    let options: KeyImportOptions
    var keys: [VerificationKey] = []
    private(set) var findings: [KeyFinding] = []

    init(options: KeyImportOptions) {
        self.options = options
    }

    mutating func report(
        _ severity: KeyFinding.Severity, _ code: KeyFinding.Code, key: KeyLabel? = nil, _ message: String
    ) {
        if key != nil, findings.count >= Self.maxFindings {
            return noteUnlistedFindings(severity)
        }
        findings.append(
            KeyFinding(severity: severity, code: code, keyIndex: key?.index, kid: key?.kid, message: message))
    }

    private mutating func noteUnlistedFindings(_ severity: KeyFinding.Severity) {
        if let known = findings.last(where: { $0.code == .tooManyFindings }), known.severity >= severity { return }
        findings.removeAll { $0.code == .tooManyFindings }
        findings.append(
            KeyFinding(
                severity: severity, code: .tooManyFindings, keyIndex: nil, kid: nil,
                message: "More was found in the keys that follow; only the first findings are listed."))
    }

    mutating func read(_ document: [UInt8]) {
        let blanks = ByteSet { $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        // A byte order mark is no part of the text.
        let text = document.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(document.dropFirst(3)) : document
        guard let first = text.first(where: { !blanks.contains($0) }) else {
            return report(.error, .emptyDocument, "The document is empty.")
        }
        switch first {
        case UInt8(ascii: "{"), UInt8(ascii: "["): readJSON(text)
        default:
            if Self.looksLikeDER(document) { return readDER(document) }
            // Other tools write text before the first block.
            guard Self.looksLikePEM(text) else {
                return report(.error, .notAKeySet, "The document is neither JSON nor PEM nor DER.")
            }
            readPEM(text)
        }
    }

    /// Keeps public keys where secrets stand beside them, and says what is left.
    consuming func finish() -> (KeySet, [KeyFinding]) {
        if keys.contains(where: { $0.type == .oct }), keys.contains(where: { $0.type != .oct }) {
            keys.removeAll { $0.type == .oct }
            report(
                .error, .secretBesidePublicKeys,
                "Shared secrets stand beside public keys; the secrets are not used. Give them a set of their own.")
        }
        if keys.isEmpty, !findings.contains(where: { $0.severity == .error }) {
            report(.error, .noUsableKey, "The document holds no key that verifies signatures.")
        }
        return (KeySet(keys: keys), findings)
    }
}

/// Names a key in findings.
struct KeyLabel: Sendable {
    var index: Int
    var kid: String?
}
