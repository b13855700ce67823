import Foundation
import GatewayEngine
import GatewayModel
import Testing

/// What expressions see of a request that transformations have changed.
@Suite struct `Expressions behind a transformation` {
    private typealias Attachment = GatewayModel.Attachment

    private static func change(
        set: [String: String] = [:], add: [String: String] = [:], remove: [String] = [], replace: String? = nil,
        body: String? = nil
    ) -> Policy {
        func fields(_ fields: [String: String]) -> [Transformation.Field] {
            fields.sorted { $0.key < $1.key }.map {
                Transformation.Field(name: $0.key, value: Expression($0.value, at: here), provenance: here)
            }
        }
        let request = Transformation.Change(
            add: fields(add), set: fields(set),
            remove: remove.map { HeaderMutation.Field(name: $0, value: "", provenance: here) },
            replace: replace.map { Expression($0, at: here) }, body: body.map { Expression($0, at: here) },
            metadata: [])
        return .transformation(
            Transformation(choices: [Transformation.Choice(condition: nil, request: request, response: [])]))
    }

    private static func gateway(
        listener: Policy, _ attachments: [Attachment] = [], routes: [Route] = [.named("backend")]
    ) throws -> TestGateway {
        let first = Attachment.policy(listener, .listener(ListenerID("listener")), phase: .gateway)
        return try TestGateway(GatewayConfiguration(routes, [first] + attachments))
    }

    private static func deny(_ expression: String) -> Attachment {
        .rules([.deny(expression)], .route(RouteID("backend")))
    }

    @Test(arguments: [
        (["x-role": "'admin'"], "default(request.headers['x-role'], '') == 'admin'"),
        (["x-role": "'admin'"], "'admin' in request.headers.map(name, request.headers[name])"),
        ([":path": "'/internal/a?b=1'"], "request.path.startsWith('/internal')"),
        ([":path": "'/internal/a?b=1'"], "request.pathAndQuery == '/internal/a?b=1'"),
        ([":path": "'/internal/a?b=1'"], "request.query.b == '1'"),
        ([":path": "'/internal/a?b=1'"], "request.uri == 'http://a/internal/a?b=1'"),
        ([":method": "'DELETE'"], "request.method == 'DELETE'"),
        ([":authority": "'Inner.test:81'"], "request.host == 'inner.test'"),
        ([":authority": "'Inner.test:81'"], "request.headers.host == 'Inner.test:81'"),
    ])
    func `see the request as it is now`(_ set: [String: String], _ rule: String) throws {
        var gateway = try Self.gateway(listener: Self.change(set: set), [Self.deny(rule)])
        #expect(gateway.get("/x?y").refusal == .authorizationDenied)
        var other = try TestGateway(GatewayConfiguration([.named("backend")], [Self.deny(rule)]))
        #expect(other.get("/x?y&b").upstream == "backend")
    }

    @Test(arguments: [
        Self.change(remove: ["x-role"]), Self.change(set: ["x-role": "'user'"]),
        Self.change(replace: "{'x-a': 'b'}"), Self.change(set: ["x-role": "jwt.sub"]),
    ])
    func `do not see what has left`(_ change: Policy) throws {
        var gateway = try Self.gateway(listener: change, [.rules([.allow("request.headers['x-role'] == 'admin'")])])
        #expect(gateway.get("/", "X-Role: admin\r\n").refusal == .authorizationDenied)
        #expect(gateway.get("/", "X_Role: admin\r\n").refusal == .authorizationDenied)
    }

    @Test func `see lines of one name together, received and added`() throws {
        var gateway = try Self.gateway(
            listener: Self.change(add: ["x-a": "'two'"]), [.rules([.allow("request.headers['x-a'] == 'one, two'")])])
        #expect(gateway.get("/", "X-A: one\r\n").upstream == "backend")
        #expect(gateway.get("/").refusal == .authorizationDenied)
    }

    @Test func `at the listener itself come before it`() throws {
        let rule = Attachment.rules(
            [.deny("'x-role' in request.headers")], .listener(ListenerID("listener")), phase: .gateway)
        var gateway = try Self.gateway(listener: Self.change(set: ["x-role": "'admin'"]), [rule])
        #expect(gateway.get("/").upstream == "backend")
    }

