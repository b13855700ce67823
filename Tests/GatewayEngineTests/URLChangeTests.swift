import Foundation
import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Redirects and rewrites` {
    struct Case: Sendable, CustomTestStringConvertible {
        var match = PathMatch.segmentPrefix("")
        var scheme: String?
        var authority = URLChange.Authority.asReceived
        var path = URLChange.Path.asReceived
        var host = "test.com"
        let target: String
        let expected: String

        var testDescription: String { "\(scheme ?? "") \(authority) \(path) \(match): \(host)\(target)" }
        var url: URLChange { URLChange(authority: authority, path: path) }
    }

    static let redirects = [
        Case(target: "/hello/world?a=b%20c", expected: "http://test.com/hello/world?a=b%20c"),
        Case(scheme: "https", target: "/hello", expected: "https://test.com/hello"),
        Case(scheme: "https", host: "test.com:3000", target: "/", expected: "https://test.com:3000/"),
        Case(authority: .full("new.com:8080"), target: "/a", expected: "http://new.com:8080/a"),
        Case(authority: .host("new.com"), target: "/a", expected: "http://new.com/a"),
        Case(authority: .host("new.com"), host: "test.com:8080", target: "/a", expected: "http://new.com:8080/a"),
        Case(authority: .host("new.com"), host: "test.com:80", target: "/a", expected: "http://new.com/a"),
        Case(
            scheme: "https", authority: .host("new.com"), host: "test.com:8080", target: "/a",
            expected: "https://new.com/a"),
        Case(authority: .port(8080), target: "/a", expected: "http://test.com:8080/a"),
        Case(authority: .port(80), host: "test.com:443", target: "/a", expected: "http://test.com/a"),
        Case(scheme: "https", authority: .port(443), host: "test.com:80", target: "/a", expected: "https://test.com/a"),
        Case(scheme: "https", authority: .port(80), target: "/a", expected: "https://test.com:80/a"),
        Case(authority: .port(8443), host: "[2001:db8::1]:80", target: "/a", expected: "http://[2001:db8::1]:8443/a"),
        Case(path: .full("/new/path"), target: "/a?b", expected: "http://test.com/new/path?b"),
        Case(
            match: .exact("/old"), authority: .host("new.com"), path: .full("/new"), target: "/old",
            expected: "http://new.com/new"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1"), target: "/api", expected: "http://test.com/v1"),
        // No path can stand for a host.
        Case(target: "//evil.com/a", expected: "http://test.com//evil.com/a"),
        Case(
            match: .segmentPrefix("/api"), path: .prefix("/"), target: "/api//evil.com",
            expected: "http://test.com/evil.com"),
        Case(target: "/%65vil/../a/%2e", expected: "400"),
        Case(target: "/%65vil/../a/./b", expected: "http://test.com/a/b"),
        Case(host: "evil.com@test.com", target: "/", expected: "400"),
        Case(host: "test.com/evil", target: "/", expected: "400"),
    ]

    @Test(arguments: redirects)
    func `a redirect names scheme, authority and path`(_ entry: Case) throws {
        let redirect = RequestRedirect(location: .changed(scheme: entry.scheme, entry.url), status: 302)
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", entry.match, hasBackend: false)], [.policy(.requestRedirect(redirect))]))
        let answer = gateway.get(entry.target, host: entry.host)
        guard entry.expected != "400" else {
            #expect(answer.refusal == .ambiguousTarget || answer.refusal == .hostInvalid)
            return
        }
        let lines = answer.response?.components(separatedBy: "\r\n") ?? []
        #expect(
            lines == [
                "HTTP/1.1 302 Found", "location: \(entry.expected)", "content-length: 0", "date: now", "", "",
            ])
    }

    @Test func `a redirect without any authority is refused`() throws {
        let redirect = RequestRedirect(
            location: .changed(scheme: nil, URLChange(authority: .asReceived, path: .asReceived)), status: 302)
        var gateway = try TestGateway(
            GatewayConfiguration([.named("a", hasBackend: false)], [.policy(.requestRedirect(redirect))]))
        #expect(gateway.ask("GET //evil.com/ HTTP/1.0\r\n\r\n").refusal == .hostInvalid)
    }

    @Test func `a redirect does not hand a token on`() throws {
        let redirect = RequestRedirect(
            location: .changed(scheme: nil, URLChange(authority: .full("other.com"), path: .asReceived)), status: 302)
        let policy = JWTAuthentication.test(locations: [.queryParameter(name: "token")])
        var gateway = try TestGateway(
            GatewayConfiguration([.named("a", hasBackend: false)], [.jwt(policy), .policy(.requestRedirect(redirect))]))
        let answer = gateway.get("/?token=\(try Tokens.token().text)&keep=yes")
        #expect(answer.response?.contains("location: http://other.com/?keep=yes\r\n") == true)
        #expect(gateway.get("/").refusal == .tokenMissing)
    }

    static let rewrites = [
        Case(target: "/a?b", expected: "test.com /a?b"),
        Case(authority: .full("new.com:8080"), target: "/a", expected: "new.com:8080 /a"),
        Case(authority: .host("new.com"), host: "test.com:8080", target: "/a", expected: "new.com /a"),
        Case(authority: .port(8080), target: "/a", expected: "test.com:8080 /a"),
        Case(authority: .port(80), host: "test.com:8080", target: "/a", expected: "test.com /a"),
        Case(path: .full("/new"), target: "/a?b=//c", expected: "test.com /new?b=//c"),
        Case(path: .prefix("/v1"), target: "/", expected: "test.com /v1"),
        Case(path: .prefix("/v1"), target: "/a", expected: "test.com /v1/a"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1"), target: "/api/a/b", expected: "test.com /v1/a/b"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1/"), target: "/api/a", expected: "test.com /v1/a"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1/"), target: "/api", expected: "test.com /v1/"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1"), target: "/api/", expected: "test.com /v1/"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/"), target: "/api/a", expected: "test.com /a"),
        Case(match: .segmentPrefix("/api"), path: .prefix(""), target: "/api?q", expected: "test.com /?q"),
        Case(match: .segmentPrefix("/api"), path: .prefix(""), target: "/api//a", expected: "test.com /a"),
        Case(match: .segmentPrefix("/api"), path: .prefix("/v1"), target: "/api//a", expected: "test.com /v1//a"),
        Case(match: .segmentPrefix("/api"), path: .prefix(""), target: "/x/../%61pi/b", expected: "test.com /b"),
    ]

    @Test(arguments: rewrites)
    func `a rewrite gives the upstream another Host or path`(_ entry: Case) throws {
        var gateway = try TestGateway(
            GatewayConfiguration([.named("a", entry.match)], [.policy(.urlRewrite(entry.url))]))
        let answer = gateway.get(entry.target, host: entry.host)
        #expect("\(answer.value(of: "host") ?? "") \(answer.target)" == entry.expected)
        #expect(answer.lines.count { $0.lowercased().hasPrefix("host:") } == 1)
        #expect(answer.value(of: "x-forwarded-host") == entry.host)
    }

    @Test func `rules see the request as it was received`() throws {
        let change = URLChange(authority: .full("new.com"), path: .full("/new"))
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")],
                [
                    .policy(.urlRewrite(change)),
                    .rules([.require("request.path == '/old' && request.host == 'test.com'")]),
                ]))
        let answer = gateway.get("/old", host: "test.com")
        #expect(answer.target == "/new")
        #expect(answer.value(of: "host") == "new.com")
    }

    @Test func `the prefix is that of the match that held`() throws {
        var route = Route.named("a", .segmentPrefix("/a/b"), method: "POST")
        route.matches += Route.named("a", .segmentPrefix("/a")).matches
        let change = URLChange(authority: .asReceived, path: .prefix("/v1"))
        var gateway = try TestGateway(GatewayConfiguration([route], [.policy(.urlRewrite(change))]))
        #expect(gateway.get("/a/b/c").target == "/v1/b/c")
        #expect(gateway.ask("POST /a/b/c HTTP/1.1\r\nHost: a\r\n\r\n").target == "/v1/c")
    }

    @Test func `nothing of one request is left for the next`() throws {
        let change = URLChange(authority: .full("new.com"), path: .full("/new"))
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a")), .named("b")], [.policy(.urlRewrite(change), .route(RouteID("a")))]))
        #expect(gateway.get("/a").target == "/new")
        let other = gateway.get("/b", host: "b.com")
        #expect(other.target == "/b")
        #expect(other.value(of: "host") == "b.com")
    }

    @Test func `a prefix is only replaced where the route matches by one`() throws {
        let change = URLChange(authority: .asReceived, path: .prefix("/v1"))
        for path in [PathMatch.exact("/a"), .regex("/a.*")] {
            let failure = #expect(throws: TestGateway.Invalid.self) {
                _ = try TestGateway(GatewayConfiguration([.named("a", path)], [.policy(.urlRewrite(change))]))
            }
            #expect(failure?.diagnostics.map(\.code) == ["prefix_not_matched"])
        }
    }
}

@Suite struct `Direct responses` {
    @Test func `are given after authorization, in place of the backend`() throws {
        let response = DirectResponse(status: 404, body: Array("gone fishing".utf8))
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .segmentPrefix("/a")), .named("b")],
                [
                    .policy(.directResponse(response), .route(RouteID("a"))),
                    .rules([.deny("request.path == '/a/secret'")]),
                ]))
        let answer = gateway.get("/a/b")
        #expect(
            answer.response
                == "HTTP/1.1 404 Not Found\r\ncontent-length: 12\r\ndate: now\r\n\r\ngone fishing")
        #expect(gateway.get("/a/secret").refusal == .authorizationDenied)
        #expect(gateway.get("/b").upstream == "b")
    }

    @Test(arguments: [204, 304])
    func `of some statuses have no length`(_ status: Int) throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", hasBackend: false)], [.policy(.directResponse(DirectResponse(status: status, body: [])))]))
        #expect(gateway.get("/").response?.contains("content-length") == false)
    }

    @Test func `hold for the most specific place`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a")), .named("b")],
                [
                    .policy(.directResponse(DirectResponse(status: 503, body: []))),
                    .policy(.directResponse(DirectResponse(status: 200, body: [])), .route(RouteID("a"))),
                ]))
        #expect(gateway.get("/a").response?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
        #expect(gateway.get("/b").response?.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") == true)
    }

    @Test func `are the first whose condition holds, with the values of expressions`() throws {
        let choice = { (status: Int, body: DirectResponse.Body, condition: String?, headers: [(String, String)]) in
            DirectResponse.Choice(
                status: status, body: body,
                headers: headers.map {
                    Transformation.Field(name: $0.0, value: Expression($0.1, at: here), provenance: here)
                }, condition: condition.map { Expression($0, at: here) })
        }
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a")],
                [
                    .policy(
                        .directResponse(
                            DirectResponse(choices: [
                                choice(500, .bytes([]), "request.headers['x-missing'] == ''", []),
                                choice(200, .bytes([]), "request.path == '/plain'", []),
                                choice(
                                    201, .expression(Expression("request.method", at: here)),
                                    "request.path == '/text'", [("x-path", "request.path"), ("x-bad", "'a\\nb'")]),
                                choice(
                                    202, .expression(Expression("request.headers['x-missing']", at: here)),
                                    "request.path == '/failing'", [("x-gone", "request.headers['x-missing']")]),
                            ])))
                ]))
        #expect(gateway.get("/plain").response == "HTTP/1.1 200 OK\r\ncontent-length: 0\r\ndate: now\r\n\r\n")
        #expect(
            gateway.get("/text").response
                == "HTTP/1.1 201 Created\r\nx-path: /text\r\ncontent-length: 3\r\ndate: now\r\n\r\nGET")
        #expect(gateway.get("/failing").response == "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\ndate: now\r\n\r\n")
        #expect(gateway.get("/other").upstream == "a")
    }

    @Test(arguments: [
        "'a' + 1": "no matching overload", "[1, 2]": "toJson", "request.body": "not there", "jwt.rawToken": "secret",
    ])
    func `whose body cannot be had are errors`(_ expression: String, _ words: String) throws {
        let body = DirectResponse.Body.expression(Expression(expression, at: here))
        let policy = DirectResponse(
            choices: [DirectResponse.Choice(status: 200, body: body, headers: [], condition: nil)])
        let failure = #expect(throws: TestGateway.Invalid.self) {
            _ = try TestGateway(GatewayConfiguration([.named("a")], [.policy(.directResponse(policy))]))
        }
        let diagnostic = try #require(failure?.diagnostics.first)
        #expect(diagnostic.code == "expression_invalid")
        #expect("\(diagnostic.message) \(diagnostic.hint ?? "")".contains(words))
    }

    @Test func `leave nothing to a rewrite, and say so`() throws {
        let rewrite = Policy.urlRewrite(URLChange(authority: .full("b.test"), path: .asReceived))
        let redirect = RequestRedirect(
            location: .changed(scheme: nil, URLChange(authority: .asReceived, path: .full("/"))), status: 302)
        let (one, another) = (Attachment.Scope.route(RouteID("a")), Attachment.Scope.listener(ListenerID("listener")))
        let always = Policy.directResponse(DirectResponse(status: 200, body: []))
        let sometimes = Policy.directResponse(
            DirectResponse(choices: [
                DirectResponse.Choice(
                    status: 200, body: .bytes([]), headers: [], condition: Expression("true", at: here))
            ]))
        for (policies, findings) in [
            ([Attachment.policy(rewrite, one), .policy(always, one)], ["`directResponse`"]),
            ([.policy(rewrite, one), .policy(.requestRedirect(redirect), another)], ["`requestRedirect`"]),
            ([.policy(rewrite, one), .policy(sometimes, one)], []),
            // What is written for all routes is for the others.
            ([.policy(rewrite, another), .policy(always, one)], []),
            ([.policy(rewrite, one)], []),
        ] {
            let gateway = try TestGateway(GatewayConfiguration([.named("a")], policies))
            let found = gateway.diagnostics.filter { $0.code == "policy_unused" }
            #expect(found.count == findings.count, "\(found)")
            for (finding, field) in zip(found, findings) {
                #expect(finding.message.hasPrefix("`urlRewrite` has no effect: the \(field)") && finding.hint != nil)
            }
        }
    }

    @Test func `do not tell where routes are`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("a", .exact("/a"))], [.policy(.directResponse(DirectResponse(status: 200, body: [])))]))
        #expect(gateway.get("/b").refusal == .routeNotFound)
    }
}
