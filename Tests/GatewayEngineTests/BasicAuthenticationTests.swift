import Bytes
import GatewayEngine
import GatewayModel
import Testing

@Suite struct `A password` {
    private static func policy(
        _ presence: Presence = .strict, users: String = users, forwardsUnverified: Bool = false
    ) -> Policy {
        .basic(
            BasicAuthentication(
                handling: CredentialHandling(
                    presence: presence, locations: [.header(name: "authorization", prefix: "Basic ")],
                    forwardsVerified: false, forwardsUnverified: forwardsUnverified, realm: "test"),
                users: TextSource(origin: .inline(users), provenance: here)))
    }

    private static let users = """
        # Staff
        alice:$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW

        bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
        """

    private static func gateway(
        _ policy: Policy, rules: [AuthorizationRule] = []
    ) throws -> TestGateway {
        try TestGateway(GatewayConfiguration([.named("backend")], [.policy(policy), .rules(rules)]))
    }

    private static func line(_ credentials: String) -> String {
        "Authorization: Basic \(Base64Text.encode(Array(credentials.utf8)).text)\r\n"
    }

    typealias Case = CredentialCase

    static let cases: [Case] = [
        Case(.strict, "", .basicMissing), Case(.strict, line("alice:secret")), Case(.strict, line("bob:secret")),
        Case(.strict, line("alice:secret2"), .basicInvalid), Case(.strict, line("carol:secret"), .basicInvalid),
        Case(.strict, line("alice"), .basicInvalid), Case(.strict, line(":secret"), .basicInvalid),
        Case(.strict, line("alice:"), .basicInvalid), Case(.strict, line("alice:sec\u{0}ret"), .basicInvalid),
        Case(.strict, "Authorization: Basic !!!!\r\n", .basicInvalid),
        Case(.strict, "Authorization: Bearer x\r\n", .basicMissing),
        Case(.strict, "Authorization: Basic x\r\nAuthorization: Basic x\r\n", .credentialsAmbiguous),
        Case(.strict, "Authorization: Basic\tx\r\n", .basicInvalid),
        Case(.optional, ""), Case(.optional, line("alice:wrong"), .basicInvalid),
        Case(.permissive, ""), Case(.permissive, line("alice:wrong")), Case(.permissive, line("alice:secret")),
    ]

    @Test(arguments: cases)
    func `decides with its presence what passes`(_ entry: Case) throws {
        var gateway = try Self.gateway(Self.policy(entry.presence))
        let answer = gateway.getChecked(entry.lines)
        #expect(answer.refusal == entry.refusal)
        #expect(!answer.head.contains("Basic"))
    }

    @Test func `says who sent it`() throws {
        let rules: [AuthorizationRule] = [.require(#"basicAuth != null && basicAuth.username == "alice""#)]
        var gateway = try Self.gateway(Self.policy(.optional), rules: rules)
        #expect(gateway.getChecked(Self.line("alice:secret")).refusal == nil)
        #expect(gateway.getChecked(Self.line("bob:secret")).refusal == .authorizationDenied)
        #expect(gateway.getChecked("").refusal == .authorizationDenied)
    }

    @Test func `is logged and refuses nobody where the policy only logs, and waited for all the same`() throws {
        // Of its own, as what was checked is remembered for the whole process.
        let users = "erin:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="
        guard case .basic(var policy) = Self.policy(users: users) else { return }
        policy.handling.logsOnly = true
        var gateway = try Self.gateway(
            .basic(policy), rules: [.require("(basicAuth != null) == (request.path == '/')")])
        let right = Self.line("erin:secret")
        #expect(gateway.get("/", right).refusal == .passwordsBusy)
        // Where nobody can check it, the request passes as nobody's.
        gateway.hasAwaitedPassword = true
        let unchecked = gateway.get("/nobody", right)
        #expect(unchecked.refusal == nil && !unchecked.head.contains("Basic"))
        #expect(gateway.scratch.loggedRefusals.map(\.code) == [.passwordsBusy])
        gateway.hasAwaitedPassword = false
        #expect(gateway.getChecked(right).refusal == nil)
        #expect(gateway.scratch.loggedRefusals.isEmpty)
        for (lines, code) in [
            ("", RefusalCode.basicMissing), (Self.line("erin:wrong"), .basicInvalid),
            (right + right, .credentialsAmbiguous),
        ] {
            _ = gateway.getChecked(lines)
            let answer = gateway.get("/nobody", lines)
            #expect(answer.refusal == nil && !answer.head.contains("Basic"))
            #expect(gateway.scratch.loggedRefusals.map(\.code) == [code])
        }
    }

    @Test func `that was checked is not checked again, nor is a wrong one`() throws {
        // Of its own, as what was checked is remembered for the whole process.
        let users = "dora:$2y$05$abcdefghijklmnopqrstuujf8SX2ahXLwp9w/B.Y5XdysS6yR576q"
        var gateway = try Self.gateway(Self.policy(users: users))
        for password in [String(repeating: "x", count: 72), "wrong"] {
            #expect(gateway.get("/", Self.line("dora:\(password)")).refusal == .passwordsBusy)
            _ = gateway.getChecked(Self.line("dora:\(password)"))
            let known = gateway.get("/", Self.line("dora:\(password)")).refusal
            #expect(known == (password == "wrong" ? .basicInvalid : nil))
        }
        // Another hash of the same name is another thing to check.
        var changed = try Self.gateway(Self.policy(users: "dora:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="))
        #expect(changed.get("/", Self.line("dora:wrong")).refusal == .passwordsBusy)
        #expect(changed.getChecked(Self.line("dora:secret")).refusal == nil)
    }

    @Test func `of nobody takes the same work, and is never right`() throws {
        let users = "eve:$2y$04$/OK.fbVrR/bpIqNJ5ianF.wdBKudyyroECOpLvv3jdJuqJkVNc7se"
        var gateway = try Self.gateway(Self.policy(users: users))
        #expect(gateway.get("/", Self.line("nobody:")).refusal == .passwordsBusy)
        #expect(gateway.getChecked(Self.line("nobody:")).refusal == .basicInvalid)
        // What is known of one such name is nothing of another: else the second would be told apart from a user.
        #expect(gateway.get("/", Self.line("noone:")).refusal == .passwordsBusy)
        #expect(gateway.getChecked(Self.line("eve:")).refusal == nil)
    }

    @Test func `that is no hash is left out and pointed out, and all of them are an error`() throws {
        let gateway = try Self.gateway(
            Self.policy(users: "alice:secret\r\nnobody\nbob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:x\nc:rqXexS6ZhobKA"))
        #expect(gateway.diagnostics.map(\.code) == Array(repeating: "password_unusable", count: 4))
        #expect(gateway.diagnostics.allSatisfy { !$0.message.contains("secret") && !$0.message.contains("rqX") })
        let error = #expect(throws: TestGateway.Invalid.self) { try Self.gateway(Self.policy(users: "alice:secret")) }
        #expect(error?.diagnostics.map(\.code) == ["password_unusable", "no_usable_password"])
    }
}

extension TestGateway {
    /// A GET with these field lines, its password checked.
    fileprivate mutating func getChecked(_ lines: String) -> Answer {
        let first = get("/", lines)
        guard first.refusal == .passwordsBusy, let check = passwordCheck, check.begin() else { return first }
        check.run()
        return get("/", lines)
    }
}
