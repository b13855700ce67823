internal import Bytes

/// The numbers of a key that verifies, whatever text they came from (JWK, PEM, certificate).
enum KeyMaterial: Sendable {
    /// Big-endian, no leading zero.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// Coordinates of full length.
    case ec(EllipticCurve, x: [UInt8], y: [UInt8])
    case ed25519([UInt8])
    case mlDSA(MLDSAParameters, [UInt8])
    case secret([UInt8])
}

/// The curves of RFC 7518 §6.2.1.1.
enum EllipticCurve: String, Sendable, CaseIterable {
    case p256 = "P-256"
    case p384 = "P-384"
    case p521 = "P-521"

    var coordinateByteCount: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }

    var bits: Int {
        switch self {
        case .p256: 256
        case .p384: 384
        case .p521: 521
        }
    }

    var algorithm: SignatureAlgorithm {
        switch self {
        case .p256: .es256
        case .p384: .es384
        case .p521: .es512
        }
    }
}

/// The parameter sets of FIPS 204 that are offered.
enum MLDSAParameters: Sendable, CaseIterable {
    case mlDSA65, mlDSA87

    var algorithm: SignatureAlgorithm {
        switch self {
        case .mlDSA65: .mlDSA65
        case .mlDSA87: .mlDSA87
        }
    }

    var publicKeyByteCount: Int {
        switch self {
        case .mlDSA65: 1952
        case .mlDSA87: 2592
        }
    }

    var signatureByteCount: Int {
        switch self {
        case .mlDSA65: 3309
        case .mlDSA87: 4627
        }
    }
}

/// `kty` of a key that is offered.
package enum KeyType: String, Sendable {
    case rsa = "RSA"
    case ec = "EC"
    case okp = "OKP"
    /// RFC 9964.
    case akp = "AKP"
    case oct = "oct"
}

extension KeyMaterial {
    var type: KeyType {
        switch self {
        case .rsa: .rsa
        case .ec: .ec
        case .ed25519: .okp
        case .mlDSA: .akp
        case .secret: .oct
        }
    }

    /// Size of the modulus, the field or the secret; for ML-DSA that of the public key.
    var bits: Int {
        switch self {
        case .rsa(let modulus, _):
            modulus.isEmpty ? 0 : modulus.count * 8 - modulus[0].leadingZeroBitCount
        case .ec(let curve, _, _): curve.bits
        case .ed25519: 256
        case .mlDSA(_, let key): key.count * 8
        case .secret(let bytes): bytes.count * 8
        }
    }

    /// `crv`, where there is one.
    var curve: String? {
        switch self {
        case .ec(let curve, _, _): curve.rawValue
        case .ed25519: "Ed25519"
        default: nil
        }
    }

    /// All that a key of this kind can serve when nothing else narrows it.
    var natural: AlgorithmSet {
        switch self {
        case .rsa: AlgorithmSet.rsaPKCS1.union(.rsaPSS)
        case .ec(let curve, _, _): AlgorithmSet([curve.algorithm])
        case .ed25519: .ed25519
        case .mlDSA(let parameters, _): AlgorithmSet([parameters.algorithm])
        case .secret: .symmetric
        }
    }

    /// The members of the JWK that make the key, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2,
    /// RFC 9964 §4).
    var members: [(name: String, value: String)] {
        switch self {
        case .rsa(let modulus, let exponent):
            [("e", Self.text(exponent)), ("kty", "RSA"), ("n", Self.text(modulus))]
        case .ec(let curve, let x, let y):
            [("crv", curve.rawValue), ("kty", "EC"), ("x", Self.text(x)), ("y", Self.text(y))]
        case .ed25519(let x):
            [("crv", "Ed25519"), ("kty", "OKP"), ("x", Self.text(x))]
        case .mlDSA(let parameters, let key):
            [("alg", "\(parameters.algorithm)"), ("kty", "AKP"), ("pub", Self.text(key))]
        case .secret(let bytes):
            [("k", Self.text(bytes)), ("kty", "oct")]
        }
    }

    static func text(_ bytes: [UInt8]) -> String {
        Base64URL.encode(bytes.span).span.text
    }
}
