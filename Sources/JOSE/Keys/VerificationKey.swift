internal import Bytes

/// One key that verifies: made once at import, with everything a signature check can reuse.
///
/// What it serves was fixed at import from `kty`, `crv`, `alg`, `use` and `key_ops`.
package final class VerificationKey: Sendable {
    /// The name its set gives it, as bytes; nil if it has none.
    package let kid: [UInt8]?
    package let type: KeyType
    /// `crv`, or nil.
    package let curve: String?
    package let bits: Int
    package let algorithms: AlgorithmSet
    /// RFC 7638, SHA-256, 32 bytes. Of a shared secret too: never show that one.
    package let thumbprint: [UInt8]
    /// Admitted by `allowWeak` only.
    package let isWeak: Bool

    let material: KeyMaterial
    private let checker: any SignatureChecker

    /// Nil if the material is no key: a point off the curve, a modulus of bad form.
    init?(_ material: KeyMaterial, kid: [UInt8]?, algorithms: AlgorithmSet, isWeak: Bool) {
        guard let checker = material.makeChecker(for: algorithms) else { return nil }
        self.kid = kid
        self.type = material.type
        self.curve = material.curve
        self.bits = material.bits
        self.algorithms = algorithms
        self.thumbprint = material.thumbprint
        self.isWeak = isWeak
        self.material = material
        self.checker = checker
    }

    /// The thumbprint as text; nil for a shared secret, whose thumbprint would help guessing it.
    package var thumbprintText: String? {
        type == .oct ? nil : KeyMaterial.text(thumbprint)
    }

    /// Whether the issuer names its key by its thumbprint: proof that the import read it right.
    package var isNamedByThumbprint: Bool {
        guard let kid, let text = thumbprintText else { return false }
        return kid == Array(text.utf8)
    }

    /// Whether this is the signature of `message`. The algorithm must be one of `algorithms`.
    package func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithms.contains(algorithm) else { return false }
        return checker.isValid(signature, over: message, algorithm)
    }

    /// DER that `KeyImport` reads this very key from, by the options that it was imported by: for whoever keeps very
    /// many keys unread. Nil where the key is named, or serves less than its kind can: that is said in its text alone.
    package var compactForm: [UInt8]? {
        guard kid == nil, algorithms == material.natural else { return nil }
        if case .rsa(let modulus, let exponent) = material {
            return DERWriter.rsaPublicKey(modulus: modulus, exponent: exponent)
        }
        return try? DERWriter.publicKeyInfo(material)
    }

    /// The members of the JWK to store and show: public ones, `kid`, and `alg` where it is one.
    var publicMembers: [(name: String, value: String)] {
        var members = material.members
        if let kid { members.append(("kid", kid.span.text)) }
        let served = algorithms.algorithms
        if type != .akp, served.count == 1 || algorithms == .ed25519 {
            members.append(("alg", "\(served[0])"))
        }
        members.append(("use", "sig"))
        return members
    }
}