    @Test func `are those of the route, too, where its own transformation comes next`() throws {
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-a": "'one'", ":path": "'/two?c=d'"], remove: ["x-gone"]),
            [
                .policy(
                    Self.change(set: [
                        "x-b": "request.headers['x-a'] + request.path", ":path": "request.path + '/three'",
                        "x-c": "default(request.headers['x-gone'], 'none') + request.query.c",
                    ]), .route(RouteID("backend")))
            ])
        let answer = gateway.get("/one?c=e", "X-Gone: there\r\n")
        #expect(answer.target == "/two/three")
        #expect(answer.value(of: "x-b") == "one/two")
        #expect(answer.value(of: "x-c") == "noned")
        #expect(answer.value(of: "x-a") == "one")
    }

    @Test func `count requests by what the request is now`() throws {
        let limit = RateLimit(
            maxTokens: 1, tokensPerFill: 1, fillInterval: .seconds(60),
            key: Expression("request.headers['x-tenant']", at: here), maxKeys: 8, condition: nil)
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-tenant": "request.host"]),
            [.policy(.rateLimit(LocalRateLimit(limits: [limit], isFirstMatch: false)), .route(RouteID("backend")))])
        #expect(gateway.get("/", host: "a", "X-Tenant: one\r\n").upstream == "backend")
        #expect(gateway.get("/", host: "a", "X-Tenant: two\r\n").refusal == .rateLimited)
        #expect(gateway.get("/", host: "b", "X-Tenant: one\r\n").upstream == "backend")
    }

    @Test func `choose the route by what the request is now, and the next one by itself`() throws {
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-path": "request.path", ":path": "default(request.headers['x-to'], '/')"]),
            routes: [.named("backend"), .named("other", .segmentPrefix("/other"))])
        #expect(gateway.get("/a", "X-To: /other/a\r\n").upstream == "other")
        #expect(gateway.get("/other").upstream == "backend")
    }

    @Test func `see another body where there is one`() throws {
        var gateway = try Self.gateway(
            listener: Self.change(body: "'new ' + string(request.body)"),
            [.rules([.require("string(request.body) == 'new old'")], .route(RouteID("backend")))])
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
        #expect(gateway.ask(head).awaitsBody)
        #expect(gateway.ask(head, body: "old").upstream == "backend")
        #expect(gateway.ask(head, body: "odd").refusal == .authorizationDenied)
    }

    // MARK: - Credentials

    @Test func `leave credentials to the request as received`() throws {
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-a": "'b'"], remove: ["authorization"]),
            [
                .jwt(.test(), .route(RouteID("backend"))),
                .rules(
                    [.require("jwt.sub == 'alice' && !('authorization' in request.headers)")],
                    .route(RouteID("backend"))),
            ])
        #expect(gateway.get(token: try Tokens.token()).upstream == "backend")
        #expect(gateway.get("/").refusal == .tokenMissing)
    }

    @Test func `never take a credential from a transformation`() throws {
        let token = try Tokens.token().text
        var gateway = try Self.gateway(
            listener: Self.change(set: ["authorization": "'Bearer \(token)'"]),
            [.jwt(.test(), .route(RouteID("backend")))])
        #expect(gateway.get("/").refusal == .tokenMissing)
    }

    @Test(arguments: [
        // Nothing of the target is changed; it is put together of what came; it is another one.
        (["x-a": "'b'"], "/?keep=1"),
        (
            [":path": "'/new?more&' + request.pathAndQuery.substring(request.pathAndQuery.indexOf('?') + 1)"],
            "/new?more&keep=1"
        ),
        ([":path": "'/new'"], "/new"),
    ])
    func `do not see a credential of the query that the route takes out`(
        _ set: [String: String], _ target: String
    ) throws {
        let token = try Tokens.token().text
        var gateway = try Self.gateway(
            listener: Self.change(set: set),
            [
                .jwt(.test(locations: [.queryParameter(name: "token")]), .route(RouteID("backend"))),
                .rules(
                    [
                        .deny("request.pathAndQuery.contains('\(token)')"), .deny("'token' in request.query"),
                        .deny("request.uri.contains('token')"),
                    ], .route(RouteID("backend"))),
                .policy(
                    Self.change(set: ["x-query": "request.pathAndQuery"]), .route(RouteID("backend"))),
            ])
        let answer = gateway.get("/?token=\(token)&keep=1")
        #expect(answer.target == target)
        #expect(answer.value(of: "x-query") == target)
        #expect(answer.subject == "alice")
    }

    @Test func `do not see a cookie that the route takes out`() throws {
        let token = try Tokens.token().text
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-a": "'b'"]),
            [
                .jwt(.test(locations: [.cookie(name: "token")]), .route(RouteID("backend"))),
                .rules([.require("request.headers.cookie == 'a=b; c=d'")], .route(RouteID("backend"))),
            ])
        let answer = gateway.get("/", "Cookie: a=b; token=\(token); c=d\r\n")
        #expect(answer.subject == "alice")
        #expect(answer.value(of: "cookie") == "a=b; c=d")
    }

    @Test func `hand on the token as it was sent`() throws {
        let token = try Tokens.token()
        var gateway = try Self.gateway(
            listener: Self.change(set: ["x-a": "'b'"]),
            [
                .jwt(.test(), .route(RouteID("backend"))),
                .policy(
                    Self.change(set: ["x-token": "jwt.rawToken.unredacted()"]), .route(RouteID("backend"))),
            ])
        #expect(gateway.get(token: token).value(of: "x-token") == token.text)
    }
}

