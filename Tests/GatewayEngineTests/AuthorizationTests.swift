import GatewayEngine
import GatewayModel
import Testing

@Suite struct AuthorizationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rules: [AuthorizationRule]
        /// Nil: the request passes.
        let verdict: String?

        init(_ name: String, _ rules: [AuthorizationRule], _ verdict: String?) {
            testDescription = name
            self.rules = rules
            self.verdict = verdict
        }
    }

    private static let yes = "request.path == '/'"
    private static let no = "request.path == '/other'"
    private static let broken = "request.headers['absent'] == ''"

    static let cases = [
        Case("no rules at all", [], nil),
        Case("an allow that holds", [.allow(yes)], nil),
        Case("an allow that does not", [.allow(no)], "no allow rule holds"),
        Case("one allow of two", [.allow(no), .allow(yes)], nil),
        Case("an allow that fails", [.allow(broken)], "no allow rule holds"),
        Case("an allow behind one that fails", [.allow(broken), .allow(yes)], nil),
        Case("a deny that holds", [.deny(yes)], "the deny rule at test:1:5 holds"),
        Case("denies that do not hold let everything pass", [.deny(no), .deny(no)], nil),
        Case("the second of two denies", [.deny(no), .deny(yes, line: 2)], "the deny rule at test:2:5 holds"),
        Case(
            "a deny that fails denies", [.deny(broken), .allow(yes)],
            "the deny rule at test:1:5 cannot be evaluated: no such key"),
        Case("a deny stands over an allow", [.allow(yes, line: 2), .deny(yes)], "the deny rule at test:1:5 holds"),
        Case(
            "a deny that does not hold is no allow", [.allow(no), .deny(no)], "no allow rule holds"),
        Case("a require that holds is enough alone", [.require(yes)], nil),
        Case("a require that does not hold", [.require(no)], "the require rule at test:1:5 does not hold"),
        Case(
            "a require that fails", [.require(broken)], "the require rule at test:1:5 cannot be evaluated: no such key"),
        Case(
            "every require must hold", [.require(yes), .require(no, line: 2)],
            "the require rule at test:2:5 does not hold"),
        Case("a require is no allow", [.require(yes), .allow(no)], "no allow rule holds"),
        Case(
            "a require comes before an allow", [.allow(yes), .require(no, line: 2)],
            "the require rule at test:2:5 does not hold"),
        Case(
            "a value that is no boolean decides against the request", [.deny("json('1')")],
            "the deny rule at test:1:5 cannot be evaluated: the result is not a boolean"),
    ]

    @Test(arguments: cases)
    func `rules decide, and say which of them did`(_ entry: Case) throws {
        var gateway = try TestGateway(GatewayConfiguration([.named("a")], [.rules(entry.rules)]))
        let answer = gateway.get("/")
        #expect(answer.refusal == (entry.verdict == nil ? nil : .authorizationDenied))
        #expect(answer.verdict == entry.verdict)
    }

    @Test func `rules of all levels count together, those of the gateway phase on their own`() throws {
        let route = Attachment.Scope.route(RouteID("a"))
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")],
                [
                    .rules([.allow("request.path.startsWith('/gateway')", line: 1)]),
                    .rules(
                        [.allow("request.path.startsWith('/listener')", line: 2)], .listener(ListenerID("listener"))),
                    .rules([.allow("request.path.startsWith('/route')", line: 3)], route),
                    .rules([.deny("request.path.endsWith('/no')", line: 4)], route),
                    .rules([.deny("request.path == '/route/early'", line: 5)], phase: .gateway),
                ]))
        for path in ["/gateway", "/listener", "/route"] { #expect(gateway.get(path).refusal == nil) }
        #expect(gateway.get("/gateway/no").verdict == "the deny rule at test:4:5 holds")
        #expect(gateway.get("/route/early").verdict == "the deny rule at test:5:5 holds")
        #expect(gateway.get("/else").verdict == "no allow rule holds")
    }

    @Test func `a rule that costs too much refuses with a code of its own`() throws {
        let list = "[" + Array(repeating: "1", count: 100).joined(separator: ",") + "]"
        let cubic = "\(list).all(a, \(list).all(b, \(list).all(c, a + b + c + size(request.path) > 0)))"
        for rule in [AuthorizationRule.deny(cubic), .require(cubic), .allow(cubic)] {
            var configuration = GatewayConfiguration([.named("a")], [.rules([rule])])
            configuration.expressions.onDenyError = .ignore
            var gateway = try TestGateway(configuration)
            let answer = gateway.get("/")
            #expect(answer.refusal == .authorizationBudget)
            #expect(answer.verdict == "the \(rule.effect.rawValue) rule at test:1:5 costs more than it may")
        }
    }

    @Test func `a deny rule that fails does not count where the configuration says so`() throws {
        var configuration = GatewayConfiguration(
            [.named("a")], [.rules([.deny("request.headers['x-team'] == 'red'")])])
        configuration.expressions.onDenyError = .ignore
        var gateway = try TestGateway(configuration)
        #expect(gateway.get("/").refusal == nil)
        #expect(gateway.get("/", "X-Team: blue\r\n").refusal == nil)
        #expect(gateway.get("/", "X-Team: red\r\n").refusal == .authorizationDenied)
        #expect(gateway.diagnostics.isEmpty)
    }

    @Test func `expressions that are only parsed fail when they are asked`() throws {
        var configuration = GatewayConfiguration([.named("a")], [.rules([.allow("request.pth == '/'")])])
        #expect(throws: TestGateway.Invalid.self) { try TestGateway(configuration) }
        configuration.expressions.checking = .parseOnly
        var gateway = try TestGateway(configuration)
        #expect(gateway.get("/").verdict == "no allow rule holds")
    }

    @Test(arguments: [
        ("request.pth == '/'", "'request' has no member 'pth', at 1:9 of the text", "Did you mean 'path'?"),
        ("rquest.path == '/'", "unknown variable 'rquest', at 1:1 of the text", "Did you mean 'request'?"),
        (
            "request.path.startWith('/')", "unknown function 'startWith', at 1:14 of the text",
            "Did you mean 'startsWith'?"
        ),
    ])
    func `a name that stands for nothing is pointed out where expressions are only parsed`(
        _ rule: String, _ message: String, _ hint: String
    ) throws {
        var configuration = GatewayConfiguration([.named("a")], [.rules([.allow(rule), .allow("1 + 'a' == 2")])])
        configuration.expressions.checking = .parseOnly
        let gateway = try TestGateway(configuration)
        #expect(gateway.diagnostics.map(\.code) == ["expression_unknown_name"])
        #expect(gateway.diagnostics.map(\.severity) == [.warning])
        #expect(gateway.diagnostics.map(\.wholeMessage) == [message])
        #expect(gateway.diagnostics.map(\.hint) == [hint])
        #expect(gateway.diagnostics.first?.inside?.excerpt.hasSuffix("^") == true)
    }

    @Test func `an expression that is wrong is shown with line, column, caret and suggestion`() throws {
        let invalid = #expect(throws: TestGateway.Invalid.self) {
            try TestGateway(GatewayConfiguration([.named("a")], [.rules([.allow("true &&\n  request.pth == '/'")])]))
        }
        let diagnostic = try #require(invalid?.diagnostics.first)
        #expect(diagnostic.code == "expression_invalid")
        #expect(diagnostic.wholeMessage == "'request' has no member 'pth', at 2:11 of the text")
        #expect(diagnostic.inside?.excerpt == " |   request.pth == '/'\n |           ^")
        #expect(diagnostic.hint == "Did you mean 'path'?")
        #expect(diagnostic.provenance.line == 1)
    }

    @Test func `a rule that is no condition is an error`() throws {
        let invalid = #expect(throws: TestGateway.Invalid.self) {
            try TestGateway(GatewayConfiguration([.named("a")], [.rules([.allow("request.path")])]))
        }
        #expect(invalid?.diagnostics.first?.message.contains("this one is a string") == true)
    }
}

