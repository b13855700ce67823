internal import Bytes
internal import Crypto
internal import CryptoExtras

/// A crypto library's private key.
protocol SignatureMaker: Sendable {
    /// The half that verifies.
    var material: KeyMaterial { get }
    /// The members of the JWK beyond those of `material`.
    var privateMembers: [(name: String, value: String)] { get }
    /// The signature in the form JWS has it, or nil if the library refuses.
    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]?
}

/// Makes private keys.
enum Signers {
    static func generate(
        _ algorithm: SignatureAlgorithm, rsaBits: Int
    ) throws(SigningError) -> any SignatureMaker {
        switch algorithm {
        case .hs256, .hs384, .hs512: return SecretSigner(random: algorithm.hashByteCount)
        case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512:
            guard (2048...8192).contains(rsaBits), rsaBits % 8 == 0 else { throw .unsuitableSize }
            guard let key = try? _RSA.Signing.PrivateKey(keySize: .init(bitCount: rsaBits)),
                let signer = RSASigner(key)
            else { throw .signingFailed }
            return signer
        case .es256: return P256Signer(key: P256.Signing.PrivateKey(compactRepresentable: false))
        case .es384: return P384Signer(key: P384.Signing.PrivateKey(compactRepresentable: false))
        case .es512: return P521Signer(key: P521.Signing.PrivateKey(compactRepresentable: false))
        case .edDSA, .ed25519: return Ed25519Signer(key: Curve25519.Signing.PrivateKey())
        case .mlDSA65, .mlDSA87: return try generateMLDSA(algorithm)
        }
    }

    private static func generateMLDSA(_ algorithm: SignatureAlgorithm) throws(SigningError) -> any SignatureMaker {
        guard #available(macOS 26.0, *) else { throw .unsupportedKey }
        if algorithm == .mlDSA65, let key = try? MLDSA65.PrivateKey() { return MLDSA65Signer(key: key) }
        if algorithm == .mlDSA87, let key = try? MLDSA87.PrivateKey() { return MLDSA87Signer(key: key) }
        throw .signingFailed
    }
}

/// HMAC with a shared secret.
struct SecretSigner: SignatureMaker {
    private let secret: [UInt8]

    init(_ secret: [UInt8]) {
        self.secret = secret
    }

    init(random count: Int) {
        var generator = SystemRandomNumberGenerator()
        secret = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    var material: KeyMaterial { .secret(secret) }
    var privateMembers: [(name: String, value: String)] { [] }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        switch algorithm {
        case .hs256: code(message, SHA256.self)
        case .hs384: code(message, SHA384.self)
        case .hs512: code(message, SHA512.self)
        default: nil
        }
    }

    private func code<Hash: HashFunction>(_ message: Span<UInt8>, _: Hash.Type) -> [UInt8] {
        Array(HMAC<Hash>.authenticationCode(for: message.copied, using: SymmetricKey(data: secret)))
    }
}

/// RSASSA-PKCS1-v1_5 and RSASSA-PSS.
struct RSASigner: SignatureMaker {
    private let key: _RSA.Signing.PrivateKey
    let material: KeyMaterial
    let privateMembers: [(name: String, value: String)]

    /// Reads the numbers out of the key's PKCS #1 form (RFC 8017 appendix A.1.2).
    init?(_ key: _RSA.Signing.PrivateKey) {
        self.key = key
        var reader = DERReader([UInt8](key.derRepresentation))
        guard var numbers = reader.enter(0x30), numbers.skip() else { return nil }
        var values: [[UInt8]] = []
        while let value = numbers.unsignedInteger() { values.append(value) }
        guard values.count == 8 else { return nil }
        material = .rsa(modulus: values[0], exponent: values[1])
        privateMembers = zip(["d", "p", "q", "dp", "dq", "qi"], values.dropFirst(2)).map {
            (name: $0, value: KeyMaterial.text($1))
        }
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        switch algorithm {
        case .rs256: sign(message.digest(SHA256.self), .insecurePKCS1v1_5)
        case .rs384: sign(message.digest(SHA384.self), .insecurePKCS1v1_5)
        case .rs512: sign(message.digest(SHA512.self), .insecurePKCS1v1_5)
        case .ps256: sign(message.digest(SHA256.self), .PSS)
        case .ps384: sign(message.digest(SHA384.self), .PSS)
        case .ps512: sign(message.digest(SHA512.self), .PSS)
        default: nil
        }
    }

    private func sign(_ digest: some Digest, _ padding: _RSA.Signing.Padding) -> [UInt8]? {
        (try? key.signature(for: digest, padding: padding)).map { [UInt8]($0.rawRepresentation) }
    }
}
