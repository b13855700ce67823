internal import Bytes
internal import Crypto
internal import CryptoExtras

/// RSASSA-PKCS1-v1_5 and RSASSA-PSS of RFC 7518 §3.3 and §3.5: PSS with MGF1 of the same hash and a
/// salt as long as the hash.
struct RSAChecker: SignatureChecker {
    private let key: _RSA.Signing.PublicKey
    private let signatureByteCount: Int

    /// Takes keys of 1024 bits and more; whether a weak one may be used was decided before.
    init?(modulus: [UInt8], exponent: [UInt8]) {
        let encoded = DERWriter.rsaPublicKeyInfo(modulus: modulus, exponent: exponent)
        guard let key = try? _RSA.Signing.PublicKey(unsafeDERRepresentation: encoded) else { return nil }
        self.key = key
        signatureByteCount = modulus.count
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard signature.count == signatureByteCount else { return false }
        let signature = unsafe signature.withBytes {
            unsafe _RSA.Signing.RSASignature(rawRepresentation: $0)
        }
        return switch algorithm {
        case .rs256: isValid(signature, message.digest(SHA256.self), .insecurePKCS1v1_5)
        case .rs384: isValid(signature, message.digest(SHA384.self), .insecurePKCS1v1_5)
        case .rs512: isValid(signature, message.digest(SHA512.self), .insecurePKCS1v1_5)
        case .ps256: isValid(signature, message.digest(SHA256.self), .PSS)
        case .ps384: isValid(signature, message.digest(SHA384.self), .PSS)
        case .ps512: isValid(signature, message.digest(SHA512.self), .PSS)
        default: false
        }
    }

    private func isValid(
        _ signature: _RSA.Signing.RSASignature, _ digest: some Digest, _ padding: _RSA.Signing.Padding
    ) -> Bool {
        key.isValidSignature(signature, for: digest, padding: padding)
    }
}
