import Bytes
import JOSE
import Testing

@Suite("Claims")
struct ClaimTests {
    private let key: SigningKey
    private let keySet: KeySet

    init() throws {
        key = try SigningKey.generate(.es256)
        keySet = Sample.keySet(of: key)
    }

    /// The error of a token of these claims beside `iss`, or nil if it passes.
    private func error(_ claims: String, _ change: (inout IssuerRules) -> Void) throws -> TokenError? {
        var rules = Sample.rules
        change(&rules)
        let payload = #"{"iss":"https://issuer.test"\#(claims.isEmpty ? "" : ",")\#(claims)}"#
        return try Sample.error(key.token(claims: payload), rules, keySet)
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let claims: String
        let error: TokenError?
        var testDescription: String { claims }

        init(_ claims: String, _ error: TokenError? = nil) {
            self.claims = claims
            self.error = error
        }
    }

    @Test(arguments: [
        Case(#""aud":"api""#),
        Case(#""aud":["api"]"#),
        Case(#""aud":["other","api"]"#),
        Case(#""aud":"\u0061pi""#),
        Case(#""aud":"API""#, .audienceMismatch),
        Case(#""aud":"api2""#, .audienceMismatch),
        Case(#""aud":"ap""#, .audienceMismatch),
        Case(#""aud":"other api""#, .audienceMismatch),
        Case(#""aud":"""#, .audienceMismatch),
        Case(#""aud":["other"]"#, .audienceMismatch),
        Case(#""aud":[]"#, .audienceMismatch),
        Case(#""aud":[1]"#, .claimMalformed),
        Case(#""aud":["api",1]"#, .claimMalformed),
        Case(#""aud":{"api":1}"#, .claimMalformed),
        Case(#""aud":1"#, .claimMalformed),
        Case(#""aud":null"#, .audienceMissing),
        Case("", .audienceMissing),
    ])
    func `asks for one of the audiences`(_ test: Case) throws {
        #expect(try error(test.claims) { $0.audiences = ["api", "spare"] } == test.error)
    }

    @Test(arguments: [
        Case(#""sub":"alice""#),
        Case(#""sub":"team/red/bob""#),
        Case(#""sub":"bob@example.com""#),
        Case(#""sub":"x-robot-y""#),
        Case(#""sub":"Alice""#, .subjectNotAllowed),
        Case(#""sub":"alice ""#, .subjectNotAllowed),
        Case(#""sub":"""#, .subjectNotAllowed),
        // Precomposed and decomposed letters are different identities.
        Case(#""sub":"jose\u0301""#, .subjectNotAllowed),
        Case("", .subjectMissing),
    ])
    func `asks for one of the subjects`(_ test: Case) throws {
        let rules: [TextMatcher] = [
            .exact("alice"), .prefix("team/"), .suffix("@example.com"), .contains("-robot-"), .exact("jos\u{E9}"),
        ]
        #expect(try error(test.claims) { $0.subjects = rules } == test.error)
    }

    @Test(arguments: [
        Case(#""scope":"read write""#),
        Case(#""scope":"write  read""#),
        Case(#""scope":["read","write"]"#),
        Case(#""scp":"read write""#),
        Case(#""scp":["write","read"]"#),
        Case(#""scope":"read","scp":["write"]"#),
        Case(#""scope":"read""#, .scopeInsufficient),
        Case(#""scope":"readwrite""#, .scopeInsufficient),
        Case(#""scope":"read write2""#, .scopeInsufficient),
        Case(#""scope":["read write"]"#, .scopeInsufficient),
        Case(#""scope":"""#, .scopeInsufficient),
        Case(#""scope":{"read":1,"write":1}"#, .scopeInsufficient),
        Case("", .scopeInsufficient),
    ])
    func `asks for all scopes`(_ test: Case) throws {
        #expect(try error(test.claims) { $0.requiredScopes = ["read", "write"] } == test.error)
    }

    struct RuleCase: CustomTestStringConvertible, Sendable {
        let rule: ClaimRule
        let error: TokenError?
        var testDescription: String { "\(rule.path) \(rule.condition)" }

        init(_ path: [String], _ condition: ClaimRule.Condition, _ error: TokenError? = nil) {
            rule = ClaimRule(path: path, condition: condition)
            self.error = error
        }
    }

    @Test(arguments: [
        RuleCase(["tenant"], .equals(.string("red"))),
        RuleCase(["tenant"], .equals(.string("blue")), .claimMismatch),
        RuleCase(["tenant"], .oneOf([.string("blue"), .string("red")])),
        RuleCase(["tenant"], .contains(.string("red")), .claimMismatch),
        RuleCase(["realm_access", "roles"], .contains(.string("admin"))),
        RuleCase(["realm_access", "roles"], .isOrContains(.string("admin"))),
        RuleCase(["realm_access", "roles"], .isOrContains(.string("adm")), .claimMismatch),
        RuleCase(["realm_access", "roles"], .contains(.string("adm")), .claimMismatch),
        RuleCase(["realm_access", "roles"], .equals(.string("admin")), .claimMismatch),
        RuleCase(["realm_access", "groups"], .present, .claimMissing),
        RuleCase(["realm_access", "roles", "admin"], .present, .claimMissing),
        RuleCase(["nothing"], .present, .claimMissing),
        RuleCase(["none"], .present, .claimMissing),
        RuleCase(["level"], .equals(.integer(3))),
        RuleCase(["level"], .equals(.number(3))),
        RuleCase(["level"], .equals(.string("3")), .claimMismatch),
        RuleCase(["half"], .equals(.number(0.5))),
        RuleCase(["big"], .equals(.integer(9_007_199_254_740_993))),
        RuleCase(["big"], .equals(.integer(9_007_199_254_740_992)), .claimMismatch),
        RuleCase(["flag"], .equals(.boolean(true))),
        RuleCase(["flag"], .equals(.string("true")), .claimMismatch),
        RuleCase(["https://example.com/dotted.name"], .equals(.integer(1))),
    ])
    func `judges claims by path`(_ test: RuleCase) throws {
        let claims = #"""
            "tenant":"red","realm_access":{"roles":["user","admin"]},"none":null,"level":3,"half":5e-1,
            "big":9007199254740993,"flag":true,"https://example.com/dotted.name":1
            """#
        #expect(try error(claims) { $0.claims = [test.rule] } == test.error)
    }

    @Test(arguments: [
        ("iss", TokenError?.none), ("exp", .expirationMissing), ("nbf", .notBeforeMissing),
        ("iat", .issuedAtMissing), ("sub", .subjectMissing), ("aud", .audienceMissing), ("jti", .claimMissing),
        ("client_id", .claimMissing),
    ])
    func `asks for required claims with codes of their own`(_ claim: String, _ expected: TokenError?) throws {
        #expect(try error("") { $0.requiredClaims = [claim] } == expected)
    }

    @Test
    func `needs the claims of the access token profile`() throws {
        let all = #""exp":1800000600,"aud":"a","sub":"s","client_id":"c","iat":1799999999,"jti":"j""#
        let profile: (inout IssuerRules) -> Void = { $0.requireAccessTokenProfile() }
        #expect(try error(all, profile) == .wrongType)
        var rules = Sample.rules
        rules.requireAccessTokenProfile()
        let payload = #"{"iss":"https://issuer.test",\#(all)}"#
        #expect(try Sample.error(key.token(claims: payload, type: "application/AT+JWT"), rules, keySet) == nil)
        let less = payload.replacing(#","client_id":"c""#, with: "")
        #expect(try Sample.error(key.token(claims: less, type: "at+jwt"), rules, keySet) == .claimMissing)
    }

    @Test(arguments: [
        #""sub":7"#, #""sub":null"#, #""jti":7"#, #""jti":["a"]"#, #""jti":null"#, #""aud":7"#, #""aud":{}"#,
        #""aud":["a",null]"#, #""exp":"2""#, #""nbf":"2""#, #""iat":"2""#,
    ])
    func `refuses registered claims of another type than theirs`(_ claim: String) throws {
        #expect(try error(claim) { _ in } == .claimMalformed)
    }

    @Test(arguments: [
        Case(#""sub":7,"jti":[1],"aud":{},"iat":"now""#),
        Case(#""exp":"2""#, .claimMalformed),
        Case(#""nbf":"2""#, .claimMalformed),
    ])
    func `lets claims that no rule asks for be anything where the rules say so`(_ test: Case) throws {
        #expect(try error(test.claims) { $0.ignoresUnaskedClaims = true } == test.error)
    }

    @Test func `judges what a rule asks for all the same`() throws {
        func refused(_ claims: String, _ change: (inout IssuerRules) -> Void) throws -> TokenError? {
            try error(claims) { rules in
                rules.ignoresUnaskedClaims = true
                change(&rules)
            }
        }
        #expect(try refused(#""aud":7"#) { $0.audiences = ["api"] } == .claimMalformed)
        #expect(try refused(#""sub":7"#) { $0.subjects = [.prefix("")] } == .claimMalformed)
        #expect(try refused(#""iat":"now""#) { $0.refusesFutureIssuedAt = true } == .claimMalformed)
        #expect(try refused(#""iat":"now""#) { $0.maxLifetimeSeconds = 1 } == .claimMalformed)
    }

    @Test(arguments: [
        (String?.none, true), ("JWT", true), ("jwt", true), ("application/jwt", true), ("at+jwt", true),
        ("AT+JWT", true), ("Application/At+Jwt", true), ("", false), ("dpop+jwt", false), ("logout+jwt", false),
        ("JWT ", false), ("application/", false), ("application/application/jwt", false), ("text/jwt", false),
    ])
    func `admits ordinary types only`(_ type: String?, _ isAdmitted: Bool) throws {
        let token = try key.token(claims: Sample.claims, type: type)
        #expect(try Sample.error(token, Sample.rules, keySet) == (isAdmitted ? nil : .wrongType))
        var anything = Sample.rules
        anything.type = .any
        #expect(try Sample.error(token, anything, keySet) == nil)
    }

    @Test
    func `refuses a bound token without its proof`() throws {
        let claims = #""cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#
        #expect(try error(claims) { _ in } == .tokenBound)
        #expect(try error(claims) { $0.allowsUnprovenBinding = true } == nil)
        #expect(try error(#""cnf":null"#) { _ in } == nil)
    }

    @Test
    func `tells the signature's failure before any claim's`() throws {
        let other = try SigningKey.generate(.es256, kid: key.kid)
        var rules = Sample.rules
        rules.audiences = ["nobody"]
        let token = try other.token(claims: #"{"iss":"https://issuer.test","exp":1}"#)
        #expect(try Sample.error(token, rules, keySet) == .signatureInvalid)
    }
}

extension Sample {
    /// The error of a token under one provider, or nil if it passes.
    static func error(
        _ token: [UInt8], _ rules: IssuerRules, _ keys: KeySet..., now: Int64 = Sample.now
    ) throws -> TokenError? {
        do {
            _ = try TokenVerifier(providers: [(rules, keys)]).verify(token, now: now)
            return nil
        } catch {
            return error
        }
    }
}
