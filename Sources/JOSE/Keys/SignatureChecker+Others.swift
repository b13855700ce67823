internal import Bytes
internal import Crypto

/// Ed25519 of RFC 8032 under either of its names.
struct Ed25519Checker: SignatureChecker {
    private let key: Curve25519.Signing.PublicKey

    init?(_ bytes: [UInt8]) {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard signature.count == 64 else { return false }
        return unsafe signature.withBytes { signature in
            unsafe message.withBytes { message in
                unsafe key.isValidSignature(signature, for: message)
            }
        }
    }
}

/// ML-DSA of FIPS 204 with an empty context (RFC 9964 §4).
@available(macOS 26.0, *)
struct MLDSA65Checker: SignatureChecker {
    private let key: MLDSA65.PublicKey

    init?(_ bytes: [UInt8]) {
        guard let key = try? MLDSA65.PublicKey(rawRepresentation: bytes) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard signature.count == MLDSAParameters.mlDSA65.signatureByteCount else { return false }
        return unsafe signature.withBytes { signature in
            unsafe message.withBytes { message in
                unsafe key.isValidSignature(signature, for: message)
            }
        }
    }
}

/// See `MLDSA65Checker`.
@available(macOS 26.0, *)
struct MLDSA87Checker: SignatureChecker {
    private let key: MLDSA87.PublicKey

    init?(_ bytes: [UInt8]) {
        guard let key = try? MLDSA87.PublicKey(rawRepresentation: bytes) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard signature.count == MLDSAParameters.mlDSA87.signatureByteCount else { return false }
        return unsafe signature.withBytes { signature in
            unsafe message.withBytes { message in
                unsafe key.isValidSignature(signature, for: message)
            }
        }
    }
}

/// HMAC of RFC 7518 §3.2. The full code must be there: no truncation.
struct HMACChecker: SignatureChecker {
    // Copied for each token: the blocks of the key are hashed once. Nil where the key does not serve the algorithm:
    // each takes several hundred bytes.
    private let sha256: HMAC<SHA256>?
    private let sha384: HMAC<SHA384>?
    private let sha512: HMAC<SHA512>?

    init(_ secret: [UInt8], for algorithms: AlgorithmSet) {
        let key = SymmetricKey(data: secret)
        sha256 = algorithms.contains(.hs256) ? HMAC(key: key) : nil
        sha384 = algorithms.contains(.hs384) ? HMAC(key: key) : nil
        sha512 = algorithms.contains(.hs512) ? HMAC(key: key) : nil
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        switch algorithm {
        case .hs256: isValid(signature, over: message, sha256)
        case .hs384: isValid(signature, over: message, sha384)
        case .hs512: isValid(signature, over: message, sha512)
        default: false
        }
    }

    private func isValid<Hash: HashFunction>(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ keyed: HMAC<Hash>?
    ) -> Bool {
        guard var mac = keyed else { return false }
        unsafe message.withBytes { unsafe mac.update(data: $0) }
        let code = mac.finalize()
        return unsafe code.withUnsafeBytes { code in
            unsafe constantTimeEquals(signature, code.bindMemory(to: UInt8.self).span)
        }
    }
}
