import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `The presence of a token` {
    struct Case: Sendable, CustomTestStringConvertible {
        var presence: Presence
        var token: Sent
        var refusal: RefusalCode?
        var subject: String?
        var testDescription: String { "\(presence), \(token)" }
    }

    enum Sent: Sendable { case none, good, bad, otherScheme, doubled }

    static let cases: [Case] = [
        Case(presence: .strict, token: .none, refusal: .tokenMissing),
        Case(presence: .strict, token: .good, subject: "alice"),
        Case(presence: .strict, token: .bad, refusal: .signatureInvalid),
        Case(presence: .strict, token: .otherScheme, refusal: .tokenMissing),
        Case(presence: .strict, token: .doubled, refusal: .tokenAmbiguous),
        Case(presence: .optional, token: .none),
        Case(presence: .optional, token: .good, subject: "alice"),
        Case(presence: .optional, token: .bad, refusal: .signatureInvalid),
        Case(presence: .optional, token: .otherScheme),
        Case(presence: .optional, token: .doubled, refusal: .tokenAmbiguous),
        Case(presence: .permissive, token: .none),
        Case(presence: .permissive, token: .good, subject: "alice"),
        Case(presence: .permissive, token: .bad),
        Case(presence: .permissive, token: .otherScheme),
        Case(presence: .permissive, token: .doubled),
    ]

    @Test(arguments: cases)
    func `decides what passes and who it is`(_ entry: Case) throws {
        var gateway = try TestGateway(.test(entry.presence))
        let good = try Tokens.token().text
        let lines =
            switch entry.token {
            case .none: ""
            case .good: "Authorization: Bearer \(good)\r\n"
            case .bad: "Authorization: Bearer \(try Tokens.token(key: Tokens.stranger).text)\r\n"
            case .otherScheme: "Authorization: Basic YTpi\r\n"
            case .doubled: "Authorization: Bearer \(good)\r\nauthorization: Bearer \(good)\r\n"
            }
        for _ in 0..<2 {
            let answer = gateway.get("/", lines)
            #expect(answer.refusal == entry.refusal)
            #expect(answer.subject == entry.subject)
            #expect((answer.upstream == nil) == (entry.refusal != nil))
            // A token that proves nothing is nothing an upstream should believe.
            #expect(!answer.head.contains("Bearer"))
            if entry.token == .otherScheme, entry.refusal == nil {
                #expect(answer.value(of: "Authorization") == "Basic YTpi")
            }
        }
    }

    @Test func `a token is kept where that is asked for`() throws {
        let good = try Tokens.token()
        let bad = try Tokens.token(key: Tokens.stranger)
        var forwarding = try TestGateway(.test(.permissive, forwardsToken: true))
        #expect(forwarding.get(token: good).value(of: "Authorization") == "Bearer \(good.text)")
        #expect(forwarding.get(token: bad).value(of: "Authorization") == nil)
        var passing = try TestGateway(.test(.permissive, forwardsUnverifiedToken: true))
        #expect(passing.get(token: good).value(of: "Authorization") == nil)
        #expect(passing.get(token: bad).value(of: "Authorization") == "Bearer \(bad.text)")
    }
}

@Suite struct `A refused token` {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var code: RefusalCode
        var token: @Sendable () throws -> [UInt8]
        var testDescription: String { "\(name): \(code.rawValue)" }

        init(_ name: String, _ code: RefusalCode, _ token: @escaping @Sendable () throws -> [UInt8]) {
            self.name = name
            self.code = code
            self.token = token
        }

        init(_ name: String, _ code: RefusalCode, claims: [String: String?]) {
            self.init(name, code) { try Tokens.token(claims) }
        }