@Suite struct RuleWarningTests {
    struct Absence: Sendable {
        let rule: String
        let names: String?
        var rewritten = ""
    }

    @Test(arguments: [
        Absence(
            rule: "jwt.team == 'red'", names: "`jwt.team`",
            rewritten: "write `has(jwt.team) && jwt.team == 'red'`"),
        Absence(
            rule: "jwt.a == 'x' || jwt.b == 'y'", names: "`jwt.a`, `jwt.b`",
            rewritten: "write `has(jwt.a) && has(jwt.b) && (jwt.a == 'x' || jwt.b == 'y')`"),
        Absence(
            rule: "request.headers['x-team'] == 'red'", names: "`request.headers['x-team']`",
            rewritten: "write `'x-team' in request.headers && request.headers['x-team'] == 'red'`"),
        Absence(
            rule: "request.query.debug == 'true'", names: "`request.query.debug`",
            rewritten: "write `has(request.query.debug) && request.query.debug == 'true'`"),
        Absence(
            rule: "route.name == 'a'", names: "`route.name`",
            rewritten: "write `has(route.name) && route.name == 'a'`"),
        Absence(
            rule: "jwt.groups.exists(g, g.name == 'x')", names: "`jwt.groups`, `g.name`",
            rewritten: "write `default(jwt.groups.exists(g, g.name == 'x'), false)`; it is then false whatever it"),
        Absence(
            rule: "jwt.a == 1 ||\n jwt.b == 2", names: "`jwt.a`, `jwt.b`",
            rewritten: "put `has(jwt.a) && has(jwt.b) && (` before it and `)` behind it, on a line of its own"),
        Absence(
            rule: "request.headers.cookie('beta') == 'on'", names: "`request.headers.cookie('beta')`",
            rewritten:
                "`default(request.headers.cookie('beta'), null) != null && request.headers.cookie('beta') == 'on'"),
        Absence(
            rule: "json(request.body).role == 'admin'", names: "`json(request.body).role`",
            rewritten: "`default(json(request.body), null) != null && has(json(request.body).role) && json("),
        Absence(
            rule: "request.headers[request.query['h']] == 'x'", names: "`request.headers[request.query['h']]`",
            rewritten: "'h' in request.query && request.query['h'] in request.headers && request.headers["),
        Absence(rule: "'admin' in jwt", names: "`jwt`", rewritten: "write `jwt != null && 'admin' in jwt`"),
        Absence(rule: "has(jwt.team) && jwt.team == 'red'", names: nil),
        Absence(rule: "default(jwt.team, '') == 'red'", names: nil),
        Absence(rule: "request.path == '/admin'", names: nil),
        Absence(rule: "jwt == null", names: nil),
        Absence(rule: "source.address == '192.0.2.1'", names: nil),
    ])
    func `a deny rule that reads what may be absent is pointed out, with what to write`(_ entry: Absence) throws {
        let gateway = try TestGateway(
            GatewayConfiguration([.named("a")], [.jwt(.test(.optional)), .rules([.deny(entry.rule), .allow("true")])]))
        guard let names = entry.names else {
            #expect(gateway.diagnostics.isEmpty)
            return
        }
        let warning = try #require(gateway.diagnostics.first)
        #expect(gateway.diagnostics.count == 1)
        #expect(warning.severity == .warning)
        #expect(warning.code == "deny_reads_absent")
        #expect(warning.message == "where \(names) is absent, this rule denies the request")
        #expect(warning.hint?.contains(entry.rewritten) == true, "\(warning.hint ?? "")")
        #expect(warning.inside?.excerpt.hasSuffix("^") == true)
    }

