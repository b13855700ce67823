import Bytes
import GatewayEngine
import GatewayModel
import HTTPWire
import JOSE
import Testing

@Suite struct `A consumer` {
    private static let secret = Array("a secret that only jack has, and nobody else".utf8)
    private static let tokenLocations: [TokenLocation] = [
        .header(name: "authorization", prefix: "Bearer "), .queryParameter(name: "jwt"), .cookie(name: "jwt"),
    ]

    private static func credential(
        _ name: String, _ algorithm: String, _ key: TokenCredential.Key, audiences: [String] = [], skew: Int64 = 0
    ) -> Credential {
        Credential(
            id: "of-\(name)",
            proof: .token(
                TokenCredential(
                    name: name, algorithm: algorithm, key: key, audiences: audiences, clockSkewSeconds: skew,
                    allowsWeakKeys: true, admitsAnyType: true)),
            provenance: here)
    }

    private static let consumers = [
        Consumer(
            name: "jack", customID: "7", group: "staff",
            credentials: [
                credential("jacks", "HS256", .secret(secret), skew: 10),
                credential("checked", "HS256", .secret(secret), audiences: ["api"]),
                credential("others", "ES256", .publicKey(Tokens.key.verificationJWKS.text)),
                credential("broken", "RS256", .publicKey("no key")),
                Credential(id: nil, proof: .key("sk-jack"), provenance: here),
                Credential(id: "p", proof: .password(user: "j", password: "pass:word"), provenance: here),
            ], provenance: here),
        Consumer(name: "nobody", customID: nil, group: nil, credentials: [], provenance: here),
    ]

    private static func scheme(
        _ kind: ConsumerScheme.Kind, _ locations: [TokenLocation] = tokenLocations, forwards: Bool = true
    ) -> ConsumerScheme {
        ConsumerScheme(kind: kind, locations: locations, forwardsProof: forwards)
    }

    private static let token = scheme(.token(claim: "key", dates: .thoseThatAreThere))
    private static let key = scheme(.key, [.header(name: "apikey", prefix: ""), .queryParameter(name: "apikey")])
    private static let password = scheme(.password, [.header(name: "authorization", prefix: "")])

    private static func gateway(
        _ schemes: [ConsumerScheme], anonymous: String? = nil, rules: [AuthorizationRule] = []
    ) throws -> TestGateway {
        let step = ConsumerStep(schemes: schemes, anonymousConsumer: anonymous, realm: "test", provenance: here)
        var configuration = GatewayConfiguration(
            [.named("backend")],
            [.policy(.consumerAuthentication(ConsumerAuthentication(steps: [step]))), .rules(rules)])
        configuration.consumers = consumers
        return try TestGateway(configuration)
    }

    private static func signed(_ claims: String, _ key: SigningKey? = nil) throws -> [UInt8] {
        try (key ?? SigningKey(secret: secret, algorithm: .hs256, kid: nil)).token(claims: claims)
    }

    // MARK: - Tokens

