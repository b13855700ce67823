import Bytes
import JOSE
import Testing

@Suite("Choice of keys")
struct KeyChoiceTests {
    private func keySet(_ jwks: [[UInt8]]) -> KeySet {
        let text = #"{"keys":[\#(jwks.map { $0.asText }.joined(separator: ","))]}"#
        return KeyImport(text, options: KeyImportOptions(allowWeak: false, admitsSecrets: true)).keySet
    }

    private func withoutKid(_ key: SigningKey) throws -> [UInt8] {
        let jwk = try #require(key.publicJWK).asText
        return Array(jwk.replacing(#","kid":"\#(key.kid ?? "")""#, with: "").utf8)
    }

    private func token(_ key: SigningKey, kid: String?, issuer: String = "https://issuer.test") throws -> [UInt8] {
        let name = if let kid { #","kid":"\#(kid)""# } else { "" }
        return try key.sign(header: #"{"alg":"\#(key.algorithm)"\#(name)}"#, payload: #"{"iss":"\#(issuer)"}"#)
    }

    @Test
    func `finds the key by kid among many`() throws {
        let keys = try (0..<100).map { try SigningKey.generate(.ed25519, kid: "key-\($0)") }
        let verifier = TokenVerifier(providers: [(Sample.rules, [keySet(keys.compactMap(\.publicJWK))])])
        for (index, key) in keys.enumerated() {
            let verified = try verifier.verify(token(key, kid: key.kid), now: 0)
            #expect(verified.key?.kid == Array("key-\(index)".utf8))
        }
        for kid in ["key-100", "", "KEY-1", "key-1 ", "key-1\\u0000"] {
            #expect(throws: TokenError.keyUnknown) { try verifier.verify(token(keys[1], kid: kid), now: 0) }
        }
        #expect(throws: TokenError.signatureInvalid) { try verifier.verify(token(keys[1], kid: "key-2"), now: 0) }
        _ = try verifier.verify(token(keys[1], kid: "key\\u002d1"), now: 0)
    }

    @Test
    func `tries compatible keys in order for a token without kid, up to a cap`() throws {
        let keys = try (0..<9).map { try SigningKey.generate(.es256, kid: "key-\($0)") }
        let others = try [SigningAlgorithmPair(.ed25519), SigningAlgorithmPair(.es384)].map(\.key)
        let set = keySet((others + keys).compactMap(\.publicJWK))
        let verifier = TokenVerifier(providers: [(Sample.rules, [set])])
        // The keys of other algorithms do not count.
        _ = try verifier.verify(token(keys[7], kid: nil), now: 0)
        #expect(throws: TokenError.signatureInvalid) { try verifier.verify(token(keys[8], kid: nil), now: 0) }
        _ = try verifier.verify(token(keys[8], kid: "key-8"), now: 0)
    }

    private struct SigningAlgorithmPair {
        let key: SigningKey
        init(_ algorithm: SignatureAlgorithm) throws { key = try SigningKey.generate(algorithm) }
    }

    @Test
    func `takes a key without kid for a token of any kid`() throws {
        let named = try SigningKey.generate(.es256, kid: "named")
        let nameless = try SigningKey.generate(.es256)
        let set = keySet([try #require(named.publicJWK), try withoutKid(nameless)])
        let verifier = TokenVerifier(providers: [(Sample.rules, [set])])
        _ = try verifier.verify(token(nameless, kid: "whatever"), now: 0)
        _ = try verifier.verify(token(nameless, kid: nil), now: 0)
        // A kid that names a key means that key.
        #expect(throws: TokenError.signatureInvalid) { try verifier.verify(token(nameless, kid: "named"), now: 0) }
        // Perhaps a key that was not fetched yet.
        let stranger = try SigningKey.generate(.es256)
        #expect(throws: TokenError.keyUnknown) { try verifier.verify(token(stranger, kid: "new"), now: 0) }
    }

    @Test
    func `tells apart a kid of another type`() throws {
        let rsa = try SigningKey.generate(.rs256, kid: "same")
        let ec = try SigningKey.generate(.es256, kid: "same")
        let verifier = TokenVerifier(providers: [
            (Sample.rules, [keySet([try #require(rsa.publicJWK), try #require(ec.publicJWK)])])
        ])
        _ = try verifier.verify(token(rsa, kid: "same"), now: 0)
        _ = try verifier.verify(token(ec, kid: "same"), now: 0)
        let edwards = try SigningKey.generate(.ed25519, kid: "same")
        #expect(throws: TokenError.noSuitableKey) { try verifier.verify(token(edwards, kid: "same"), now: 0) }
        #expect(throws: TokenError.noSuitableKey) { try verifier.verify(token(edwards, kid: nil), now: 0) }
    }

    @Test
    func `never takes one issuer's key for another issuer's token`() throws {
        let red = try SigningKey.generate(.es256, kid: "shared")
        let blue = try SigningKey.generate(.es256, kid: "shared")
        var redRules = Sample.rules
        redRules.issuers = ["red", "crimson"]
        var blueRules = Sample.rules
        blueRules.issuers = ["blue"]
        let verifier = TokenVerifier(providers: [
            (redRules, [Sample.keySet(of: red)]), (blueRules, [KeySet.empty, Sample.keySet(of: blue)]),
        ])
        #expect(try verifier.verify(token(red, kid: "shared", issuer: "red"), now: 0).provider == 0)
        #expect(try verifier.verify(token(red, kid: "shared", issuer: "crimson"), now: 0).provider == 0)
        #expect(try verifier.verify(token(blue, kid: "shared", issuer: "blue"), now: 0).provider == 1)
        #expect(throws: TokenError.signatureInvalid) {
            try verifier.verify(token(red, kid: "shared", issuer: "blue"), now: 0)
        }
        for issuer in ["re", "redd", "Red", "red/", ""] {
            #expect(throws: TokenError.issuerUnknown) {
                try verifier.verify(token(red, kid: "shared", issuer: issuer), now: 0)
            }
        }
        let anonymous = try red.token(claims: "{}")
        #expect(throws: TokenError.issuerMissing) { try verifier.verify(anonymous, now: 0) }
    }

    @Test
    func `asks every provider of an issuer and reports the furthest failure`() throws {
        let first = try SigningKey.generate(.es256)
        let second = try SigningKey.generate(.es256)
        var forOne = Sample.rules
        forOne.audiences = ["one"]
        var forTwo = Sample.rules
        forTwo.audiences = ["two"]
        let verifier = TokenVerifier(providers: [
            (forOne, [Sample.keySet(of: first)]), (forTwo, [Sample.keySet(of: second)]),
            (forTwo, [Sample.keySet(of: first)]),
        ])
        let token = try first.token(claims: #"{"iss":"https://issuer.test","aud":"two"}"#)
        #expect(try verifier.verify(token, now: 0).provider == 2)
        let stray = try first.token(claims: #"{"iss":"https://issuer.test","aud":"three"}"#)
        #expect(throws: TokenError.audienceMismatch) { try verifier.verify(stray, now: 0) }
    }

    @Test
    func `checks a bounded number of signatures however many providers share an issuer`() throws {
        let keys = try (0..<20).map { _ in try SigningKey.generate(.ed25519) }
        let verifier = TokenVerifier(providers: keys.map { (Sample.rules, [Sample.keySet(of: $0)]) })
        #expect(try verifier.verify(token(keys[15], kid: nil), now: 0).provider == 15)
        #expect(throws: TokenError.signatureInvalid) { try verifier.verify(token(keys[16], kid: nil), now: 0) }
        // A kid names its key: no signature is checked in vain.
        #expect(try verifier.verify(token(keys[19], kid: keys[19].kid), now: 0).provider == 19)
    }

    @Test
    func `says when an issuer has no keys`() throws {
        let key = try SigningKey.generate(.es256)
        let verifier = TokenVerifier(providers: [(Sample.rules, [KeySet.empty])])
        #expect(throws: TokenError.keysUnavailable) { try verifier.verify(token(key, kid: nil), now: 0) }
    }

    @Test
    func `never verifies an HMAC with a public key's text`() throws {
        let rsa = try SigningKey.generate(.rs256, kid: "a")
        var rules = Sample.rules
        rules.algorithms = AlgorithmSet(SignatureAlgorithm.allCases)
        let verifier = TokenVerifier(providers: [(rules, [Sample.keySet(of: rsa)])])
        for text in [try #require(rsa.publicJWK), rsa.verificationJWKS] {
            let forger = try SigningKey(secret: text, algorithm: .hs256, kid: "a")
            #expect(throws: TokenError.noSuitableKey) { try verifier.verify(token(forger, kid: "a"), now: 0) }
        }
    }

    @Test
    func `counts shared secrets only where an algorithm list names them`() throws {
        let key = try SigningKey.generate(.hs256)
        #expect(try Sample.error(token(key, kid: nil), Sample.rules, Sample.keySet(of: key)) == .algorithmNotAllowed)
        var rules = Sample.rules
        rules.algorithms = AlgorithmSet([.hs384])
        #expect(try Sample.error(token(key, kid: nil), rules, Sample.keySet(of: key)) == .algorithmNotAllowed)
        rules.algorithms = AlgorithmSet([.hs256])
        #expect(try Sample.error(token(key, kid: nil), rules, Sample.keySet(of: key)) == nil)
    }

    @Test
    func `holds a key to its alg`() throws {
        let key = try SigningKey.generate(.rs256)
        let other = try SigningKey(jwk: Array(key.privateJWK.asText.replacing("RS256", with: "PS384").utf8))
        let token = try other.sign(header: #"{"alg":"PS384"}"#, payload: Sample.claims)
        #expect(try Sample.error(token, Sample.rules, Sample.keySet(of: key)) == .noSuitableKey)
        let open = keySet([Array(try #require(key.publicJWK).asText.replacing(#","alg":"RS256""#, with: "").utf8)])
        #expect(try Sample.error(token, Sample.rules, open) == nil)
        var rules = Sample.rules
        rules.algorithms = .rsaPKCS1
        #expect(try Sample.error(token, rules, open) == .algorithmNotAllowed)
    }

    @Test
    func `takes EdDSA for Ed25519 but not the other way`() throws {
        let key = try SigningKey.generate(.edDSA)
        let full = try SigningKey(jwk: Array(key.privateJWK.asText.replacing("EdDSA", with: "Ed25519").utf8))
        #expect(try Sample.error(token(full, kid: nil), Sample.rules, Sample.keySet(of: key)) == nil)
        #expect(try Sample.error(token(key, kid: nil), Sample.rules, Sample.keySet(of: full)) == .noSuitableKey)
    }

    @Test
    func `verifies a token parsed before`() throws {
        let key = try SigningKey.generate(.es256)
        let text = try token(key, kid: nil)
        let parsed = try UnverifiedToken(parsing: text.span, maxBytes: 1024)
        #expect(parsed.unverifiedClaims.root["iss"]?.string == "https://issuer.test")
        #expect(parsed.unverifiedHeader.algorithm == .es256)
        let verifier = TokenVerifier(providers: [(Sample.rules, [Sample.keySet(of: key)])])
        _ = try verifier.verify(parsed, text.span, now: 0)
    }
}

@Suite("Verification identity")
struct VerificationIdentityTests {
    @Test
    func `changes with every rule and every key`() throws {
        let key = Sample.keySet(of: try SigningKey.generate(.es256, kid: "a"))
        let other = Sample.keySet(of: try SigningKey.generate(.es256, kid: "a"))
        let changes: [(inout IssuerRules) -> Void] = [
            { _ in }, { $0.issuers.append("x") }, { $0.audiences = ["x"] }, { $0.algorithms = .publicKey },
            { $0.algorithms = .rsaPSS }, { $0.requiredClaims = ["x"] }, { $0.clockSkewSeconds = 1 },
            { $0.maxLifetimeSeconds = 0 }, { $0.maxLifetimeSeconds = 1 }, { $0.type = .any },
            { $0.type = .exactly("any") }, { $0.subjects = [.exact("x")] }, { $0.subjects = [.prefix("x")] },
            { $0.requiredScopes = ["x"] }, { $0.claims = [ClaimRule(path: ["x"], condition: .present)] },
            { $0.claims = [ClaimRule(path: ["x"], condition: .equals(.string("1")))] },
            { $0.claims = [ClaimRule(path: ["x"], condition: .equals(.integer(1)))] },
            { $0.claims = [ClaimRule(path: ["x"], condition: .contains(.string("1")))] },
            { $0.maxTokenBytes = 7 }, { $0.refusesFutureIssuedAt = true }, { $0.allowsUnprovenBinding = true },
        ]
        var identities: Set<VerificationIdentity> = []
        for change in changes {
            var rules = Sample.rules
            change(&rules)
            let identity = TokenVerifier(providers: [(rules, [key])]).identity(ofProvider: 0)
            identities.insert(identity)
            #expect(TokenVerifier(providers: [(rules, [key])]).identity(ofProvider: 0) == identity)
            // What stands behind it does not matter to it.
            #expect(
                TokenVerifier(providers: [(rules, [key]), (Sample.rules, [other])]).identity(ofProvider: 0) == identity)
        }
        identities.insert(TokenVerifier(providers: [(Sample.rules, [other])]).identity(ofProvider: 0))
        identities.insert(TokenVerifier(providers: [(Sample.rules, [])]).identity(ofProvider: 0))
        identities.insert(
            TokenVerifier(providers: [(Sample.rules, [key]), (Sample.rules, [key])]).identity(ofProvider: 1))
        #expect(identities.count == changes.count + 3)
    }
}