        init(_ name: String, _ code: RefusalCode, header: String, claims: String = Tokens.claims()) {
            self.init(name, code) { try Tokens.key.sign(header: header, payload: claims) }
        }
    }

    static let cases: [Case] = [
        Case("longer than the limit", .tokenTooLarge, claims: ["x": "\"\(String(repeating: "x", count: 4096))\""]),
        Case("one part", .tokenMalformed) { Array("abc".utf8) },
        Case("two parts", .tokenMalformed) { Array("abc.def".utf8) },
        Case("dots alone", .tokenMalformed) { Array("..".utf8) },
        Case("four parts", .tokenMalformed) { Array("a.b.c.d".utf8) },
        Case("five parts", .tokenEncrypted) { Array("a.b.c.d.e".utf8) },
        Case("padding", .tokenMalformed) { try Tokens.token() + Array("=".utf8) },
        Case("a blank behind it", .tokenMalformed) { try Tokens.token() + Array(" x".utf8) },
        Case("a second token behind a comma", .tokenMalformed) { try Tokens.token() + Array(", Bearer x".utf8) },
        Case("a header that is no JSON", .tokenMalformed, header: "x"),
        Case("a header without alg", .tokenMalformed, header: #"{"kid":"one"}"#),
        Case("alg twice", .tokenMalformed, header: #"{"alg":"ES256","alg":"ES256","kid":"one"}"#),
        Case("alg twice, once escaped", .tokenMalformed, header: #"{"alg":"ES256","\u0061lg":"none"}"#),
        Case("a payload that is no object", .tokenMalformed, header: #"{"alg":"ES256","kid":"one"}"#, claims: "[]"),
        Case(
            "a claim twice", .tokenMalformed, header: #"{"alg":"ES256","kid":"one"}"#,
            claims: Tokens.claims().dropLast() + #","sub":"root"}"#),
        Case("none", .tokenAlgorithm, header: #"{"alg":"none"}"#),
        Case("none without a signature", .tokenAlgorithm) {
            let header = Array(#"{"alg":"none"}"#.utf8)
            let claims = Array(Tokens.claims().utf8)
            return [Base64URL.encode(header.span), Base64URL.encode(claims.span), []].joined(separator: [46]).map { $0 }
        },
        Case("None", .tokenAlgorithm, header: #"{"alg":"None"}"#),
        Case("es256 in lower case", .tokenAlgorithm, header: #"{"alg":"es256","kid":"one"}"#),
        Case("the public key as a secret", .tokenAlgorithm) {
            let secret = try #require(Tokens.key.publicJWK)
            return try SigningKey(secret: secret, algorithm: .hs256, kid: "one").token(claims: Tokens.claims())
        },
        Case("a secret nobody configured", .tokenAlgorithm) { try Tokens.secret.token(claims: Tokens.claims()) },
        Case(
            "an extension that must be understood", .tokenCriticalHeader, header: #"{"alg":"ES256","crit":["x"],"x":1}"#
        ),
        Case("an empty crit", .tokenMalformed, header: #"{"alg":"ES256","crit":[]}"#),
        Case("an unencoded payload", .tokenMalformed, header: #"{"alg":"ES256","b64":false,"crit":["b64"]}"#),
        Case("a DPoP proof", .tokenType, header: #"{"alg":"ES256","kid":"one","typ":"dpop+jwt"}"#),
        Case("a logout token", .tokenType, header: #"{"alg":"ES256","kid":"one","typ":"logout+jwt"}"#),
        Case("bound to a key", .tokenBound, claims: ["cnf": #"{"jkt":"x"}"#]),
        Case("an unknown kid", .keyUnknown) {
            try SigningKey.generate(.es256, kid: "two").token(claims: Tokens.claims())
        },
        Case("an algorithm no key serves", .keyUnknown) {
            try SigningKey.generate(.es384, kid: "one").token(claims: Tokens.claims())
        },
        Case("another key of the same kid", .signatureInvalid) { try Tokens.token(key: Tokens.stranger) },
        Case("a changed payload", .signatureInvalid) {
            let parts = try Tokens.token().split(separator: 46)
            let claims = Array(Tokens.claims(["sub": #""root""#]).utf8)
            return [Array(parts[0]), Base64URL.encode(claims.span), Array(parts[2])].joined(separator: [46]).map { $0 }
        },
        Case("no signature", .signatureInvalid) {
            let parts = try Tokens.token().split(separator: 46)
            return [Array(parts[0]), Array(parts[1]), []].joined(separator: [46]).map { $0 }
        },
        Case("a key of its own in the header", .signatureInvalid) {
            let jwk = try #require(Tokens.stranger.publicJWK).text
            return try Tokens.stranger.sign(
                header: #"{"alg":"ES256","kid":"one","jwk":\#(jwk)}"#, payload: Tokens.claims())
        },
        Case("another issuer", .issuerUnknown, claims: ["iss": #""https://evil.test""#]),
        Case("an issuer with a slash more", .issuerUnknown, claims: ["iss": #""https://issuer.test/""#]),
        Case("no issuer", .issuerUnknown, claims: ["iss": nil]),
        Case("an issuer that is no text", .claimMalformed, claims: ["iss": "1"]),
        Case("another audience", .audienceMismatch, claims: ["aud": #""web""#]),
        Case("other audiences", .audienceMismatch, claims: ["aud": #"["web","apix"]"#]),
        Case("no audience", .claimMissing, claims: ["aud": nil]),
        Case("audiences that are not all texts", .claimMalformed, claims: ["aud": #"["api",1]"#]),
        Case("expired", .tokenExpired, claims: ["exp": "\(Tokens.now - 1)"]),
        Case("expiring now", .tokenExpired, claims: ["exp": "\(Tokens.now)"]),
        Case("no expiry", .claimMissing, claims: ["exp": nil]),
        Case("an expiry that is text", .claimMalformed, claims: ["exp": "\"\(Tokens.now + 600)\""]),
        Case("an expiry without end", .claimMalformed, claims: ["exp": "1e400"]),
        Case("not valid yet", .tokenNotYetValid, claims: ["nbf": "\(Tokens.now + 1)"]),
        Case("issued later than now", .tokenNotYetValid, claims: ["iat": "\(Tokens.now + 1)"]),
        Case("a name of its own that is no text", .claimMalformed, claims: ["jti": "7"]),
        Case("a name of its own that is null", .claimMalformed, claims: ["jti": "null"]),
    ]

    @Test(arguments: cases)
    func `says why, twice alike, and leaves nothing in the cache`(_ entry: Case) throws {
        var gateway = try TestGateway(.test())
        let token = try entry.token()
        for _ in 0..<2 {
            let answer = gateway.get(token: token)
            #expect(answer.refusal == entry.code)
            #expect(answer.subject == nil)
        }
        #expect(gateway.cache.count == 0)
    }

    @Test func `of an issuer without keys is the gateway's fault`() throws {
        let empty = JWTAuthentication.test(issuers: [.test(jwks: #"{"keys":[]}"#)])
        var gateway = try TestGateway(empty)
        #expect(gateway.get(token: try Tokens.token()).refusal == .keysUnavailable)
    }

    @Test func `is refused by the rules of its own issuer`() throws {
        // The key of one issuer signs in the name of the other.
        let other = try SigningKey.generate(.es256, kid: "one")
        let issuers = [
            Issuer.test(), .test(names: ["https://other.test"], jwks: other.verificationJWKS.text),
        ]
        var gateway = try TestGateway(.test(issuers: issuers))
        #expect(gateway.get(token: try Tokens.token()).subject == "alice")
        let forged = try Tokens.token(["iss": #""https://issuer.test""#], key: other)
        #expect(gateway.get(token: forged).refusal == .signatureInvalid)
        #expect(gateway.get(token: try Tokens.token(["iss": #""https://other.test""#], key: other)).subject == "alice")
    }
}

@Suite struct `Token places` {
    private static let places: [TokenLocation] = [
        .header(name: "Authorization", prefix: "Bearer "), .header(name: "X-Token", prefix: ""),
        .queryParameter(name: "access_token"), .cookie(name: "session"),
    ]

    private static func gateway(
        _ presence: Presence = .strict, forwards: Bool = false, forwardsUnverified: Bool = false
    ) throws -> TestGateway {
        try TestGateway(
            .test(
                presence, locations: places, forwardsToken: forwards, forwardsUnverifiedToken: forwardsUnverified))
    }

    struct Found: Sendable, CustomTestStringConvertible {
        var name: String
        /// `§` stands for the token.
        var target = "/"
        var lines = ""
        /// What is forwarded once the token is out.
        var forwardedTarget = "/"
        var forwardedLines: [String] = []
        var testDescription: String { name }
    }

    static let found: [Found] = [
        Found(name: "header", lines: "Authorization: Bearer §\r\nX: 1\r\n", forwardedLines: ["X: 1"]),
        Found(name: "header in lower case", lines: "authorization: bearer §\r\n"),
        Found(name: "header in capitals", lines: "AUTHORIZATION: BEARER §\r\n"),
        Found(name: "blanks behind the scheme", lines: "Authorization: Bearer   §\r\n"),
        Found(name: "a header of its own", lines: "x-token: §\r\n"),
        Found(name: "query", target: "/?access_token=§"),
        Found(name: "query, first", target: "/a?access_token=§&b=1", forwardedTarget: "/a?b=1"),
        Found(name: "query, last", target: "/a?b=1&access_token=§", forwardedTarget: "/a?b=1"),
        Found(name: "query, between", target: "/a?b=1&access_token=§&c=2", forwardedTarget: "/a?b=1&c=2"),
        Found(name: "query, name escaped", target: "/a?b=1&%61ccess%5Ftoken=§", forwardedTarget: "/a?b=1"),
        Found(name: "query of a rewritten path", target: "/a/../b?c&access_token=§", forwardedTarget: "/b?c"),
        Found(
            name: "query beside names like it", target: "/?xaccess_token=1&access_token=§&access_tokens=2",
            forwardedTarget: "/?xaccess_token=1&access_tokens=2"),
        Found(name: "cookie", lines: "Cookie: session=§\r\n"),
        Found(name: "cookie, first", lines: "Cookie: session=§; a=1\r\n", forwardedLines: ["cookie: a=1"]),
        Found(name: "cookie, last", lines: "Cookie: a=1; session=§\r\n", forwardedLines: ["cookie: a=1"]),
        Found(name: "cookie, between", lines: "Cookie: a=1; session=§; b=2\r\n", forwardedLines: ["cookie: a=1; b=2"]),
        Found(
            name: "cookie in quotation marks", lines: "Cookie: a=1; session=\"§\"\r\n", forwardedLines: ["cookie: a=1"]),
        Found(
            name: "cookie without blanks", lines: "Cookie: a=1;session=§;b=2\r\n", forwardedLines: ["cookie: a=1; b=2"]),
        Found(
            name: "cookie of two lines", lines: "Cookie: a=1\r\nCookie: session=§; b=2\r\n",
            forwardedLines: ["Cookie: a=1", "cookie: b=2"]),
        Found(
            name: "cookie beside names like it", lines: "Cookie: xsession=1; session=§; sessions=2; Session=3\r\n",
            forwardedLines: ["cookie: xsession=1; sessions=2; Session=3"]),
        Found(name: "named by Connection", lines: "Connection: authorization\r\nAuthorization: Bearer §\r\n"),
    ]

    @Test(arguments: found)
    func `are found, and the token is taken out of what is forwarded`(_ entry: Found) throws {
        var gateway = try Self.gateway()
        let token = try Tokens.token().text
        let answer = gateway.get(
            entry.target.replacing("§", with: token), entry.lines.replacing("§", with: token))
        #expect(answer.refusal == nil)
        #expect(answer.subject == "alice")
        #expect(answer.target == entry.forwardedTarget)
        let added = ["Host:", "x-forwarded-"]
        let lines = answer.lines.dropFirst().filter { line in !added.contains { line.hasPrefix($0) } }
        #expect(Array(lines) == entry.forwardedLines)
        #expect(!answer.head.contains(token))
    }

    @Test(arguments: found)
    func `are left as they are where the token is to be forwarded`(_ entry: Found) throws {
        guard entry.name != "named by Connection" else { return }
        var gateway = try Self.gateway(forwards: true)
        let token = try Tokens.token().text
        let answer = gateway.get(entry.target.replacing("§", with: token), entry.lines.replacing("§", with: token))
        #expect(answer.subject == "alice")
        #expect(answer.head.contains(token))
    }

    struct Ambiguous: Sendable, CustomTestStringConvertible {
        var name: String
        var target = "/"
        var lines = ""
        var testDescription: String { name }
    }

    static let ambiguous: [Ambiguous] = [
        Ambiguous(name: "two lines", lines: "Authorization: Bearer §\r\nAuthorization: Bearer §\r\n"),
        Ambiguous(
            name: "two lines, one of another scheme", lines: "Authorization: Bearer §\r\nAuthorization: Basic x\r\n"),
        Ambiguous(name: "two lines, one empty", lines: "Authorization: Bearer §\r\nAuthorization:\r\n"),
        Ambiguous(name: "header and query", target: "/?access_token=§", lines: "Authorization: Bearer §\r\n"),
        Ambiguous(
            name: "header and a bad one in the query", target: "/?access_token=x", lines: "Authorization: Bearer §\r\n"),
        Ambiguous(name: "header and cookie", lines: "Authorization: Bearer §\r\nCookie: session=§\r\n"),
        Ambiguous(name: "header and header", lines: "Authorization: Bearer §\r\nX-Token: §\r\n"),
        Ambiguous(name: "query twice", target: "/?access_token=§&access_token=§"),
        Ambiguous(name: "query twice, once escaped", target: "/?access_token=§&access%5ftoken=x"),
        Ambiguous(name: "query twice, once empty", target: "/?access_token=&access_token=§"),
        Ambiguous(name: "cookie twice", lines: "Cookie: session=§; session=§\r\n"),
        Ambiguous(name: "cookie in two lines", lines: "Cookie: session=§\r\nCookie: a=1; session=x\r\n"),
    ]

    @Test(arguments: ambiguous)
    func `of which two hold a token are refused, whichever is good`(_ entry: Ambiguous) throws {
        let token = try Tokens.token().text
        for presence in [Presence.strict, .optional] {
            var gateway = try Self.gateway(presence)
            let answer = gateway.get(entry.target.replacing("§", with: token), entry.lines.replacing("§", with: token))
            #expect(answer.refusal == .tokenAmbiguous)
        }
    }

    @Test(arguments: ambiguous)
    func `of which two hold a token prove nothing in permissive mode, and neither is forwarded`(_ entry: Ambiguous)
        throws
    {
        let token = try Tokens.token().text
        for forwardsUnverified in [false, true] {
            var gateway = try Self.gateway(.permissive, forwardsUnverified: forwardsUnverified)
            let answer = gateway.get(entry.target.replacing("§", with: token), entry.lines.replacing("§", with: token))
            #expect(answer.refusal == nil)
            #expect(answer.subject == nil)
            #expect(!answer.head.contains(token))
        }
    }

    @Test(arguments: [
        "Authorization: Bearer\r\n", "Authorization: Bearer \r\n", "Authorization: Bearerx\r\n", "Authorization:\r\n",
        "Authorization: Token §\r\n", "Authorization: §\r\n", "X-Authorization: Bearer §\r\n",
        "Proxy-Authorization: Bearer §\r\n",
        "Cookie: session=\r\n", "Cookie: session\r\n", "Cookie: session=\"\"\r\n", "Cookie: Session=§\r\n",
        "X-Token:\r\n",
    ])
    func `without a token count as none`(_ lines: String) throws {
        var gateway = try Self.gateway()
        let token = try Tokens.token().text
        let answer = gateway.get("/", lines.replacing("§", with: token))
        #expect(answer.refusal == .tokenMissing)
    }

    @Test(arguments: ["/?access_token", "/?access_token=", "/?Access_Token=x", "/?a=access_token=x", "/access_token=x"])
    func `in the query without a token count as none`(_ target: String) throws {
        var gateway = try Self.gateway()
        #expect(gateway.get(target).refusal == .tokenMissing)
    }

    @Test func `of two phases are all taken out`() throws {
        let token = try Tokens.token().text
        let cookies = GatewayConfiguration(
            [.named("backend")],
            [
                .jwt(.test(locations: [.cookie(name: "outer")]), phase: .gateway),
                .jwt(.test(locations: [.cookie(name: "inner")])),
            ])
        var gateway = try TestGateway(cookies)
        let answer = gateway.get("/", "Cookie: a=1; outer=\(token); inner=\(token); b=2\r\n")
        #expect(answer.subject == "alice")
        #expect(answer.value(of: "cookie") == "a=1; b=2")
        let parameters = GatewayConfiguration(
            [.named("backend")],
            [
                .jwt(.test(locations: [.queryParameter(name: "outer")]), phase: .gateway),
                .jwt(.test(locations: [.queryParameter(name: "inner")])),
            ])
        gateway = try TestGateway(parameters)
        #expect(gateway.get("/?outer=\(token)&a=1&inner=\(token)").target == "/?a=1")
    }

    @Test func `of one phase are read by the other as they were received`() throws {
        let configuration = GatewayConfiguration(
            [.named("backend")], [.jwt(.test(), phase: .gateway), .jwt(.test())])
        var gateway = try TestGateway(configuration)
        let answer = gateway.get(token: try Tokens.token())
        #expect(answer.subject == "alice")
        #expect(answer.value(of: "Authorization") == nil)
    }

    @Test func `cost linear time to search`() throws {
        var gateway = try Self.gateway(.optional)
        let query = "/?" + String(repeating: "a&", count: 8000)
        let cookies = String(repeating: "Cookie: \(String(repeating: "x", count: 450))\r\n", count: 120)
        let time = ContinuousClock().measure {
            for _ in 0..<5 {
                #expect(gateway.get(query).refusal == nil)
                #expect(gateway.get("/", cookies).refusal == nil)
            }
        }
        // Where each parameter looks for its `=` up to the end of the query, this takes half a minute.
        #expect(time < .seconds(2))
    }
}