    @Test func `is found by the claim that names its credential, and told to the upstream`() throws {
        var gateway = try Self.gateway([Self.token])
        let token = try Self.signed(#"{"key":"jacks"}"#)
        // The second time from the cache.
        for _ in 0..<2 {
            let answer = gateway.get(token: token)
            #expect(answer.value(of: "X-Consumer-Username") == "jack")
            #expect(answer.value(of: "X-Credential-Identifier") == "of-jacks")
            #expect(answer.value(of: "X-Consumer-Custom-ID") == "7")
            #expect(answer.value(of: "authorization") == "Bearer \(token.text)")
        }
    }

    struct Claims: Sendable, CustomTestStringConvertible {
        var text: String
        var refusal: RefusalCode?
        var testDescription: String { text }

        init(_ text: String, _ refusal: RefusalCode? = nil) {
            self.text = text
            self.refusal = refusal
        }
    }

    @Test(arguments: [
        Claims(#"{"key":"jacks"}"#), Claims("{}", .consumerUnnamed), Claims(#"{"key":null}"#, .consumerUnnamed),
        Claims(#"{"key":7}"#, .consumerUnknown), Claims(#"{"key":"jack"}"#, .consumerUnknown),
        Claims(#"{"key":"\u006aacks"}"#), Claims(#"{"key":"broken"}"#, .keyUnknown),
        Claims(#"{"key":"others"}"#, .tokenAlgorithm),
        Claims(#"{"key":"jacks","exp":\#(Tokens.now - 9)}"#),
        Claims(#"{"key":"jacks","exp":\#(Tokens.now - 11)}"#, .tokenExpired),
        Claims(#"{"key":"jacks","nbf":\#(Tokens.now + 11)}"#, .tokenNotYetValid),
        Claims(#"{"key":"jacks","exp":"soon"}"#, .claimMalformed),
        Claims(#"{"key":"jacks","nbf":"soon"}"#, .claimMalformed), Claims(#"{"sub":1}"#, .consumerUnnamed),
        Claims(#"{"key":"jacks","sub":42,"iss":1,"jti":[],"aud":{},"iat":"now"}"#),
        Claims(#"{"key":"checked","aud":"api"}"#),
        Claims(#"{"key":"checked","aud":["api"],"sub":42,"iss":[]}"#),
        Claims(#"{"key":"checked","aud":["api",1]}"#, .claimMalformed),
        Claims(#"{"key":"checked","aud":1}"#, .claimMalformed),
    ]) func `proves itself by what its credential asks for`(_ claims: Claims) throws {
        var gateway = try Self.gateway([Self.token])
        #expect(gateway.get(token: try Self.signed(claims.text)).refusal == claims.refusal)
    }

    /// CVE-2026-39999: a public key, which everybody has, taken for a shared secret.
    @Test func `is not impersonated with its public key as a secret`() throws {
        var gateway = try Self.gateway([Self.token])
        let forged = try SigningKey(
            secret: Array(Tokens.key.verificationJWKS.text.utf8), algorithm: .hs256, kid: nil)
        #expect(gateway.get(token: try Self.signed(#"{"key":"others"}"#, forged)).refusal == .tokenAlgorithm)
        #expect(gateway.get(token: try Self.signed(#"{"key":"others"}"#, Tokens.key)).refusal == nil)
        #expect(gateway.get(token: try Self.signed(#"{"key":"others"}"#, Tokens.stranger)).refusal == .signatureInvalid)
    }

    @Test func `is not found by a cached token that another claim would name otherwise`() throws {
        let byName = Self.scheme(.token(claim: "name", dates: .thoseThatAreThere))
        var gateway = try Self.gateway([Self.token])
        let token = try Self.signed(#"{"key":"jacks","name":"others"}"#)
        #expect(gateway.get(token: token).refusal == nil)
        gateway.snapshot = try Self.gateway([byName]).snapshot
        #expect(gateway.get(token: token).refusal == .tokenAlgorithm)
    }

    @Test(arguments: [
        (true, false, #"{"key":"jacks"}"#, RefusalCode.claimMissing as RefusalCode?),
        (false, true, #"{"key":"jacks","nbf":1,"exp":1}"#, nil),
        (true, false, #"{"key":"jacks","nbf":\#(Tokens.now + 99),"exp":\#(Tokens.now + 99)}"#, nil),
    ]) func `looks at the dates that are listed alone`(
        _ expiration: Bool, _ notBefore: Bool, _ claims: String, _ refusal: RefusalCode?
    ) throws {
        let dates = CheckedDates.only(expiration: expiration, notBefore: notBefore)
        var gateway = try Self.gateway([Self.scheme(.token(claim: "key", dates: dates))])
        #expect(gateway.get(token: try Self.signed(claims)).refusal == refusal)
    }

    @Test func `shows its proof in the first of the places, whatever stands there`() throws {
        var gateway = try Self.gateway([Self.token])
        let token = try Self.signed(#"{"key":"jacks"}"#).text
        #expect(gateway.get("/?jwt=\(token)").refusal == nil)
        #expect(gateway.get("/", "Cookie: a=b; jwt=\(token)\r\n").refusal == nil)
        #expect(gateway.get("/", "Authorization: \(token)\r\n").refusal == nil)
        #expect(gateway.get("/?jwt=\(token)", "Authorization: Basic x\r\n").refusal == .tokenMalformed)
        #expect(gateway.get("/").refusal == .tokenMissing)
    }

    /// As where theirs reads them: what is there is a proof, whatever it is.
    @Test(arguments: [
        ("/?jwt", "", token, RefusalCode.tokenMalformed), ("/?jwt=", "", token, .tokenMalformed),
        ("/?jwt=a&jwt=b", "", token, .tokenMalformed), ("/", "Cookie: jwt=\r\n", token, .tokenMalformed),
        ("/", "Authorization:\r\n", token, .tokenMalformed), ("/?apikey", "", key, .apiKeyInvalid),
        ("/?apikey=", "", key, .apiKeyInvalid), ("/?apikey=sk-jack&apikey=sk-jack", "", key, .apiKeyInvalid),
        ("/", "apikey:\r\n", key, .apiKeyInvalid), ("/", "Authorization:\r\n", password, .basicMalformed),
    ])
    func `is refused for a proof that is empty or there twice`(
        _ target: String, _ lines: String, _ scheme: ConsumerScheme, _ refusal: RefusalCode
    ) throws {
        var gateway = try Self.gateway([scheme])
        #expect(gateway.get(target, lines).refusal == refusal)
    }

    @Test func `has its proof taken out where that is hidden`() throws {
        let hiding = Self.scheme(.token(claim: "key", dates: .thoseThatAreThere), forwards: false)
        var gateway = try Self.gateway([hiding])
        let token = try Self.signed(#"{"key":"jacks"}"#).text
        #expect(gateway.get("/", "Authorization: Bearer \(token)\r\n").value(of: "authorization") == nil)
        #expect(gateway.get("/a?x=1&jwt=\(token)&y=2").target == "/a?x=1&y=2")
        #expect(gateway.get("/", "Cookie: a=b; jwt=\(token); c=d\r\n").value(of: "cookie") == "a=b; c=d")
        // A service might read another line of that header than the gateway did.
        let lines = "Authorization: Bearer \(token)\r\nX: 1\r\nauthorization: Bearer other\r\n"
        let answer = gateway.get("/", lines)
        #expect(answer.refusal == nil && answer.value(of: "x") == "1")
        #expect(!answer.head.lowercased().contains("authorization"))
    }

    // MARK: - Other proofs

    @Test(
        arguments: [
            ("apikey: sk-jack\r\n", nil), ("", RefusalCode.apiKeyMissing), ("apikey: sk-jac\r\n", .apiKeyInvalid),
        ] as [(String, RefusalCode?)]) func `has keys`(_ lines: String, _ refusal: RefusalCode?) throws
    {
        var gateway = try Self.gateway([Self.key])
        let answer = gateway.get("/", lines)
        #expect(answer.refusal == refusal)
        if refusal == nil {
            #expect(answer.value(of: "X-Consumer-Username") == "jack")
            #expect(answer.value(of: "X-Credential-Identifier") == nil)
        }
    }

    /// `j:pass:word`, `j:pass`, `k:pass:word`; a scheme of another name, what is no base64, and no pair.
    @Test(
        arguments: [
            ("Basic ajpwYXNzOndvcmQ=", nil), ("basic ajpwYXNzOndvcmQ=", nil),
            ("Basic ajpwYXNz", RefusalCode.basicInvalid),
            ("Basic azpwYXNzOndvcmQ=", .basicInvalid), ("Bearer ajpwYXNzOndvcmQ=", .basicMalformed),
            ("Basic ?", .basicMalformed), ("Basic ag==", .basicMalformed),
        ] as [(String, RefusalCode?)]) func `has passwords`(_ value: String, _ refusal: RefusalCode?) throws
    {
        var gateway = try Self.gateway([Self.password])
        #expect(gateway.get("/", "Authorization: \(value)\r\n").refusal == refusal)
    }

    @Test func `proves itself by one way of several`() throws {
        var gateway = try Self.gateway([Self.password, Self.key])
        #expect(gateway.get("/", "apikey: sk-jack\r\n").refusal == nil)
        #expect(gateway.get("/", "Authorization: Basic ajpwYXNzOndvcmQ=\r\n").refusal == nil)
        #expect(gateway.get("/", "apikey: no\r\n").refusal == .consumerUnproven)
    }

    @Test(arguments: [([token, password], "Basic"), ([password, key], "ApiKey"), ([key, token], "Bearer")])
    func `is asked for the last of several ways`(_ schemes: [ConsumerScheme], _ challenge: String) throws {
        for anonymous in [nil, "who"] {
            var gateway = try Self.gateway(schemes, anonymous: anonymous)
            #expect(gateway.get("/").refusal == .consumerUnproven)
            #expect(gateway.refusalText.contains("www-authenticate: \(challenge) realm=\"test\"\r\n"))
        }
    }

    @Test func `is the anonymous one where nothing is proven, if there is one`() throws {
        var gateway = try Self.gateway([Self.key], anonymous: "nobody")
        #expect(gateway.get("/").value(of: "X-Consumer-Username") == "nobody")
        #expect(gateway.get("/", "apikey: no\r\n").value(of: "X-Consumer-Username") == "nobody")
        #expect(gateway.get("/", "apikey: sk-jack\r\n").value(of: "X-Consumer-Username") == "jack")
    }

    @Test(arguments: [(token, "Bearer"), (key, "ApiKey"), (password, "Basic")])
    func `is refused by name where the anonymous one is not there, with the challenge of what would prove one`(
        _ scheme: ConsumerScheme, _ challenge: String
    ) throws {
        var gateway = try Self.gateway([scheme], anonymous: "who")
        #expect(gateway.get("/").refusal == .consumerMissing)
        #expect(gateway.refusalText.contains("www-authenticate: \(challenge) realm=\"test\"\r\n"))
    }

    // MARK: - What rules and upstreams see

    @Test func `is known to rules by name and group`() throws {
        let rules: [AuthorizationRule] = [.require(#"consumer.name == "jack" && consumer.group == "staff""#)]
        var gateway = try Self.gateway([Self.key], anonymous: "nobody", rules: rules)
        #expect(gateway.get("/", "apikey: sk-jack\r\n").refusal == nil)
        #expect(gateway.get("/").refusal == .authorizationDenied)
    }

    @Test func `is not what a client says it is`() throws {
        var gateway = try Self.gateway([Self.key])
        let answer = gateway.get("/", "apikey: sk-jack\r\nX_Consumer_Username: root\r\nx-credential-identifier: c\r\n")
        #expect(answer.value(of: "X-Consumer-Username") == "jack")
        #expect(!answer.head.contains("root"))
        #expect(answer.value(of: "X-Credential-Identifier") == nil)
        #expect(gateway.scratch.guardedNames?.contains(Array("X-Consumer-Username".utf8).span) == true)
    }
}
