internal import Bytes
internal import Crypto

/// A crypto library's key object, made once and asked for every token.
protocol SignatureChecker: Sendable {
    /// The algorithm was already checked to be one the key serves.
    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool
}

extension KeyMaterial {
    /// The key object, or nil if the numbers are no key.
    ///
    /// - Parameter algorithms: those it is asked for.
    func makeChecker(for algorithms: AlgorithmSet) -> (any SignatureChecker)? {
        switch self {
        case .rsa(let modulus, let exponent):
            return RSAChecker(modulus: modulus, exponent: exponent)
        case .ec(let curve, let x, let y):
            let point = [0x04] + x + y
            switch curve {
            case .p256: return P256Checker(point)
            case .p384: return P384Checker(point)
            case .p521: return P521Checker(point)
            }
        case .ed25519(let key):
            return Ed25519Checker(key)
        case .mlDSA(let parameters, let key):
            guard #available(macOS 26.0, *) else { return nil }
            switch parameters {
            case .mlDSA65: return MLDSA65Checker(key)
            case .mlDSA87: return MLDSA87Checker(key)
            }
        case .secret(let bytes):
            return HMACChecker(bytes, for: algorithms)
        }
    }
}

extension Span where Element == UInt8 {
    /// The digest of the bytes.
    @inline(__always)
    func digest<Hash: HashFunction>(_: Hash.Type) -> Hash.Digest {
        var hash = Hash()
        unsafe withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return hash.finalize()
    }

    /// The bytes as the collection type that the crypto library takes without copying.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        unsafe withUnsafeBufferPointer { unsafe body($0) }
    }
}
