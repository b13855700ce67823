import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Rules that read the body` {
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
    private static let reads = "json(request.body).team == 'red'"
    private static let red = #"{"team":"red"}"#

    private func gateway(
        _ rules: [AuthorizationRule], _ more: [GatewayModel.Attachment] = [],
        phase: GatewayModel.Attachment.Phase = .route
    ) throws -> TestGateway {
        try TestGateway(GatewayConfiguration([.named("a")], more + [.rules(rules, phase: phase)]))
    }

    @Test func `ask for it, and decide once it is there`() throws {
        var gateway = try gateway([.allow(Self.reads)])
        #expect(gateway.ask(Self.post) == .init(awaitsBody: true))
        #expect(gateway.ask(Self.post, body: Self.red).upstream == "a")
        #expect(gateway.ask(Self.post, body: #"{"team":"blue"}"#).verdict == "no allow rule holds")
        #expect(gateway.ask(Self.post, body: "{").verdict == "no allow rule holds")
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ])
    func `find it empty where there is none, and wait for nothing`(_ request: String) throws {
        var gateway = try gateway([.require("request.body == b'' && request.body.size() == 0")])
        #expect(gateway.ask(request).upstream == "a")
    }

    @Test func `find it however it is spelled, and where only the grammar was checked`() throws {
        for rule in ["size(request['body']) == 3", "string(request.body) == 'abc'", "request.?body.hasValue()"] {
            for checking in [ExpressionChecking.typed, .parseOnly] {
                var configuration = GatewayConfiguration([.named("a")], [.rules([.allow(rule)])])
                configuration.expressions.checking = checking
                var gateway = try TestGateway(configuration)
                #expect(gateway.ask(Self.post).awaitsBody, "\(rule)")
                #expect(gateway.ask(Self.post, body: "abc").upstream == "a", "\(rule)")
            }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let rules: [AuthorizationRule]
        var verdict: String?
        var isForwarded = false
    }

    private static let holds = "request.method == 'POST'"
    private static let fails = "request.method == 'GET'"

    @Test(arguments: [
        Case(
            testDescription: "a deny that holds", rules: [.deny(reads), .deny(holds, line: 2)],
            verdict: "the deny rule at test:2:5 holds"),
        Case(
            testDescription: "a require that does not", rules: [.deny(reads), .require(fails, line: 2)],
            verdict: "the require rule at test:2:5 does not hold"),
        Case(
            testDescription: "no allow at all", rules: [.deny(reads), .allow(fails)],
            verdict: "no allow rule holds"),
        Case(testDescription: "an allow that holds", rules: [.allow(reads), .allow(holds)], isForwarded: true),
    ])
    func `are not asked where the others have decided`(_ entry: Case) throws {
        var gateway = try gateway(entry.rules)
        let answer = gateway.ask(Self.post)
        #expect(answer.verdict == entry.verdict)
        #expect((answer.upstream == "a") == entry.isForwarded)
        #expect(!answer.awaitsBody)
    }

    @Test(arguments: [
        [AuthorizationRule.deny(reads)], [.require(reads)], [.allow(fails), .allow(reads)],
        [.allow(holds), .deny(reads)], [.require(reads), .allow(holds)],
    ])
    func `are asked where the others leave something to decide`(_ rules: [AuthorizationRule]) throws {
        var gateway = try gateway(rules)
        #expect(gateway.ask(Self.post).awaitsBody)
        #expect((gateway.ask(Self.post, body: Self.red).upstream == "a") == (rules.allSatisfy { $0.effect != .deny }))
    }

    @Test func `do not make a stranger's body wait for`() throws {
        for phase in [GatewayModel.Attachment.Phase.gateway, .route] {
            var gateway = try gateway([.allow(Self.reads)], [.jwt(.test())], phase: phase)
            #expect(gateway.ask(Self.post).refusal == .tokenMissing)
            let token = try Tokens.token().text
            let known = "POST / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nContent-Length: 9\r\n\r\n"
            #expect(gateway.ask(known).awaitsBody)
            let answer = gateway.ask(known, body: Self.red)
            #expect(answer.upstream == "a")
            #expect(answer.value(of: "Authorization") == nil)
        }
    }

    @Test func `of the gateway phase decide before anything is said of routes`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a"))], [.rules([.allow(Self.reads)], phase: .gateway)]))
        let post = "POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
        #expect(gateway.ask(post).awaitsBody)
        #expect(gateway.ask(post, body: "{}").refusal == .authorizationDenied)
        #expect(gateway.ask(post, body: Self.red).refusal == .routeNotFound)
    }

    @Test func `leave requests of other routes alone`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a")), .named("b", .exact("/b"))],
                [.rules([.allow(Self.reads)], .route(RouteID("a")))]))
        #expect(gateway.ask("POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").upstream == "b")
        #expect(gateway.ask("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n").awaitsBody)
    }
}
