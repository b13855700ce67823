internal import Bytes
internal import JOSE

/// Tokens: a signature that was not made here never verifies, and nothing else stands in the way of the rules.
enum TokenReading {
    private static let now: Int64 = 1_800_000_000

    /// Anything: the fuzzer has no key, so nothing may pass.
    static func run(token: [UInt8]) {
        if let jws = try? CompactJWS(parsing: token.span, maxBytes: 16 << 10) {
            require(jws.signature.upperBound == token.count, "bytes were left over")
        }
        if let parsed = try? UnverifiedToken(parsing: token.span, maxBytes: 16 << 10) {
            for part in [parsed.jws.header, parsed.jws.payload, parsed.jws.signature] {
                let text = token.span.extracting(part)
                guard let bytes = try? Base64URL.decode(text) else { fatalError("a part that is no base64url") }
                require(Base64URL.encode(bytes.span) == Array(token[part]), "two texts of one part")
            }
        }
        let verified = FuzzBudget.charge(token.count) { try? verifier.verify(token.span, now: now) }
        require(verified == nil, "a forged token passed")
    }

    /// A signed token: every rule is asked, and dates hold on every later use as they held at first.
    static func run(headerAndPayload input: [UInt8]) {
        let end = input.firstIndex(of: 0x0A) ?? 0
        let header = Array(input[..<end])
        let payload = Array(input[min(end + 1, input.count)...])
        guard let token = try? secret.sign(header: header.span, payload: payload.span) else { return }
        let result = FuzzBudget.charge(token.count) { try? verifier.verify(token.span, now: now) }
        guard let verified = result else { return }
        require((try? verified.checkTime(now: now)) != nil, "a token that expired on the way")
        if let expiry = verified.expiresAt, expiry < .max - 60 {
            require((try? verified.checkTime(now: expiry + 60)) == nil, "an expired token passed")
        }
        require(verified.claims.root["iss"]?.equals("https://issuer.test") == true, "another issuer passed")
    }

    // A secret of nobody's.
    private static let secret: SigningKey = {
        let bytes = [UInt8](repeating: 0x5A, count: 32)
        guard let key = try? SigningKey(secret: bytes, algorithm: .hs256, kid: "one") else {
            fatalError("the secret is no key")
        }
        return key
    }()

    private static let verifier: TokenVerifier = {
        let secrets = KeyImport(
            secret.privateJWK, options: KeyImportOptions(allowWeak: false, admitsSecrets: true)
        ).keySet
        let published = KeyImport(publicKeys, options: KeyImportOptions(allowWeak: false, admitsSecrets: false)).keySet
        require(secrets.keys.count == 1 && published.keys.count == 2, "the keys of the fuzzer were not read")
        return TokenVerifier(providers: [
            (rules(of: AlgorithmSet([.hs256])), [secrets]), (rules(of: nil), [published]), (looseRules, [secrets]),
        ])
    }()

    private static func rules(of algorithms: AlgorithmSet?) -> IssuerRules {
        IssuerRules(
            issuers: ["https://issuer.test"], audiences: ["api", "web"], algorithms: algorithms,
            requiredClaims: ["exp", "jti"], clockSkewSeconds: 60, maxLifetimeSeconds: 3600, type: .ordinary,
            subjects: [.prefix("team/"), .suffix("@example.com"), .contains("bot"), .exact("alice")],
            requiredScopes: ["read", "write"],
            claims: [
                ClaimRule(path: ["realm_access", "roles"], condition: .contains(.string("admin"))),
                ClaimRule(path: ["level"], condition: .oneOf([.integer(3), .number(0.5), .boolean(true)])),
            ],
            maxTokenBytes: 16 << 10, refusesFutureIssuedAt: true, allowsUnprovenBinding: false)
    }

    private static var looseRules: IssuerRules {
        var rules = rules(of: AlgorithmSet([.hs256]))
        rules.audiences = []
        rules.requiredClaims = []
        rules.maxLifetimeSeconds = nil
        rules.subjects = []
        rules.requiredScopes = []
        rules.claims = []
        rules.type = .any
        return rules
    }

    /// The public keys of RFC 7515 A.3 and RFC 8037 A.2.
    private static let publicKeys = """
        {"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}
        """
}
