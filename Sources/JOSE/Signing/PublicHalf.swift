internal import Bytes

/// The public half of private keys that stand where public ones belong.
package enum PublicHalf {
    /// Whether a text holds a private key in PEM, whole or damaged.
    package static func isNeeded(_ text: String) -> Bool { text.contains("PRIVATE KEY-----") }

    /// What stood beside public keys.
    package struct Found: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let privateKey = Found(rawValue: 1)
        /// A JWK of type `oct`, which has no public half.
        package static let sharedSecret = Found(rawValue: 2)
    }

    /// The public half of the first private key in a PEM text, as a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) in PEM.
    /// RSA keys of any length are read; whether they are long enough is asked where they are used.
    package static func pem(ofPrivate text: String) throws(SigningError) -> String {
        let bytes = Array(text.utf8)
        guard let block = privateKey(in: bytes) ?? privateKey(in: PEM.withLineBreaksRestored(bytes)) else {
            throw .malformedKey
        }
        let info: [UInt8]
        switch block.label {
        case "RSA PRIVATE KEY": info = try DERWriter.publicKeyInfo(rsa(block.bytes))
        case "EC PRIVATE KEY":
            info = try DERWriter.publicKeyInfo(PrivateKeyInfo.sec1(block.bytes, curve: nil).material)
        case "PRIVATE KEY": info = try DERWriter.publicKeyInfo(pkcs8(block.bytes))
        default: throw .unsupportedKey
        }
        return PEMText.block("PUBLIC KEY", info)
    }

    private static func privateKey(in text: [UInt8]) -> PEMBlock? {
        PEM.blocks(in: text)?.first { $0.label.hasSuffix("PRIVATE KEY") }
    }

    /// RFC 5958 §2.
    private static func pkcs8(_ der: [UInt8]) throws(SigningError) -> KeyMaterial {
        var reader = DERReader(der)
        guard var info = reader.enter(0x30), info.skip(), var algorithm = info.enter(0x30),
            let identifier = algorithm.content(0x06), let key = info.content(0x04)
        else { throw .malformedKey }
        let isRSA = identifier == ObjectIdentifier.rsaEncryption || identifier == ObjectIdentifier.rsaPSS
        return try isRSA ? rsa(key) : PrivateKeyInfo.signer(der: der).material
    }

    /// An RSAPrivateKey (RFC 8017 A.1.2), of which only modulus and public exponent are looked at.
    private static func rsa(_ der: [UInt8]) throws(SigningError) -> KeyMaterial {
        var reader = DERReader(der)
        guard var fields = reader.enter(0x30), reader.isAtEnd, fields.skip(), let modulus = fields.unsignedInteger(),
            let exponent = fields.unsignedInteger()
        else { throw .malformedKey }
        return .rsa(modulus: modulus, exponent: exponent)
    }
}

extension DERWriter {
    /// A SubjectPublicKeyInfo (RFC 5280 §4.1.2.7; RFC 5480 §2, RFC 8410 §4, RFC 9881 §4).
    static func publicKeyInfo(_ material: KeyMaterial) throws(SigningError) -> [UInt8] {
        switch material {
        case .rsa(let modulus, let exponent): return rsaPublicKeyInfo(modulus: modulus, exponent: exponent)
        case .ec(let curve, let x, let y):
            let parameters = element(0x06, curve.objectIdentifier)
            return publicKeyInfo(ObjectIdentifier.ecPublicKey, parameters, [0x04] + x + y)
        case .ed25519(let key): return publicKeyInfo(ObjectIdentifier.ed25519, [], key)
        case .mlDSA(.mlDSA65, let key): return publicKeyInfo(ObjectIdentifier.mlDSA65, [], key)
        case .mlDSA(.mlDSA87, let key): return publicKeyInfo(ObjectIdentifier.mlDSA87, [], key)
        case .secret: throw .unsupportedKey
        }
    }

    private static func publicKeyInfo(_ identifier: [UInt8], _ parameters: [UInt8], _ key: [UInt8]) -> [UInt8] {
        sequence(sequence(element(0x06, identifier) + parameters) + element(0x03, [0] + key))
    }
}

extension EllipticCurve {
    fileprivate var objectIdentifier: [UInt8] {
        switch self {
        case .p256: ObjectIdentifier.p256
        case .p384: ObjectIdentifier.p384
        case .p521: ObjectIdentifier.p521
        }
    }
}