    @Test func `claims that a strict jwtAuth asks for are not absent`() throws {
        let rules = Attachment.rules([.deny("jwt.iss == 'x' || jwt.aud == 'y' || jwt.exp < 3")])
        let strict = try TestGateway(GatewayConfiguration([.named("a")], [.jwt(.test()), rules]))
        #expect(strict.diagnostics.isEmpty)
        let early = try TestGateway(
            GatewayConfiguration([.named("a")], [.jwt(.test(), phase: .gateway), rules]))
        #expect(early.diagnostics.isEmpty)
        var issuer = Issuer.test()
        issuer.requirements.type = .accessToken
        let access = Attachment.rules([.deny("jwt.sub == 'x' || jwt.client_id == 'y'")])
        let bound = try TestGateway(
            GatewayConfiguration([.named("a")], [.jwt(.test(issuers: [issuer])), access]))
        #expect(bound.diagnostics.isEmpty)
        let unbound = try TestGateway(
            GatewayConfiguration([.named("a")], [.jwt(.test(issuers: [issuer, .test()])), access]))
        #expect(unbound.diagnostics.map(\.code) == ["deny_reads_absent"])
        let optional = try TestGateway(GatewayConfiguration([.named("a")], [.jwt(.test(.optional)), rules]))
        #expect(optional.diagnostics.map(\.code) == ["deny_reads_absent"])
    }

    struct Filling: Sendable {
        let rule: String
        let attachments: [GatewayModel.Attachment]
        let message: String?
        var hint = ""
    }

