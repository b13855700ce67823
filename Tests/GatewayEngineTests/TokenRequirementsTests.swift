import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `What an issuer's tokens have to say` {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var requirements: TokenRequirements
        var claims: [String: String?]
        var type: String?
        var code: RefusalCode?
        var testDescription: String { name }

        init(
            _ name: String, _ requirements: TokenRequirements, _ claims: [String: String?] = [:],
            type: String? = "JWT", refused code: RefusalCode? = nil
        ) {
            self.name = name
            self.requirements = requirements
            self.claims = claims
            self.type = type
            self.code = code
        }
    }

    private static let roles = ClaimCondition(
        path: ["realm_access", "roles"], test: .contains(.string("admin")))
    private static let profile: [String: String?] = [
        "client_id": #""c""#, "iat": "\(Tokens.now)", "jti": #""j""#,
    ]

    static let cases: [Case] = [
        Case("a life as long as allowed", .test(maxLifetimeSeconds: 900), ["iat": "\(Tokens.now - 300)"]),
        Case(
            "too long a life", .test(maxLifetimeSeconds: 899), ["iat": "\(Tokens.now - 300)"], refused: .tokenLifetime),
        Case("too long a life from now on", .test(maxLifetimeSeconds: 599), refused: .tokenLifetime),
        Case("a subject", .test(subjects: [.exact("alice")])),
        Case("another subject", .test(subjects: [.exact("Alice")]), refused: .subjectNotAllowed),
        Case("a subject by its beginning", .test(subjects: [.exact("bob"), .prefix("ali")])),
        Case("a subject by its end", .test(subjects: [.suffix("ice")])),
        Case("a subject by a part", .test(subjects: [.contains("lic")])),
        Case("no subject", .test(subjects: [.contains("a")]), ["sub": nil], refused: .claimMissing),
        Case("scopes as text", .test(scopes: ["read", "write"]), ["scope": #""write openid read""#]),
        Case("scopes as list", .test(scopes: ["read", "write"]), ["scp": #"["read","write"]"#]),
        Case("a scope less", .test(scopes: ["read", "write"]), ["scope": #""read""#], refused: .scopeInsufficient),
        Case("no scope at all", .test(scopes: ["read"]), refused: .scopeInsufficient),
        Case("a nested claim", .test(claims: [roles]), ["realm_access": #"{"roles":["user","admin"]}"#]),
        Case(
            "another nested claim", .test(claims: [roles]), ["realm_access": #"{"roles":["user"]}"#],
            refused: .claimMismatch),
        Case("no nested claim", .test(claims: [roles]), ["realm_access": "{}"], refused: .claimMissing),
        Case(
            "one of several values",
            .test(claims: [ClaimCondition(path: ["level"], test: .oneOf([.integer(3), .string("x"), .number(0.5)]))]),
            ["level": "0.5"]),
        Case(
            "a boolean",
            .test(claims: [ClaimCondition(path: ["ok"], test: .equals(.boolean(true)))]), ["ok": #""true""#],
            refused: .claimMismatch),
        Case("an access token", .test(type: .accessToken), profile, type: "at+jwt"),
        Case("an access token without its type", .test(type: .accessToken), profile, refused: .tokenType),
        Case("an access token without its claims", .test(type: .accessToken), type: "at+jwt", refused: .claimMissing),
        Case("a token of tomorrow", .test(), ["iat": "\(Tokens.now + 1)"], refused: .tokenNotYetValid),
        Case(
            "a token of tomorrow where nobody minds", .test(refusesFutureIssuedAt: false),
            ["iat": "\(Tokens.now + 1)"]),
        Case("a type of its own", .test(type: .exactly("secevent+jwt")), type: "SecEvent+JWT"),
        Case("the usual type where another is asked for", .test(type: .exactly("secevent+jwt")), refused: .tokenType),
        Case("no type where one is asked for", .test(type: .exactly("JWT")), type: nil, refused: .tokenType),
    ]

    @Test(arguments: cases)
    func `decides, and is asked again of a token that another policy let pass`(_ entry: Case) throws {
        let token = try Tokens.key.token(claims: Tokens.claims(entry.claims), type: entry.type)
        var gateway = try TestGateway(.test(issuers: [.test(requirements: entry.requirements)]))
        for _ in 0..<2 { #expect(gateway.get(token: token).refusal == entry.code) }
        // The cache of a gateway that asked for nothing, under the rules of this one.
        let type: TokenType = entry.type == nil || entry.type == "JWT" ? .ordinary : .exactly(entry.type ?? "")
        var lenient = try TestGateway(
            .test(issuers: [.test(requirements: .test(type: type, refusesFutureIssuedAt: false))]))
        guard lenient.get(token: token).refusal == nil else { return }
        #expect(lenient.cache.count == 1)
        gateway.cache = lenient.cache
        #expect(gateway.get(token: token).refusal == entry.code)
    }

    @Test func `names the scopes that would do in the challenge`() throws {
        let issuers = [
            Issuer.test(names: ["https://issuer.test"], audiences: ["web"], requirements: .test(scopes: ["openid"])),
            Issuer.test(names: ["https://issuer.test"], requirements: .test(scopes: ["read", "write"])),
            Issuer.test(names: ["https://other.test"], requirements: .test(scopes: ["other"])),
        ]
        var gateway = try TestGateway(.test(issuers: issuers))
        let refused = gateway.get(token: try Tokens.token(["scope": #""read""#]))
        #expect(refused.refusal == .scopeInsufficient)
        #expect(refused.requiredScopes == ["read", "write"])
        // What fails for another reason has no scopes to name, nor has the next request.
        #expect(gateway.get(token: try Tokens.token(["aud": #""x""#])).requiredScopes.isEmpty)
        let inQuery = try TestGateway(.test(locations: [.queryParameter(name: "t")], issuers: [issuers[1]]))
        var query = inQuery
        // The path is rewritten, so that the token stands elsewhere than in the head.
        #expect(query.get("/a/../b?t=\(try Tokens.token().text)").requiredScopes == ["read", "write"])
    }

    @Test(arguments: ["aud", "sub", "exp", "client_id", "iat", "jti"])
    func `names each claim that an access token lacks`(_ claim: String) throws {
        var claims = Self.profile
        claims.updateValue(nil, forKey: claim)
        let token = try Tokens.key.token(claims: Tokens.claims(claims), type: "at+jwt")
        for audiences in [[], ["api"]] {
            var gateway = try TestGateway(
                .test(issuers: [.test(audiences: audiences, requirements: .test(type: .accessToken))]))
            let refused = gateway.get(token: token)
            #expect(refused.refusal == .claimMissing)
            #expect(refused.missingClaims == [claim])
            // The next one's are its own.
            #expect(gateway.get(token: try Tokens.token()).missingClaims.isEmpty)
        }
    }

    @Test func `names all claims that are missing, nested ones with dots`() throws {
        let conditions = [Self.roles, ClaimCondition(path: ["a.b"], test: .equals(.boolean(true)))]
        let requirements = TokenRequirements.test(
            maxLifetimeSeconds: 60, subjects: [.exact("alice")], claims: conditions)
        var gateway = try TestGateway(
            .test(issuers: [
                .test(audiences: ["api"], requiredClaims: ["exp", "tenant"], requirements: requirements)
            ]))
        let token = try Tokens.token(["aud": nil, "sub": nil, "exp": nil, "tenant": "null", "a.b": "false"])
        let refused = gateway.get(token: token)
        #expect(refused.missingClaims == ["aud", "sub", "exp", "tenant", "realm_access.roles"])
        #expect(refused.requiredScopes.isEmpty)
    }

    @Test func `is written into the answer`() throws {
        let refusal = Refusal(
            .scopeInsufficient, realm: "r", lacking: ["orders:read", "orders:write"])
        let answer = refusal.answer(form: .standard(.agentgateway))
            .rendered(toHead: false, keepsAlive: true, date: Array("now".utf8)).text
        #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
        let challenge =
            #"www-authenticate: Bearer realm="r", error="insufficient_scope", "#
            + #"error_description="the token lacks a required scope", scope="orders:read orders:write""#
        #expect(answer.contains(challenge + "\r\n"))
    }
}

@Suite struct `Issuers and their keys` {
    private static func issuer(_ name: String, _ key: SigningKey, audience: String = "api") -> Issuer {
        .test(names: [name], audiences: [audience], jwks: key.verificationJWKS.text)
    }

    @Test func `two issuers share a kid, and each has its own key`() throws {
        let red = try SigningKey.generate(.es256, kid: "shared")
        let blue = try SigningKey.generate(.es256, kid: "shared")
        let issuers = [Self.issuer("https://red.test", red), Self.issuer("https://blue.test", blue)]
        for order in [issuers, issuers.reversed()] {
            var gateway = try TestGateway(.test(issuers: order))
            for (name, key, other) in [("red", red, blue), ("blue", blue, red)] {
                let claim: [String: String?] = ["iss": "\"https://\(name).test\""]
                #expect(gateway.get(token: try Tokens.token(claim, key: key)).refusal == nil)
                #expect(gateway.get(token: try Tokens.token(claim, key: other)).refusal == .signatureInvalid)
            }
        }
    }

    @Test func `one issuer has several key sets`() throws {
        let old = try SigningKey.generate(.es256, kid: "old")
        let new = try SigningKey.generate(.ed25519, kid: "new")
        var issuer = Self.issuer("https://issuer.test", old)
        issuer.keySources.append(KeySource(origin: .inline(new.verificationJWKS.text), provenance: here))
        var gateway = try TestGateway(.test(issuers: [issuer]))
        for key in [old, new] { #expect(gateway.get(token: try Tokens.token(key: key)).subject == "alice") }
        let stranger = try SigningKey.generate(.es256, kid: "none")
        #expect(gateway.get(token: try Tokens.token(key: stranger)).refusal == .keyUnknown)
    }

    @Test func `several providers with the same issuer each admit their own tokens`() throws {
        let first = try SigningKey.generate(.es256, kid: "shared")
        let second = try SigningKey.generate(.es256, kid: "shared")
        let issuers = [
            Self.issuer("https://issuer.test", first, audience: "one"),
            Self.issuer("https://issuer.test", second, audience: "two"),
        ]
        var gateway = try TestGateway(.test(issuers: issuers))
        for (key, audience, code) in [
            (first, "one", RefusalCode?.none), (second, "two", nil), (first, "two", .audienceMismatch),
            (second, "one", .audienceMismatch), (Tokens.stranger, "one", .keyUnknown),
        ] {
            let token = try Tokens.token(["aud": "\"\(audience)\""], key: key)
            #expect(gateway.get(token: token).refusal == code)
        }
    }

    @Test func `an issuer has several names`() throws {
        let names = ["https://issuer.test", "https://issuer.test/"]
        var gateway = try TestGateway(.test(issuers: [.test(names: names)]))
        for name in names { #expect(gateway.get(token: try Tokens.token(["iss": "\"\(name)\""])).refusal == nil) }
        #expect(gateway.get(token: try Tokens.token(["iss": #""https://issuer.test//""#])).refusal == .issuerUnknown)
    }

    @Test func `shared secrets count only where their algorithm is named`() throws {
        let secret = try SigningKey.generate(.hs256, kid: "one")
        let text = secret.privateJWK.text
        let token = try Tokens.token(key: secret)
        for (algorithms, code) in [
            (["HS256"], RefusalCode?.none), (["ES256", "HS256"], nil), (["HS512"], .tokenAlgorithm),
            (["ES256"], .tokenAlgorithm), (nil, .tokenAlgorithm),
        ] {
            var gateway = try TestGateway(.test(issuers: [.test(jwks: text, algorithms: algorithms)]))
            #expect(gateway.get(token: token).refusal == code, "\(algorithms ?? [])")
        }
    }
}
