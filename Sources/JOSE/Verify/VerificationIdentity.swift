internal import Crypto

/// SHA-256 over all by which a provider takes a token: its rules and its keys, and its place among the providers of its
/// verifier. A cached token stays good exactly as long as the identity of the provider that took it does.
package struct VerificationIdentity: Sendable, Hashable {
    package let words: (UInt64, UInt64, UInt64, UInt64)

    init(ofProvider index: Int, _ rules: IssuerRules, _ keySets: [KeySet]) {
        var writer = FieldWriter()
        writer.write(UInt64(index))
        rules.write(to: &writer)
        writer.write(UInt64(keySets.count))
        for keySet in keySets { keySet.write(to: &writer) }
        self.init(digestOf: writer.bytes)
    }

    /// A name for tokens that several verifiers share a cache under. No verifier's own: those digest no text first.
    package init(shared name: String) {
        self.init(digestOf: Array("shared\0\(name)".utf8))
    }

    init(digestOf bytes: [UInt8]) {
        var words: [UInt64] = [0, 0, 0, 0]
        for (index, byte) in SHA256.hash(data: bytes).enumerated() {
            words[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8)
        }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// Nobody's: what takes no token has it.
    static let none = VerificationIdentity(words: (0, 0, 0, 0))

    init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    package static func == (a: Self, b: Self) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
