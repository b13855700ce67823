internal import Bytes
internal import Crypto
internal import CryptoExtras

extension SigningKey {
    /// Reads a private JWK (RFC 7518 §6, RFC 8037, RFC 9964), strictly.
    ///
    /// The algorithm is the one asked for, or the JWK's `alg`, or the key's first. Where both are given
    /// they must be one. RSA keys need their primes.
    package convenience init(
        jwk text: [UInt8], algorithm: SignatureAlgorithm? = nil, kid: String? = nil
    ) throws(SigningError) {
        guard let document = try? JSONDocument(parsing: text, limits: .document), document.root.isObject else {
            throw .malformedKey
        }
        let jwk = document.root
        let signer = try Self.signer(jwk)
        var declared: SignatureAlgorithm?
        if let name = jwk["alg"] {
            guard let known = SignatureAlgorithm(name: name.string ?? "") else { throw .unsupportedKey }
            guard algorithm == nil || algorithm == known else { throw .algorithmMismatch }
            declared = known
        }
        guard let chosen = algorithm ?? declared ?? signer.material.natural.algorithms.first else {
            throw .unsupportedKey
        }
        if chosen.isSymmetric, signer.material.bits < chosen.hashByteCount * 8 { throw .unsuitableSize }
        try self.init(signer, algorithm: chosen, kid: kid ?? jwk["kid"]?.string)
    }

    private static func signer(_ jwk: JSONValue) throws(SigningError) -> any SignatureMaker {
        switch jwk["kty"]?.string {
        case "oct": return SecretSigner(try bytes("k", of: jwk))
        case "EC":
            guard let curve = EllipticCurve(rawValue: jwk["crv"]?.string ?? "") else { throw .unsupportedKey }
            return try PrivateKeyInfo.ec(curve, try bytes("d", of: jwk))
        case "OKP":
            guard jwk["crv"]?.equals("Ed25519") == true else { throw .unsupportedKey }
            return try PrivateKeyInfo.ed25519(try bytes("d", of: jwk))
        case "AKP":
            let name = jwk["alg"]?.string
            guard let parameters = MLDSAParameters.allCases.first(where: { "\($0.algorithm)" == name }) else {
                throw .unsupportedKey
            }
            return try PrivateKeyInfo.mlDSA(parameters, seed: try bytes("priv", of: jwk))
        case "RSA": return try rsa(jwk)
        default: throw .unsupportedKey
        }
    }

    private static func rsa(_ jwk: JSONValue) throws(SigningError) -> any SignatureMaker {
        let n = try bytes("n", of: jwk)
        let e = try bytes("e", of: jwk)
        let d = try bytes("d", of: jwk)
        let p = try bytes("p", of: jwk)
        let q = try bytes("q", of: jwk)
        guard n.count * 8 >= 2048, n.count * 8 <= 8192 else { throw .unsuitableSize }
        guard let key = try? _RSA.Signing.PrivateKey(n: n, e: e, d: d, p: p, q: q), let signer = RSASigner(key) else {
            throw .malformedKey
        }
        return signer
    }

    private static func bytes(_ name: StaticString, of jwk: JSONValue) throws(SigningError) -> [UInt8] {
        guard let text = jwk[name]?.decodedBytes, let bytes = try? Base64URL.decode(text.span), !bytes.isEmpty else {
            throw .malformedKey
        }
        return bytes
    }
}
