import Bytes
import JOSE
import Testing

@Suite("Signing")
struct SigningTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func `verifies what it signed with every algorithm`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let token = try key.token(claims: Sample.claims)
        let verifier = Sample.verifier(for: key)
        let verified = try verifier.verify(token, now: Sample.now)
        #expect(verified.algorithm == algorithm)
        #expect(verified.claims.root["sub"]?.string == "alice")
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `refuses a signature with one bit changed`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm)
        let verifier = Sample.verifier(for: key)
        let header = #"{"alg":"\#(algorithm)"}"#
        var signed = try key.sign(header: header, payload: Sample.claims)
        let dot = try #require(signed.lastIndex(of: UInt8(ascii: ".")))
        let signature = try Base64URL.decode(signed.span.extracting(dot + 1..<signed.count))
        for position in [0, signature.count / 2, signature.count - 1] {
            var changed = signature
            changed[position] ^= 1
            signed.removeSubrange((dot + 1)...)
            signed += Base64URL.encode(changed.span)
            let token = signed
            #expect(throws: TokenError.signatureInvalid) {
                try verifier.verify(token, now: Sample.now)
            }
        }
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `reads back the private JWK it writes`(_ algorithm: SignatureAlgorithm) throws {
        let key = try SigningKey.generate(algorithm, kid: "one")
        let copy = try SigningKey(jwk: key.privateJWK)
        #expect(copy.algorithm == algorithm)
        #expect(copy.kid == "one")
        #expect(copy.privateJWK == key.privateJWK)
        let token = try copy.token(claims: Sample.claims)
        _ = try Sample.verifier(for: key).verify(token, now: Sample.now)
    }
}

/// What most tests begin with.
enum Sample {
    static let now: Int64 = 1_800_000_000
    static let claims = #"{"iss":"https://issuer.test","sub":"alice","aud":"api","exp":1800000600,"iat":1799999900}"#

    /// Rules that admit `claims`, with nothing else asked for.
    static var rules: IssuerRules {
        IssuerRules(
            issuers: ["https://issuer.test"], audiences: [], algorithms: nil, requiredClaims: [],
            clockSkewSeconds: 0, maxLifetimeSeconds: nil, type: .ordinary, subjects: [], requiredScopes: [],
            claims: [], maxTokenBytes: 16 << 10, refusesFutureIssuedAt: false, allowsUnprovenBinding: false)
    }

    static func keySet(of keys: SigningKey...) -> KeySet {
        let jwks = keys.map { $0.publicJWK ?? $0.privateJWK }.map { $0.asText }
        let text = #"{"keys":[\#(jwks.joined(separator: ","))]}"#
        return KeyImport(text, options: KeyImportOptions(allowWeak: false, admitsSecrets: true)).keySet
    }

    static func verifier(for key: SigningKey) -> TokenVerifier {
        var rules = rules
        rules.algorithms = AlgorithmSet([key.algorithm])
        return TokenVerifier(providers: [(rules, [keySet(of: key)])])
    }
}

extension TokenVerifier {
    /// Verifies a token held as an array.
    func verify(_ token: [UInt8], now: Int64) throws(TokenError) -> VerifiedToken {
        let span = token.span
        return try verify(span, now: now)
    }
}
