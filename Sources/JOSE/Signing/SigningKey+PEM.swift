internal import Bytes
internal import Crypto
internal import CryptoExtras

extension SigningKey {
    /// Reads a private key in PEM: PKCS #8 (RFC 5958), PKCS #1 or SEC 1, not encrypted.
    ///
    /// Without an algorithm the key's first one is taken: RS256 for RSA, EdDSA for Ed25519.
    package convenience init(
        pem: [UInt8], algorithm: SignatureAlgorithm? = nil, kid: String? = nil
    ) throws(SigningError) {
        guard let blocks = PEM.blocks(in: pem), let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") })
        else { throw .malformedKey }
        let signer: any SignatureMaker
        var admitted = AlgorithmSet(SignatureAlgorithm.allCases)
        switch block.label {
        case "PRIVATE KEY":
            signer = try PrivateKeyInfo.signer(der: block.bytes)
            if PrivateKeyInfo.isForPSS(block.bytes) { admitted = .rsaPSS }
        case "RSA PRIVATE KEY": signer = try PrivateKeyInfo.rsa(block.bytes)
        case "EC PRIVATE KEY": signer = try PrivateKeyInfo.sec1(block.bytes, curve: nil)
        default: throw .unsupportedKey
        }
        admitted.formIntersection(signer.material.natural)
        guard let first = admitted.algorithms.first else { throw .unsupportedKey }
        guard admitted.contains(algorithm ?? first) else { throw .algorithmMismatch }
        try self.init(signer, algorithm: algorithm ?? first, kid: kid)
    }
}

/// Reads private keys in their DER forms.
enum PrivateKeyInfo {
    /// OneAsymmetricKey of RFC 5958 §2; attributes and a public key behind the private one are skipped.
    static func signer(der: [UInt8]) throws(SigningError) -> any SignatureMaker {
        var reader = DERReader(der)
        guard var info = reader.enter(0x30), reader.isAtEnd, info.skip(), var algorithm = info.enter(0x30),
            let identifier = algorithm.content(0x06), let key = info.content(0x04)
        else { throw .malformedKey }
        switch identifier {
        case ObjectIdentifier.rsaEncryption, ObjectIdentifier.rsaPSS: return try rsa(key)
        case ObjectIdentifier.ecPublicKey: return try sec1(key, curve: algorithm.content(0x06))
        case ObjectIdentifier.ed25519:
            var inner = DERReader(key)
            guard let seed = inner.content(0x04), inner.isAtEnd else { throw .malformedKey }
            return try ed25519(seed)
        case ObjectIdentifier.mlDSA65: return try mlDSA(.mlDSA65, seed: try mlDSASeed(key))
        case ObjectIdentifier.mlDSA87: return try mlDSA(.mlDSA87, seed: try mlDSASeed(key))
        default: throw .unsupportedKey
        }
    }

    /// Whether the key says it is for RSASSA-PSS alone (RFC 4055 §1.2).
    static func isForPSS(_ der: [UInt8]) -> Bool {
        var reader = DERReader(der)
        guard var info = reader.enter(0x30), info.skip(), var algorithm = info.enter(0x30) else { return false }
        return algorithm.content(0x06) == ObjectIdentifier.rsaPSS
    }

    static func rsa(_ der: [UInt8]) throws(SigningError) -> any SignatureMaker {
        guard let bits = modulusBits(ofPKCS1: der) else { throw .malformedKey }
        guard bits <= maxRSABits else { throw .unsuitableSize }
        guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: der), let signer = RSASigner(key) else {
            throw .malformedKey
        }
        return signer
    }

    private static let maxRSABits = 8192

    /// The length of the modulus, to the byte; nil where these bytes are no RSAPrivateKey of two primes (RFC 8017
    /// A.1.2). What is not does not reach the library, which spends tens of kilobytes on saying no.
    private static func modulusBits(ofPKCS1 der: [UInt8]) -> Int? {
        var reader = DERReader(der)
        guard var fields = reader.enter(0x30), reader.isAtEnd, fields.content(0x02) == [0],
            let modulus = fields.content(0x02)
        else { return nil }
        // Both exponents, the primes, their exponents, the coefficient.
        for _ in 0..<7 where fields.content(0x02) == nil { return nil }
        return fields.isAtEnd ? modulus.drop { $0 == 0 }.count * 8 : nil
    }

    /// ECPrivateKey of RFC 5915 §3: only the scalar is used, the point is computed from it.
    static func sec1(_ der: [UInt8], curve: [UInt8]?) throws(SigningError) -> any SignatureMaker {
        var reader = DERReader(der)
        guard var fields = reader.enter(0x30), reader.isAtEnd, fields.skip(), let scalar = fields.content(0x04) else {
            throw .malformedKey
        }
        var parameters = fields.enter(0xA0)
        switch curve ?? parameters?.content(0x06) {
        case ObjectIdentifier.p256: return try ec(.p256, scalar)
        case ObjectIdentifier.p384: return try ec(.p384, scalar)
        case ObjectIdentifier.p521: return try ec(.p521, scalar)
        default: throw .unsupportedKey
        }
    }

    static func ec(_ curve: EllipticCurve, _ scalar: [UInt8]) throws(SigningError) -> any SignatureMaker {
        switch curve {
        case .p256:
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: scalar) { return P256Signer(key: key) }
        case .p384:
            if let key = try? P384.Signing.PrivateKey(rawRepresentation: scalar) { return P384Signer(key: key) }
        case .p521:
            if let key = try? P521.Signing.PrivateKey(rawRepresentation: scalar) { return P521Signer(key: key) }
        }
        throw .malformedKey
    }

    static func ed25519(_ seed: [UInt8]) throws(SigningError) -> any SignatureMaker {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { throw .malformedKey }
        return Ed25519Signer(key: key)
    }

    static func mlDSA(_ parameters: MLDSAParameters, seed: [UInt8]) throws(SigningError) -> any SignatureMaker {
        guard #available(macOS 26.0, *) else { throw .unsupportedKey }
        switch parameters {
        case .mlDSA65:
            if let key = try? MLDSA65.PrivateKey(seedRepresentation: seed, publicKey: nil) {
                return MLDSA65Signer(key: key)
            }
        case .mlDSA87:
            if let key = try? MLDSA87.PrivateKey(seedRepresentation: seed, publicKey: nil) {
                return MLDSA87Signer(key: key)
            }
        }
        throw .malformedKey
    }

    /// RFC 9881 §6: the seed, alone or before the expanded key. An expanded key alone is not taken.
    private static func mlDSASeed(_ key: [UInt8]) throws(SigningError) -> [UInt8] {
        var reader = DERReader(key)
        if let seed = reader.content(0x80) { return seed }
        guard var both = reader.enter(0x30), let seed = both.content(0x04) else { throw .unsupportedKey }
        return seed
    }
}
