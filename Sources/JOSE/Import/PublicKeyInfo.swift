/// A public key and what it may be used for; read from the forms of it that are DER.
struct PublicKeyInfo {
    var material: KeyMaterial
    /// What the algorithm identifier leaves of the key's algorithms.
    var algorithms: AlgorithmSet

    enum Failure: Error {
        case malformed
        /// A key that is not offered, by the object identifier of its algorithm or curve; empty where it has none.
        case unsupported([UInt8])
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7), the form of public keys in PEM and in certificates, whole.
    init(der: [UInt8]) throws(Failure) {
        var reader = DERReader(der)
        guard var info = reader.enter(0x30), reader.isAtEnd, var algorithm = info.enter(0x30),
            let identifier = algorithm.content(0x06), let bits = info.content(0x03), info.isAtEnd,
            bits.first == 0
        else { throw .malformed }
        let key = Array(bits.dropFirst())
        switch identifier {
        case ObjectIdentifier.rsaEncryption, ObjectIdentifier.rsaPSS:
            try self.init(rsa: key)
            if identifier == ObjectIdentifier.rsaPSS { algorithms = .rsaPSS }
        case ObjectIdentifier.ecPublicKey:
            guard let curve = algorithm.content(0x06) else { throw .unsupported([]) }
            try self.init(point: key, curve: curve)
        case ObjectIdentifier.ed25519:
            guard key.count == 32 else { throw .malformed }
            self.init(.ed25519(key))
        case ObjectIdentifier.mlDSA65:
            guard key.count == MLDSAParameters.mlDSA65.publicKeyByteCount else { throw .malformed }
            self.init(.mlDSA(.mlDSA65, key))
        case ObjectIdentifier.mlDSA87:
            guard key.count == MLDSAParameters.mlDSA87.publicKeyByteCount else { throw .malformed }
            self.init(.mlDSA(.mlDSA87, key))
        default: throw .unsupported(identifier)
        }
    }

    /// Reads the RSAPublicKey of PKCS #1 (RFC 8017 appendix A.1.1).
    init(rsa der: [UInt8]) throws(Failure) {
        var reader = DERReader(der)
        guard var numbers = reader.enter(0x30), reader.isAtEnd,
            let modulus = numbers.unsignedInteger(), let exponent = numbers.unsignedInteger(), numbers.isAtEnd
        else { throw .malformed }
        self.init(.rsa(modulus: modulus, exponent: exponent))
    }

    /// Finds the subject's key in an X.509 certificate (RFC 5280 §4.1). The certificate's signature
    /// and dates are not looked at: the operator vouches for it.
    init(certificate der: [UInt8]) throws(Failure) {
        var reader = DERReader(der)
        guard var certificate = reader.enter(0x30), reader.isAtEnd, var body = certificate.enter(0x30) else {
            throw .malformed
        }
        if body.nextTag == 0xA0, !body.skip() { throw .malformed }
        // Serial number, signature algorithm, issuer, validity, subject.
        for _ in 0..<5 where !body.skip() { throw .malformed }
        guard let info = body.whole(0x30) else { throw .malformed }
        try self.init(der: info)
    }

    /// A key that may be used for all that its kind can do.
    init(_ material: KeyMaterial) {
        self.material = material
        algorithms = material.natural
    }

    private init(point: [UInt8], curve: [UInt8]) throws(Failure) {
        let known: EllipticCurve
        switch curve {
        case ObjectIdentifier.p256: known = .p256
        case ObjectIdentifier.p384: known = .p384
        case ObjectIdentifier.p521: known = .p521
        default: throw .unsupported(curve)
        }
        let size = known.coordinateByteCount
        guard point.count == 1 + 2 * size, point[0] == 0x04 else { throw .malformed }
        self.init(.ec(known, x: Array(point[1...size]), y: Array(point[(size + 1)...])))
    }
}