/// What the expressions of a route's own `delay` and `directResponse` see.
@Suite struct `A route that answers` {
    private typealias Attachment = GatewayModel.Attachment

    private static func answer(_ expression: String, condition: String? = nil) -> Policy {
        .directResponse(
            DirectResponse(choices: [
                DirectResponse.Choice(
                    status: 200, body: .expression(Expression(expression, at: here)), headers: [],
                    condition: condition.map { Expression($0, at: here) })
            ]))
    }

    private static let modifier = Policy.requestHeaders(
        HeaderMutation(
            add: [.init(name: "x-new", value: "added", provenance: here)],
            set: [.init(name: "x-role", value: "set", provenance: here)],
            remove: [.init(name: "x-old", value: "", provenance: here)]))
    private static let rewrite = Policy.urlRewrite(
        URLChange(authority: .full("inner.test"), path: .prefix("/inner")))

    private static func gateway(_ policies: Policy...) throws -> TestGateway {
        try TestGateway(
            GatewayConfiguration(
                [.named("a", .segmentPrefix("/out"))], policies.map { .policy($0, .route(RouteID("a"))) }))
    }

    private static let lines = "X-Role: client\r\nX-Old: client\r\n"

    @Test(arguments: [
        ("request.headers['x-role']", "set"), ("request.headers['x-new']", "added"),
        ("'x-old' in request.headers ? 'there' : 'gone'", "gone"), ("request.path", "/inner/a"),
        ("request.host", "inner.test"), ("request.pathAndQuery", "/inner/a?b=c"),
    ])
    func `says what its request is by then`(_ expression: String, _ text: String) throws {
        var gateway = try Self.gateway(Self.modifier, Self.rewrite, Self.answer(expression))
        #expect(gateway.diagnostics.isEmpty)
        #expect(gateway.get("/out/a?b=c", Self.lines).response?.hasSuffix("\r\n\r\n\(text)") == true)
    }

    @Test func `does so on top of what transformations have made of it`() throws {
        let request = Transformation.Change(
            add: [],
            set: ["x-role", "x-kept"].map {
                Transformation.Field(name: $0, value: Expression("'transformed'", at: here), provenance: here)
            }, remove: [], replace: nil, body: nil, metadata: [])
        let change = Policy.transformation(
            Transformation(choices: [Transformation.Choice(condition: nil, request: request, response: [])]))
        var gateway = try Self.gateway(
            change, Self.modifier, Self.answer("request.headers['x-role'] + ' ' + request.headers['x-kept']"))
        #expect(gateway.get("/out", Self.lines).response?.hasSuffix("\r\n\r\nset transformed") == true)
    }

    @Test func `waits and chooses by it, and forwards what it does not answer, changed once`() throws {
        var gateway = try Self.gateway(
            Self.modifier, Self.rewrite, .delay(.expression(Expression("size(request.path)", at: here))),
            Self.answer("'never'", condition: "request.headers['x-role'] != 'set'"))
        let answer = gateway.get("/out/a", Self.lines)
        #expect(answer.upstream == "a" && gateway.scratch.delayNanoseconds == 8_000_000)
        #expect(answer.head.hasPrefix("GET /inner/a HTTP/1.1\r\n"))
        for line in ["x-role: set\r\n", "x-new: added\r\n", "host: inner.test\r\n"] {
            #expect(answer.head.lowercased().components(separatedBy: line).count == 2, "\(answer.head)")
        }
        #expect(!answer.head.lowercased().contains("x-old"))
    }

    @Test func `shows no token that has left`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")],
                [
                    .policy(.jwtAuthentication(.test())), .policy(Self.modifier),
                    .policy(Self.answer("'authorization' in request.headers ? 'there' : 'gone'")),
                ]))
        let answer = gateway.get("/", "Authorization: Bearer \(try Tokens.token().text)\r\n")
        #expect(answer.response?.hasSuffix("gone") == true)
    }
}
