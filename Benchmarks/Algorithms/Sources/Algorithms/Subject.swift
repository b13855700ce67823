internal import Bytes
internal import JOSE
internal import JWTKit

/// One algorithm: a key, a token of it, and both verifiers with their key objects made.
struct Subject {
    let algorithm: SignatureAlgorithm
    let token: [UInt8]
    private let verifier: TokenVerifier
    private let key: VerificationKey
    private let signature: [UInt8]
    private let peer: JWTKeyCollection

    /// 1 KiB, where the signature leaves room for claims.
    static let tokenBytes = 1024

    init(_ algorithm: SignatureAlgorithm) async throws {
        self.algorithm = algorithm
        let signer = try SigningKey.generate(algorithm, kid: "2026-11")
        token = try Self.token(of: signer)
        let set = KeyImport(
            signer.verificationJWKS, options: KeyImportOptions(allowWeak: false, admitsSecrets: true)
        ).keySet
        guard let key = set.keys.first else { throw Claims.Refused() }
        self.key = key
        verifier = TokenVerifier(providers: [(Self.rules(algorithm), [set])])
        signature = try UnverifiedTokenSignature.bytes(of: token)
        peer = try await Self.peer(signer)
        let (ours, theirs) = (try verify(), try await verifyByPeer())
        precondition(ours == theirs && ours.groups.count == 6, "the two do not agree")
    }

    /// A token of 1 KiB, or the shortest where the signature alone is longer.
    private static func token(of signer: SigningKey) throws -> [UInt8] {
        var padding = 1
        var token = try signer.token(claims: Claims.payload(paddedBy: padding))
        while token.count < tokenBytes {
            padding += max(1, (tokenBytes - token.count) * 3 / 4)
            token = try signer.token(claims: Claims.payload(paddedBy: padding))
        }
        return token
    }

    private static func rules(_ algorithm: SignatureAlgorithm) -> IssuerRules {
        IssuerRules(
            issuers: [Claims.issuer], audiences: [Claims.audience], algorithms: AlgorithmSet([algorithm]),
            requiredClaims: ["exp"], clockSkewSeconds: 0, maxLifetimeSeconds: nil, type: .ordinary, subjects: [],
            requiredScopes: [], claims: [], maxTokenBytes: 16 << 10, refusesFutureIssuedAt: false,
            allowsUnprovenBinding: false)
    }

    private static func peer(_ signer: SigningKey) async throws -> JWTKeyCollection {
        let keys = JWTKeyCollection()
        let document = try JSONDocument(parsing: signer.verificationJWKS, limits: .document)
        let jwk = document.root["keys"]?.elements.first { _ in true }
        let kid = JWKIdentifier(string: signer.kid ?? "")
        func member(_ name: String) throws -> [UInt8] {
            let text = jwk?[name]?.decodedBytes ?? []
            return try Base64URL.decode(text.span)
        }
        switch signer.algorithm {
        case .hs256: await keys.add(hmac: HMACKey(from: try member("k")), digestAlgorithm: .sha256, kid: kid)
        case .hs384: await keys.add(hmac: HMACKey(from: try member("k")), digestAlgorithm: .sha384, kid: kid)
        case .hs512: await keys.add(hmac: HMACKey(from: try member("k")), digestAlgorithm: .sha512, kid: kid)
        case .mlDSA65:
            await keys.add(mldsa: try MLDSA65PublicKey(rawRepresentation: try member("pub")), kid: kid)
        case .mlDSA87:
            await keys.add(mldsa: try MLDSA87PublicKey(rawRepresentation: try member("pub")), kid: kid)
        default:
            try await keys.add(jwksJSON: String(decoding: signer.verificationJWKS, as: UTF8.self))
        }
        return keys
    }
}

extension Subject {
    /// Bytes in, typed claims out.
    func verify() throws -> Claims {
        try Claims(try verifier.verify(token.span, now: Claims.now))
    }

    func verifyByPeer() async throws -> Claims {
        try await peer.verify(token, as: Claims.self)
    }

    /// The signature alone.
    func checkSignature() -> Bool {
        let end = (token.lastIndex(of: UInt8(ascii: ".")) ?? 0)
        return key.isValid(signature.span, over: token.span.extracting(0..<end), algorithm)
    }
}

private enum UnverifiedTokenSignature {
    static func bytes(of token: [UInt8]) throws -> [UInt8] {
        let jws = try CompactJWS(parsing: token.span, maxBytes: token.count)
        return try Base64URL.decode(token.span.extracting(jws.signature))
    }
}