    @Test(arguments: [
        Filling(
            rule: "jwt.sub == 'a'", attachments: [],
            message: "`jwt` is always null: no `jwtAuth` stands before this rule",
            hint: "a policy `jwtAuth` fills it, at the route, its listener or its gateway"),
        Filling(rule: "jwt.sub == 'a'", attachments: [.jwt(.test(.optional))], message: nil),
        Filling(rule: "jwt.sub == 'a'", attachments: [.jwt(.test(.optional), phase: .gateway)], message: nil),
        Filling(
            rule: "has(apiKey.team)", attachments: [.jwt(.test())],
            message: "`apiKey` is always null: no `apiKey` stands before this rule"),
        Filling(
            rule: "basicAuth.username == 'a'", attachments: [.jwt(.test())],
            message: "`basicAuth` is always null: no `basicAuth` stands before this rule"),
        Filling(
            rule: "basicAuth.username == apiKey.team", attachments: [.optionalPasswords, .optionalKeys], message: nil),
        Filling(
            rule: "consumer.name == 'a'", attachments: [],
            message:
                "`consumer` is always null: no `jwt-auth`, `key-auth`, `basic-auth` or `hmac-auth` of APISIX stands before this rule"
        ),
        Filling(
            rule: "extauthz.user == 'a'", attachments: [], message: "`extauthz` is always null: nothing fills it yet",
            hint: "it is for `extAuthz`, which is not offered yet"),
        Filling(
            rule: "has(metadata.a)", attachments: [],
            message: "`metadata` is always null: no `metadata` of `transformations` stands before this rule"),
        Filling(
            rule: "source.identity.namespace == 'a'", attachments: [],
            message: "`source.identity` is always absent: the listener asks no client for a certificate",
            hint: "`root` in the listener's `tls` fills it: a file with the authorities of clients"),
        Filling(rule: "request.path == '/' && source.tls", attachments: [], message: nil),
    ])
    func `a rule that reads what nothing before it fills is pointed out`(_ entry: Filling) throws {
        let gateway = try TestGateway(
            GatewayConfiguration([.named("a")], entry.attachments + [.rules([.allow(entry.rule)])]))
        #expect(gateway.diagnostics.map(\.message) == (entry.message.map { [$0] } ?? []))
        #expect(gateway.diagnostics.allSatisfy { $0.code == "root_never_filled" && $0.severity == .warning })
        if !entry.hint.isEmpty { #expect(gateway.diagnostics.first?.hint == entry.hint) }
    }

    @Test func `a route on which a shared rule reads what nothing fills is named`() throws {
        let here = GatewayModel.Attachment.Scope.route(RouteID("b"))
        let gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a"), .named("b")], [.jwt(.test(), here), .rules([.allow("jwt.sub == 'x'")])]))
        #expect(
            gateway.diagnostics.map(\.message) == [
                "`jwt` is always null on some routes, such as `a`: no `jwtAuth` stands before this rule"
            ])
        let early = try TestGateway(
            GatewayConfiguration([.named("a")], [.jwt(.test()), .rules([.require("jwt != null")], phase: .gateway)]))
        #expect(early.diagnostics.map(\.code) == ["root_never_filled"])
        #expect(early.diagnostics.first?.hint == "a policy `jwtAuth` fills it, in the gateway phase, as this rule is")
    }

    @Test func `allow and require rules may read what is absent`() throws {
        let gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")], [.jwt(.test(.optional)), .rules([.allow("jwt.a == 1"), .require("jwt.b == 1")])]))
        #expect(gateway.diagnostics.isEmpty)
    }

    struct Openness: Sendable {
        let presence: Presence
        let rules: [AuthorizationRule]
        let isOpen: Bool
    }

    @Test(arguments: [
        Openness(presence: .optional, rules: [.deny("request.path == '/a'")], isOpen: true),
        Openness(presence: .permissive, rules: [.deny("request.path == '/a'")], isOpen: true),
        Openness(presence: .strict, rules: [.deny("request.path == '/a'")], isOpen: false),
        Openness(
            presence: .optional, rules: [.deny("request.path == '/a'"), .require("jwt != null")], isOpen: false),
        Openness(presence: .optional, rules: [.deny("request.path == '/a'"), .allow("true")], isOpen: false),
        Openness(presence: .optional, rules: [.deny("jwt == null")], isOpen: false),
        Openness(presence: .optional, rules: [.deny("!has(jwt.sub)")], isOpen: false),
        Openness(presence: .optional, rules: [.deny("jwt.sub == 'x'")], isOpen: false),
        Openness(presence: .optional, rules: [.deny("has(jwt.sub) && jwt.sub == 'x'")], isOpen: true),
    ])
    func `rules that only deny beside an optional jwtAuth are pointed out`(_ entry: Openness) throws {
        let gateway = try TestGateway(
            GatewayConfiguration([.named("a"), .named("b")], [.jwt(.test(entry.presence)), .rules(entry.rules)]))
        let warnings = gateway.diagnostics.filter { $0.code == "open_without_token" }
        #expect(warnings.count == (entry.isOpen ? 1 : 0))
        #expect(warnings.allSatisfy { $0.severity == .warning && $0.hint?.contains("jwt != null") == true })
    }
}
