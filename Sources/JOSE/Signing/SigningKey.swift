internal import Bytes
internal import Crypto

/// What making or using a signing key dies of.
package enum SigningError: Error, Sendable, Equatable {
    /// The text is not a private key of a form that is read.
    case malformedKey
    /// A key of a kind that is not offered.
    case unsupportedKey
    /// The key cannot serve the algorithm asked for.
    case algorithmMismatch
    /// RSA below 2048 or above 8192 bits, or a secret shorter than its hash.
    case unsuitableSize
    /// The crypto library refused; not expected with a key it accepted.
    case signingFailed
}

/// A private key or shared secret together with the one algorithm it signs with.
///
/// For `tollgate jwt`, for tokens the gateway signs for backends, and for tests.
package final class SigningKey: Sendable {
    package let algorithm: SignatureAlgorithm
    /// Written to each token's header and to the JWKs.
    package let kid: String?
    let signer: any SignatureMaker

    /// Without a `kid`, a public-key signer is named by its thumbprint and a secret stays nameless.
    init(_ signer: any SignatureMaker, algorithm: SignatureAlgorithm, kid: String?) throws(SigningError) {
        guard signer.material.natural.contains(algorithm) else { throw .algorithmMismatch }
        self.signer = signer
        self.algorithm = algorithm
        self.kid = kid ?? (algorithm.isSymmetric ? nil : KeyMaterial.text(signer.material.thumbprint))
    }

    /// A fresh key. `rsaBits` counts for RSA only; a secret has the length of its hash.
    package static func generate(
        _ algorithm: SignatureAlgorithm, kid: String? = nil, rsaBits: Int = 2048
    ) throws(SigningError) -> SigningKey {
        try SigningKey(try Signers.generate(algorithm, rsaBits: rsaBits), algorithm: algorithm, kid: kid)
    }

    /// A key from a shared secret of at least the hash's length.
    package convenience init(
        secret: [UInt8], algorithm: SignatureAlgorithm, kid: String? = nil
    ) throws(SigningError) {
        guard algorithm.isSymmetric else { throw .algorithmMismatch }
        guard secret.count >= algorithm.hashByteCount else { throw .unsuitableSize }
        try self.init(SecretSigner(secret), algorithm: algorithm, kid: kid)
    }
}

extension SigningKey {
    /// The signature over these bytes, in the form JWS has it.
    package func signature(over message: Span<UInt8>) throws(SigningError) -> [UInt8] {
        guard let signature = signer.signature(over: message, algorithm) else { throw .signingFailed }
        return signature
    }

    /// A compact JWS of exactly this header and payload; neither is looked at, so that tests can
    /// write what no honest signer would.
    package func sign(header: Span<UInt8>, payload: Span<UInt8>) throws(SigningError) -> [UInt8] {
        var token = Base64URL.encode(header)
        token.append(UInt8(ascii: "."))
        token.append(contentsOf: Base64URL.encode(payload))
        let signature = try signature(over: token.span)
        token.append(UInt8(ascii: "."))
        token.append(contentsOf: Base64URL.encode(signature.span))
        return token
    }

    /// A compact JWS of exactly these JSON texts.
    package func sign(header: String, payload: String) throws(SigningError) -> [UInt8] {
        let header = Array(header.utf8)
        let payload = Array(payload.utf8)
        return try sign(header: header.span, payload: payload.span)
    }

    /// A token of these claims (JSON), with `alg`, `typ` unless nil, and `kid` if the key has one.
    package func token(claims: Span<UInt8>, type: String? = "JWT") throws(SigningError) -> [UInt8] {
        var members = [(name: "alg", value: "\(algorithm)")]
        if let type { members.append(("typ", type)) }
        if let kid { members.append(("kid", kid)) }
        var header: [UInt8] = []
        JWKWriter.write(members, to: &header)
        return try sign(header: header.span, payload: claims)
    }

    /// A token of these claims (JSON).
    package func token(claims: String, type: String? = "JWT") throws(SigningError) -> [UInt8] {
        let claims = Array(claims.utf8)
        return try token(claims: claims.span, type: type)
    }
}

extension SigningKey {
    /// The JWK with its private members (JSON).
    package var privateJWK: [UInt8] {
        var text: [UInt8] = []
        JWKWriter.write(jwk(privateMembers: true), to: &text)
        return text
    }

    /// The JWK to give away (JSON); nil for a shared secret, which has no such half.
    package var publicJWK: [UInt8]? {
        guard !algorithm.isSymmetric else { return nil }
        var text: [UInt8] = []
        JWKWriter.write(jwk(privateMembers: false), to: &text)
        return text
    }

    /// A JWKS of this key for verifiers; for a shared secret it holds the secret.
    package var verificationJWKS: [UInt8] {
        JWKWriter.writeSet([jwk(privateMembers: false)])
    }

    /// RFC 7638, as text; nil for a shared secret.
    package var thumbprintText: String? {
        algorithm.isSymmetric ? nil : KeyMaterial.text(signer.material.thumbprint)
    }

    private func jwk(privateMembers: Bool) -> [(name: String, value: String)] {
        var members = signer.material.members
        if privateMembers { members += signer.privateMembers }
        if signer.material.type != .akp { members.append(("alg", "\(algorithm)")) }
        if let kid { members.append(("kid", kid)) }
        members.append(("use", "sig"))
        return members
    }
}
