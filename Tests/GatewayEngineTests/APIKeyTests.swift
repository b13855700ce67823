import GatewayEngine
import GatewayModel
import Testing

@Suite struct `An API key` {
    private static let digest: [UInt8] = [  // Of "test".
        0x9F, 0x86, 0xD0, 0x81, 0x88, 0x4C, 0x7D, 0x65, 0x9A, 0x2F, 0xEA, 0xA0, 0xC5, 0x5A, 0xD0, 0x15,
        0xA3, 0xBF, 0x4F, 0x1B, 0x2B, 0x0B, 0x82, 0x2C, 0xD1, 0x5D, 0x6C, 0x15, 0xB0, 0xF0, 0x0A, 0x08,
    ]
    private static let keys = [
        APIKey(secret: .text("sk-alice"), metadata: Array(#"{"user":"alice"}"#.utf8), provenance: here),
        APIKey(secret: .sha256(digest), metadata: Array(#"{"user":"bob"}"#.utf8), provenance: here),
    ]

    private static func policy(
        _ presence: Presence = .strict, _ locations: [TokenLocation] = [.header(name: "X-Key", prefix: "")],
        forwards: Bool = false, forwardsUnverified: Bool = false
    ) -> Policy {
        .apiKeys(
            APIKeyAuthentication(
                handling: CredentialHandling(
                    presence: presence, locations: locations, forwardsVerified: forwards,
                    forwardsUnverified: forwardsUnverified, realm: "test"),
                keys: keys))
    }

    private static func gateway(_ policies: Policy..., rules: [AuthorizationRule] = []) throws -> TestGateway {
        try TestGateway(GatewayConfiguration([.named("backend")], policies.map { .policy($0) } + [.rules(rules)]))
    }

    typealias Case = CredentialCase

    static let cases: [Case] = [
        Case(.strict, "", .apiKeyMissing), Case(.strict, "X-Key: sk-alice\r\n"), Case(.strict, "X-Key: test\r\n"),
        Case(.strict, "X-Key: sk-alic\r\n", .apiKeyInvalid), Case(.strict, "X-Key: sk-alice2\r\n", .apiKeyInvalid),
        Case(.strict, "X-Key: SK-ALICE\r\n", .apiKeyInvalid), Case(.strict, "X-Key:\r\n", .apiKeyMissing),
        Case(.strict, "X-Key: sk-alice\r\nX-Key: sk-alice\r\n", .credentialsAmbiguous),
        Case(.optional, ""), Case(.optional, "X-Key: test\r\n"), Case(.optional, "X-Key: no\r\n", .apiKeyInvalid),
        Case(.optional, "X-Key: test\r\nX-Key: test\r\n", .credentialsAmbiguous),
        Case(.permissive, ""), Case(.permissive, "X-Key: test\r\n"), Case(.permissive, "X-Key: no\r\n"),
        Case(.permissive, "X-Key: test\r\nX-Key: test\r\n"),
    ]

    @Test(arguments: cases)
    func `decides with its presence what passes`(_ entry: Case) throws {
        var gateway = try Self.gateway(Self.policy(entry.presence))
        let answer = gateway.get("/", entry.lines)
        #expect(answer.refusal == entry.refusal)
        #expect(!answer.head.lowercased().contains("x-key"))
    }

    @Test func `says by its metadata who sent it, and only if it is valid`() throws {
        let rules: [AuthorizationRule] = [.require(#"apiKey != null && apiKey.user == "bob""#)]
        var strict = try Self.gateway(Self.policy(), rules: rules)
        #expect(strict.get("/", "X-Key: test\r\n").refusal == nil)
        #expect(strict.get("/", "X-Key: sk-alice\r\n").refusal == .authorizationDenied)
        var permissive = try Self.gateway(Self.policy(.permissive), rules: rules)
        #expect(permissive.get("/", "X-Key: test\r\n").refusal == nil)
        #expect(permissive.get("/", "X-Key: no\r\n").refusal == .authorizationDenied)
        #expect(permissive.get("/", "X-Key: test\r\nX-Key: test\r\n").refusal == .authorizationDenied)
        #expect(permissive.get("/").refusal == .authorizationDenied)
    }

    @Test func `is no text for rules`() throws {
        let error = #expect(throws: TestGateway.Invalid.self) {
            try Self.gateway(Self.policy(), rules: [.allow(#"apiKey.key == "test""#)])
        }
        #expect(error?.diagnostics.first?.message.contains("is a secret") == true)
    }

    @Test func `stands in a query in any of its encodings, and is taken out`() throws {
        var gateway = try Self.gateway(Self.policy(.strict, [.queryParameter(name: "key")]))
        for key in ["sk-alice", "%73k-alice", "sk%2Dalice"] {
            let answer = gateway.get("/?a=1&key=\(key)&b=2")
            #expect(answer.refusal == nil)
            #expect(answer.target == "/?a=1&b=2")
        }
    }

    @Test func `stays where that is asked for`() throws {
        var forwarding = try Self.gateway(Self.policy(.permissive, forwards: true))
        #expect(forwarding.get("/", "X-Key: test\r\n").value(of: "X-Key") == "test")
        #expect(forwarding.get("/", "X-Key: no\r\n").value(of: "X-Key") == nil)
        var passing = try Self.gateway(Self.policy(.permissive, forwardsUnverified: true))
        #expect(passing.get("/", "X-Key: test\r\n").value(of: "X-Key") == nil)
        #expect(passing.get("/", "X-Key: no\r\n").value(of: "X-Key") == "no")
    }

    @Test func `is asked for beside a token where both policies are there, the token first`() throws {
        var gateway = try Self.gateway(Self.policy(), .jwtAuthentication(.test()))
        let token = try Tokens.token().text
        #expect(gateway.get("/").refusal == .tokenMissing)
        #expect(gateway.get("/", "X-Key: test\r\n").refusal == .tokenMissing)
        #expect(gateway.get("/", "Authorization: Bearer \(token)\r\n").refusal == .apiKeyMissing)
        let answer = gateway.get("/", "Authorization: Bearer \(token)\r\nX-Key: test\r\n")
        #expect(answer.refusal == nil)
        #expect(answer.value(of: "Authorization") == nil)
        #expect(answer.value(of: "X-Key") == nil)
    }

    @Test func `that is strict leaves no request without a token to point out`() throws {
        let gateway = try Self.gateway(
            Self.policy(), .jwtAuthentication(.test(.optional)), rules: [.deny("has(jwt.sub) && jwt.sub == 'x'")])
        #expect(gateway.diagnostics.isEmpty)
    }

    @Test func `that is there twice is an error, be it as its hash`() throws {
        let keys = Self.keys + [APIKey(secret: .text("test"), metadata: Array("{}".utf8), provenance: here)]
        let handling = CredentialHandling(
            presence: .strict, locations: [.cookie(name: "a")], forwardsVerified: false, forwardsUnverified: false,
            realm: "test")
        let error = #expect(throws: TestGateway.Invalid.self) {
            try Self.gateway(.apiKeys(APIKeyAuthentication(handling: handling, keys: keys)))
        }
        #expect(error?.diagnostics.map(\.code) == ["key_duplicate"])
    }

    // MARK: - Beside a token at the same place

    private static let bearer: [TokenLocation] = [.header(name: "Authorization", prefix: "Bearer ")]

    @Test(arguments: [
        (Presence.permissive, Presence.optional, "token", RefusalCode?.none),
        (.permissive, .optional, "sk-alice", nil), (.permissive, .optional, "other", .apiKeyInvalid),
        (.permissive, .optional, "", nil), (.permissive, .strict, "token", .apiKeyMissing),
        (.permissive, .strict, "sk-alice", nil), (.permissive, .strict, "other", .apiKeyInvalid),
        (.optional, .optional, "token", nil), (.optional, .optional, "sk-alice", .tokenMalformed),
        (.strict, .optional, "token", nil), (.strict, .strict, "token", .apiKeyMissing),
        (.strict, .permissive, "sk-alice", .tokenMalformed), (.permissive, .optional, "forged", .apiKeyInvalid),
    ])
    func `is not looked for in a token that was verified`(
        _ token: Presence, _ key: Presence, _ sent: String, _ refusal: RefusalCode?
    ) throws {
        let text =
            switch sent {
            case "token": try Tokens.token().text
            case "forged": try Tokens.token(key: Tokens.stranger).text
            default: sent
            }
        var gateway = try Self.gateway(.jwtAuthentication(.test(token)), Self.policy(key, Self.bearer))
        let answer = gateway.get("/", sent.isEmpty ? "" : "Authorization: Bearer \(text)\r\n")
        #expect(answer.refusal == refusal)
        #expect(answer.subject == (sent == "token" && refusal == nil ? "alice" : nil))
        #expect(!answer.head.contains(text) || sent.isEmpty)
    }

    @Test func `that the listener has verified is no token to the route`() throws {
        let attachments: [GatewayModel.Attachment] = [
            .policy(Self.policy(.permissive, Self.bearer), .listener(ListenerID("listener")), phase: .gateway),
            .jwt(.test(.optional), .route(RouteID("backend"))),
        ]
        var gateway = try TestGateway(GatewayConfiguration([.named("backend")], attachments))
        #expect(gateway.get("/", "Authorization: Bearer sk-alice\r\n").upstream == "backend")
        #expect(gateway.get("/", "Authorization: Bearer other\r\n").refusal == .tokenMalformed)
        #expect(gateway.get(token: try Tokens.token()).subject == "alice")
        // Nor is it another one's of the next request.
        #expect(gateway.get("/", "Authorization: Bearer other\r\n").refusal == .tokenMalformed)
    }

    @Test func `that falls short of a combination leaves the text of the token before it`() throws {
        let keys = APIKeyAuthentication(
            handling: CredentialHandling(
                presence: .strict, locations: [.header(name: "X-Key", prefix: "")], forwardsVerified: false,
                forwardsUnverified: false, realm: "test"),
            keys: Self.keys)
        let combined = CombinedAuthentication(
            presence: .permissive,
            requirement: .allOf([.token(.test(locations: [.queryParameter(name: "token")]), here), .apiKey(keys)]))
        let header = Transformation.Field(
            name: "x-token", value: Expression("jwt.rawToken.unredacted()", at: here), provenance: here)
        let change = Transformation.Change(
            add: [], set: [header], remove: [], replace: nil, body: nil, metadata: [])
        let attachments: [GatewayModel.Attachment] = [
            .jwt(.test(), .listener(ListenerID("listener")), phase: .gateway), .policy(.combined(combined)),
            .policy(.transformation(Transformation(choices: [.init(condition: nil, request: change, response: [])]))),
        ]
        var gateway = try TestGateway(GatewayConfiguration([.named("backend")], attachments))
        let own = try Tokens.token().text
        let other = try Tokens.token(["sub": #""bob""#]).text
        let answer = gateway.get("/?token=\(other)", "Authorization: Bearer \(own)\r\n")
        #expect(answer.subject == "alice")
        #expect(answer.value(of: "x-token") == own)
    }
}
