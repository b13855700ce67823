internal import Bytes
internal import Crypto

struct P256Signer: SignatureMaker {
    let key: P256.Signing.PrivateKey

    var material: KeyMaterial { .ec(.p256, point: [UInt8](key.publicKey.x963Representation)) }
    var privateMembers: [(name: String, value: String)] {
        [("d", KeyMaterial.text([UInt8](key.rawRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.digest(SHA256.self))).map { [UInt8]($0.rawRepresentation) }
    }
}

struct P384Signer: SignatureMaker {
    let key: P384.Signing.PrivateKey

    var material: KeyMaterial { .ec(.p384, point: [UInt8](key.publicKey.x963Representation)) }
    var privateMembers: [(name: String, value: String)] {
        [("d", KeyMaterial.text([UInt8](key.rawRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.digest(SHA384.self))).map { [UInt8]($0.rawRepresentation) }
    }
}

struct P521Signer: SignatureMaker {
    let key: P521.Signing.PrivateKey

    var material: KeyMaterial { .ec(.p521, point: [UInt8](key.publicKey.x963Representation)) }
    var privateMembers: [(name: String, value: String)] {
        [("d", KeyMaterial.text([UInt8](key.rawRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.digest(SHA512.self))).map { [UInt8]($0.rawRepresentation) }
    }
}

extension KeyMaterial {
    /// A point in its uncompressed form.
    fileprivate static func ec(_ curve: EllipticCurve, point: [UInt8]) -> KeyMaterial {
        let size = curve.coordinateByteCount
        return .ec(curve, x: Array(point[1...size]), y: Array(point[(size + 1)...]))
    }
}

struct Ed25519Signer: SignatureMaker {
    let key: Curve25519.Signing.PrivateKey

    var material: KeyMaterial { .ed25519([UInt8](key.publicKey.rawRepresentation)) }
    var privateMembers: [(name: String, value: String)] {
        [("d", KeyMaterial.text([UInt8](key.rawRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.copied)).map { [UInt8]($0) }
    }
}

/// The private member is the seed (RFC 9964 §4).
@available(macOS 26.0, *)
struct MLDSA65Signer: SignatureMaker {
    let key: MLDSA65.PrivateKey

    var material: KeyMaterial { .mlDSA(.mlDSA65, [UInt8](key.publicKey.rawRepresentation)) }
    var privateMembers: [(name: String, value: String)] {
        [("priv", KeyMaterial.text([UInt8](key.seedRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.copied)).map { [UInt8]($0) }
    }
}

@available(macOS 26.0, *)
struct MLDSA87Signer: SignatureMaker {
    let key: MLDSA87.PrivateKey

    var material: KeyMaterial { .mlDSA(.mlDSA87, [UInt8](key.publicKey.rawRepresentation)) }
    var privateMembers: [(name: String, value: String)] {
        [("priv", KeyMaterial.text([UInt8](key.seedRepresentation)))]
    }

    func signature(over message: Span<UInt8>, _ algorithm: SignatureAlgorithm) -> [UInt8]? {
        (try? key.signature(for: message.copied)).map { [UInt8]($0) }
    }
}
