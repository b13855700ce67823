import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `A combination of credentials` {
    private static func handling(
        _ location: TokenLocation, forwards: Bool = false
    ) -> CredentialHandling {
        CredentialHandling(
            presence: .strict, locations: [location], forwardsVerified: forwards, forwardsUnverified: false,
            realm: "test")
    }

    private static func key(
        _ text: String, at location: TokenLocation = .header(name: "X-Key", prefix: ""), forwards: Bool = false
    ) -> AuthenticationRequirement {
        .apiKey(
            APIKeyAuthentication(
                handling: handling(location, forwards: forwards),
                keys: [
                    APIKey(secret: .text(text), metadata: Array(#"{"name":"\#(text)"}"#.utf8), provenance: here)
                ]))
    }

    private static func token(
        at location: TokenLocation = .header(name: "Authorization", prefix: "Bearer "), forwards: Bool = false,
        headers: [ClaimHeader] = []
    ) -> AuthenticationRequirement {
        var issuer = Issuer.test()
        issuer.claimHeaders = headers
        return .token(.test(locations: [location], issuers: [issuer], forwardsToken: forwards), here)
    }

    private static let password = AuthenticationRequirement.password(
        BasicAuthentication(
            handling: handling(.header(name: "X-Login", prefix: "Basic ")),
            users: TextSource(origin: .inline("bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="), provenance: here)))

    private static func gateway(
        _ requirement: AuthenticationRequirement, _ presence: Presence = .strict, rules: [AuthorizationRule] = [],
        logsOnly: Bool = false
    ) throws -> TestGateway {
        let policy = Policy.combined(
            CombinedAuthentication(presence: presence, requirement: requirement, logsOnly: logsOnly))
        return try TestGateway(GatewayConfiguration([.named("backend")], [.policy(policy), .rules(rules)]))
    }

    private static let bad = "Authorization: Bearer a.b.c\r\n"

    private static func good() throws -> String { "Authorization: Bearer \(try Tokens.token().text)\r\n" }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var requirement: AuthenticationRequirement
        var presence = Presence.strict
        /// Field lines, with `TOKEN` for a good token's.
        var lines: String
        var refusal: RefusalCode?
    }

    static let either = AuthenticationRequirement.anyOf([token(), key("k")])
    static let both = AuthenticationRequirement.allOf([token(), key("k")])
    static let mixed = AuthenticationRequirement.anyOf([.allOf([token(), key("k")]), key("l", at: .cookie(name: "l"))])

    static let cases: [Case] = [
        Case(testDescription: "the first alternative", requirement: either, lines: "TOKEN"),
        Case(testDescription: "the second", requirement: either, lines: "X-Key: k\r\n"),
        Case(testDescription: "the second beside a bad first", requirement: either, lines: bad + "X-Key: k\r\n"),
        Case(testDescription: "the first beside a bad second", requirement: either, lines: "TOKENX-Key: no\r\n"),
        Case(testDescription: "no alternative", requirement: either, lines: "", refusal: .credentialsMissing),
        Case(testDescription: "one that is bad", requirement: either, lines: bad, refusal: .tokenMalformed),
        Case(
            testDescription: "two that are bad", requirement: either, lines: bad + "X-Key: no\r\n",
            refusal: .credentialsInvalid),
        Case(
            testDescription: "one alternative twice, beside a good one", requirement: either,
            lines: "TOKENTOKENX-Key: k\r\n", refusal: .tokenAmbiguous),
        Case(testDescription: "both conditions", requirement: both, lines: "TOKENX-Key: k\r\n"),
        Case(testDescription: "the first alone", requirement: both, lines: "TOKEN", refusal: .apiKeyMissing),
        Case(testDescription: "the second alone", requirement: both, lines: "X-Key: k\r\n", refusal: .tokenMissing),
        Case(testDescription: "both of one alternative", requirement: mixed, lines: "TOKENX-Key: k\r\n"),
        Case(testDescription: "half of one and the other", requirement: mixed, lines: "TOKENCookie: l=l\r\n"),
        Case(testDescription: "half of one", requirement: mixed, lines: "TOKEN", refusal: .credentialsMissing),
        Case(testDescription: "optional, with nothing", requirement: either, presence: .optional, lines: ""),
        Case(
            testDescription: "optional, with a bad one", requirement: either, presence: .optional, lines: bad,
            refusal: .tokenMalformed),
        Case(
            testDescription: "optional, half of all", requirement: both, presence: .optional, lines: "TOKEN",
            refusal: .apiKeyMissing),
        Case(
            testDescription: "permissive, with bad ones", requirement: either, presence: .permissive,
            lines: bad + bad + "X-Key: no\r\n"),
    ]

    @Test(arguments: cases)
    func `is decided on, and none of it goes further`(_ entry: Case) throws {
        var gateway = try Self.gateway(entry.requirement, entry.presence)
        let answer = gateway.get("/", entry.lines.replacing("TOKEN", with: try Self.good()) + "X-Other: stays\r\n")
        #expect(answer.refusal == entry.refusal)
        guard entry.refusal == nil else { return }
        for name in ["Authorization", "X-Key", "Cookie"] { #expect(answer.value(of: name) == nil) }
        #expect(answer.value(of: "X-Other") == "stays")
    }

    @Test(arguments: cases)
    func `is logged where the policy only logs, and what proves nothing goes no further`(_ entry: Case) throws {
        var gateway = try Self.gateway(
            entry.requirement, entry.presence,
            rules: [.require("jwt != null || apiKey != null || request.path != '/who'")],
            logsOnly: true)
        let lines = entry.lines.replacing("TOKEN", with: try Self.good())
        let answer = gateway.get("/", lines)
        #expect(answer.refusal == nil)
        #expect(gateway.scratch.loggedRefusals.map(\.code) == (entry.refusal.map { [$0] } ?? []))
        for name in ["Authorization", "X-Key", "Cookie"] { #expect(answer.value(of: name) == nil) }
        // Whoever would have been refused is nobody.
        if entry.refusal != nil { #expect(gateway.get("/who", lines).refusal == .authorizationDenied) }
    }

    @Test func `that only logs waits for a password, once`() throws {
        let users = TextSource(origin: .inline("finn:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="), provenance: here)
        let password = AuthenticationRequirement.password(
            BasicAuthentication(handling: Self.handling(.header(name: "X-Login", prefix: "Basic ")), users: users))
        var gateway = try Self.gateway(.allOf([Self.key("k"), password]), logsOnly: true)
        let lines = "X-Key: k\r\nX-Login: Basic \(Base64Text.encode(Array("finn:secret".utf8)).text)\r\n"
        #expect(gateway.get("/", lines).refusal == .passwordsBusy)
        gateway.hasAwaitedPassword = true
        let answer = gateway.get("/", lines)
        #expect(answer.refusal == nil && answer.value(of: "X-Login") == nil && answer.value(of: "X-Key") == nil)
        #expect(gateway.scratch.loggedRefusals.map(\.code) == [.passwordsBusy])
    }

    @Test func `says who sent the request by the first that holds, and by nothing of what did not hold`() throws {
        let subject = ClaimHeader(
            name: "X-Sub", path: ["sub"], listFormat: .csv, encoding: .plain, provenance: here)
        var gateway = try Self.gateway(
            .anyOf([
                .allOf([Self.token(headers: [subject]), Self.key("a")]), Self.key("b"),
            ]), rules: [.require("(jwt != null) == (request.path == '/token')"), .require("apiKey != null")])
        let whole = gateway.get("/token", try Self.good() + "X-Key: a\r\n")
        #expect(whole.refusal == nil)
        #expect(whole.value(of: "X-Sub") != nil)
        let half = gateway.get("/key", try Self.good() + "X-Key: b\r\n")
        #expect(half.refusal == nil)
        #expect(half.value(of: "X-Sub") == nil)
    }

    @Test func `forwards what held and is to be kept, and nothing that merely stands in its place`() throws {
        let place = TokenLocation.header(name: "Authorization", prefix: "Bearer ")
        var gateway = try Self.gateway(.anyOf([Self.token(), Self.key("k", at: place, forwards: true)]))
        #expect(gateway.get("/", "Authorization: Bearer k\r\n").value(of: "Authorization") == "Bearer k")
        #expect(gateway.get("/", try Self.good()).value(of: "Authorization") == nil)
        // Held, but of an alternative that did not.
        var halves = try Self.gateway(
            .anyOf([.allOf([Self.token(forwards: true), Self.key("a")]), Self.key("b")]))
        let half = halves.get("/", try Self.good() + "X-Key: b\r\n")
        #expect(half.refusal == nil)
        #expect(half.value(of: "Authorization") == nil)
    }

    @Test func `waits for a password, and takes what comes behind it only when it is wrong`() throws {
        var gateway = try Self.gateway(.anyOf([Self.password, Self.key("k")]), rules: [.require("basicAuth != null")])
        let login = { (text: String) in "X-Login: Basic \(Base64Text.encode(Array(text.utf8)).text)\r\nX-Key: k\r\n" }
        for (text, refusal) in [("bob:secret", nil), ("bob:combined", RefusalCode.authorizationDenied)] {
            var answer = gateway.get("/", login(text))
            if answer.refusal == .passwordsBusy, let check = gateway.passwordCheck, check.begin() {
                check.run()
                answer = gateway.get("/", login(text))
            }
            #expect(answer.refusal == refusal)
        }
    }

    @Test func `gets new keys with the snapshot`() throws {
        let gateway = try Self.gateway(Self.either)
        let renewed = gateway.snapshot.renewed(KeyMaterial())
        let place = try #require(gateway.snapshot.places.first)
        let before = try #require(gateway.snapshot.authentications(at: place).first)
        let after = try #require(renewed.authentications(at: place).first)
        let token = try Tokens.token().text
        _ = try before.verifier.verify(Array(token.utf8).span, now: Tokens.now)
        #expect(throws: TokenError.keysUnavailable) {
            _ = try after.verifier.verify(Array(token.utf8).span, now: Tokens.now)
        }
    }
}
