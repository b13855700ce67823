import GatewayEngine
import GatewayModel
import Testing

@Suite struct `Routes` {
    private static let routes: [Route] = [
        .named("root"),
        .named("exact", .exact("/a/b")),
        .named("short", .segmentPrefix("/a")),
        .named("long", .segmentPrefix("/a/b")),
        .named("deep", .segmentPrefix("/a/b/c/d/e")),
        .named("method", .segmentPrefix("/m"), method: "POST"),
        .named("nomethod", .segmentPrefix("/m")),
        .named("oneheader", .segmentPrefix("/h"), headers: [("X-A", "1")]),
        .named("twoheaders", .segmentPrefix("/h"), headers: [("X-A", "1"), ("X-B", "2")]),
        .named("noheader", .segmentPrefix("/h")),
        .named("oneparameter", .segmentPrefix("/q"), query: [("a", "1")]),
        .named("twoparameters", .segmentPrefix("/q"), query: [("a", "1"), ("b", "x y")]),
        .named("z-later", .segmentPrefix("/n")),
        .named("a-earlier", .segmentPrefix("/n")),
        .named("exacthost", hosts: [.exact("www.example.com")]),
        .named("wildcard", hosts: [.wildcard(suffix: "example.com")]),
        .named("longwildcard", hosts: [.wildcard(suffix: "api.example.com")]),
        .named("hostpath", hosts: [.exact("partial.test")], .exact("/only")),
        .named("regex", hosts: [.exact("regex.test")], .regex("/r/[0-9]+")),
        .named("regexprefix", hosts: [.exact("regex.test")], .segmentPrefix("/r/7")),
    ]

    struct Case: Sendable, CustomTestStringConvertible {
        var target: String
        var method = "GET"
        var host = "none.test"
        var lines = ""
        var route: String?
        var testDescription: String { "\(method) \(host)\(target) \(lines)" }
    }

    static let cases: [Case] = [
        Case(target: "/", route: "root"),
        Case(target: "/x", route: "root"),
        Case(target: "/a", route: "short"),
        Case(target: "/a/", route: "short"),
        Case(target: "/ab", route: "root"),
        Case(target: "/a/x", route: "short"),
        Case(target: "/a/b", route: "exact"),
        Case(target: "/a/b?x=1", route: "exact"),
        Case(target: "/a/b/", route: "long"),
        Case(target: "/a/bc", route: "short"),
        Case(target: "/a/b/c", route: "long"),
        Case(target: "/a/b/c/d/e/f/g", route: "deep"),
        Case(target: "/a//b", route: "short"),
        Case(target: "//a", route: "root"),
        Case(target: "/A/b", route: "root"),
        // The canonical path is what is matched.
        Case(target: "/x/../a/b", route: "exact"),
        Case(target: "/%61/%62", route: "exact"),
        Case(target: "/a/./b/c", route: "long"),
        Case(target: "/m", method: "POST", route: "method"),
        Case(target: "/m", method: "GET", route: "nomethod"),
        Case(target: "/m", method: "post", route: "nomethod"),
        Case(target: "/h", route: "noheader"),
        Case(target: "/h", lines: "x-a: 1\r\n", route: "oneheader"),
        Case(target: "/h", lines: "X-A: 1\r\nX-B: 2\r\n", route: "twoheaders"),
        Case(target: "/h", lines: "X-A: 2\r\nX-B: 2\r\n", route: "noheader"),
        Case(target: "/h", lines: "X-A: 1\r\nX-A: 1\r\n", route: "noheader"),
        Case(target: "/q", route: "root"),
        Case(target: "/q?a=1", route: "oneparameter"),
        Case(target: "/q?a=2", route: "root"),
        Case(target: "/q?b=x+y&a=1", route: "twoparameters"),
        Case(target: "/q?b=x%20y&%61=%31", route: "twoparameters"),
        Case(target: "/q?a=2&a=1", route: "root"),
        Case(target: "/q?A=1", route: "root"),
        Case(target: "/n", route: "a-earlier"),
        Case(target: "/", host: "www.example.com", route: "exacthost"),
        Case(target: "/", host: "WWW.Example.COM.:8080", route: "exacthost"),
        Case(target: "/", host: "other.example.com", route: "wildcard"),
        Case(target: "/", host: "a.b.example.com", route: "wildcard"),
        Case(target: "/", host: "x.api.example.com", route: "longwildcard"),
        Case(target: "/", host: "api.example.com", route: "wildcard"),
        Case(target: "/", host: "example.com", route: "root"),
        Case(target: "/", host: "xexample.com", route: "root"),
        Case(target: "/", host: "[::1]", route: "root"),
        Case(target: "/only", host: "partial.test", route: "hostpath"),
        Case(target: "/a/b", host: "partial.test", route: "exact"),
        Case(target: "/r/123", host: "regex.test", route: "regex"),
        Case(target: "/r/123x", host: "regex.test", route: "root"),
        Case(target: "/x/r/123", host: "regex.test", route: "root"),
        Case(target: "/r/7", host: "regex.test", route: "regexprefix"),
        Case(target: "*", method: "OPTIONS", route: "root"),
    ]

    @Test(arguments: cases)
    func `are chosen by host, path, method, headers and query, the most specific first`(_ entry: Case) throws {
        for routes in [Self.routes, Self.routes.reversed()] {
            var gateway = try TestGateway(GatewayConfiguration(routes))
            let answer = gateway.ask(
                "\(entry.method) \(entry.target) HTTP/1.1\r\nHost: \(entry.host)\r\n\(entry.lines)\r\n")
            #expect(answer.upstream == entry.route)
        }
    }

    @Test func `that match nothing are refused with 404`() throws {
        var gateway = try TestGateway(GatewayConfiguration([.named("a", .segmentPrefix("/a"))]))
        #expect(gateway.get("/b").refusal == .routeNotFound)
        #expect(gateway.get("/").refusal == .routeNotFound)
    }

    @Test func `without a backend answer 503`() throws {
        var gateway = try TestGateway(GatewayConfiguration([.named("a", hasBackend: false)]))
        #expect(gateway.get("/").refusal == .noBackend)
    }

    @Test func `that do not exist can't be told from those that do without a token`() throws {
        let routes = [Route.named("a", .segmentPrefix("/a"))]
        var gateway = try TestGateway(.test(), routes: routes)
        #expect(gateway.get("/a").refusal == .tokenMissing)
        #expect(gateway.get("/b").refusal == .tokenMissing)
        let bad = try Tokens.token(key: Tokens.stranger)
        #expect(gateway.get("/a", token: bad).refusal == .signatureInvalid)
        #expect(gateway.get("/b", token: bad).refusal == .signatureInvalid)
        let good = try Tokens.token()
        #expect(gateway.get("/a", token: good).upstream == "a")
        #expect(gateway.get("/b", token: good).refusal == .routeNotFound)
    }

    @Test func `take the policy of the most specific scope`() throws {
        let routes = [Route.named("open", .segmentPrefix("/open")), .named("closed")]
        let configuration = GatewayConfiguration(
            routes,
            [
                .jwt(.test(.optional), .route(RouteID("open"))),
                .jwt(.test(.strict), .listener(ListenerID("listener"))),
                .jwt(.test(.permissive), .gateway("gateway")),
                .jwt(.test(.permissive), .gateway("another")),
            ])
        var gateway = try TestGateway(configuration)
        #expect(gateway.get("/open").upstream == "open")
        #expect(gateway.get("/x").refusal == .tokenMissing)
        // The open route can't be reached by another spelling of its neighbour, nor the other way round.
        #expect(gateway.get("/open/../x").refusal == .tokenMissing)
        #expect(gateway.get("/openx").refusal == .tokenMissing)
        #expect(gateway.get("//open").refusal == .tokenMissing)
        #expect(gateway.get("/x/../open").upstream == "open")
        #expect(gateway.get("/open/%2e%2e/x").refusal == .ambiguousTarget)
        #expect(gateway.get("/open%2f..%2fx").refusal == .ambiguousTarget)
    }

    @Test func `are those of the listener the host belongs to`() throws {
        let configuration = GatewayConfiguration(listeners: [
            .test("any", .any, [.named("any")]),
            .test("exact", .exact("a.test"), [.named("exact", .segmentPrefix("/x"))]),
            .test("wild", .wildcard(suffix: "w.test"), [.named("wild")]),
        ])
        var gateway = try TestGateway(configuration)
        #expect(gateway.get("/", host: "other.test").upstream == "any")
        #expect(gateway.get("/x", host: "A.test:80").upstream == "exact")
        // A listener's own routes alone count, even where another listener would have one.
        #expect(gateway.get("/", host: "a.test").refusal == .routeNotFound)
        #expect(gateway.get("/", host: "b.w.test").upstream == "wild")
        #expect(gateway.get("/", host: "w.test").upstream == "any")
    }

    @Test func `of a thousand are found as fast as one of ten`() throws {
        let routes = (0..<1000).map { Route.named("r\($0)", .segmentPrefix("/service-\($0)/v1")) }
        var gateway = try TestGateway(GatewayConfiguration(routes))
        for index in stride(from: 0, to: 1000, by: 37) {
            #expect(gateway.get("/service-\(index)/v1/x").upstream == "r\(index)")
        }
        #expect(gateway.get("/service-1000/v1").refusal == .routeNotFound)
    }
}

@Suite struct `What is forwarded` {
    @Test func `says where the request came from and nothing a client made up`() throws {
        var gateway = try TestGateway(GatewayConfiguration([.named("a")]))
        let answer = gateway.get(
            "/", host: "Example.com:8080",
            "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\nForwarded: for=1.2.3.4\r\n"
                + "X-Real-IP: 1.2.3.4\r\nx-forwarded-anything: 1\r\nX_Forwarded_For: 1.2.3.4\r\nX: 1\r\n")
        #expect(
            answer.lines == [
                "GET / HTTP/1.1", "Host: Example.com:8080", "X: 1", "x-forwarded-for: 192.0.2.7",
                "x-forwarded-proto: http", "x-forwarded-host: Example.com:8080",
            ])
    }

    @Test func `is the canonical target`() throws {
        var gateway = try TestGateway(GatewayConfiguration([.named("a")]))
        #expect(gateway.get("/a/../%62?x=%2F").target == "/b?x=%2F")
        #expect(gateway.get("http://a/x").target == "/x")
    }
}

@Suite struct `A trusted proxy` {
    private static let lines =
        "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: b\r\nForwarded: for=1.2.3.4\r\n"

    private static func forwarded(_ lines: String, trusting networks: [String]) throws -> [String] {
        var configuration = GatewayConfiguration([.named("a")])
        configuration.traffic.trustedProxies = networks
        var gateway = try TestGateway(configuration)
        return Array(gateway.get("/", host: "a", lines).lines.dropFirst(2))
    }

    @Test(arguments: [["192.0.2.0/24"], ["10.0.0.0/8", "192.0.2.7/32"], ["0.0.0.0/0"]])
    func `is believed, and added to the list`(_ networks: [String]) throws {
        #expect(
            try Self.forwarded(Self.lines, trusting: networks) == [
                "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Proto: https", "X-Forwarded-Host: b", "Forwarded: for=1.2.3.4",
                "x-forwarded-for: 192.0.2.7",
            ])
        #expect(
            try Self.forwarded("", trusting: networks) == [
                "x-forwarded-for: 192.0.2.7", "x-forwarded-proto: http", "x-forwarded-host: a",
            ])
    }

    @Test(arguments: [[], ["192.0.3.0/24"], ["192.0.2.8/32"], ["::/0"]])
    func `is nobody else`(_ networks: [String]) throws {
        #expect(
            try Self.forwarded(Self.lines, trusting: networks) == [
                "x-forwarded-for: 192.0.2.7", "x-forwarded-proto: http", "x-forwarded-host: a",
            ])
    }
}

@Suite struct `Upstream weights` {
    private static func upstream(_ weights: [Int]) throws -> UpstreamSnapshot {
        var configuration = GatewayConfiguration([.named("a")])
        configuration.upstreams[0].endpoints = weights.enumerated().map { index, weight in
            Upstream.Endpoint(.network(host: "h\(index)", port: 1), weight: weight)
        }
        return try TestGateway(configuration).snapshot.upstreams[0]
    }

    @Test(arguments: [[1], [1, 1], [3, 1], [1, 2, 7], [100, 1], [5, 0, 5], [1, 1, 1, 1, 1, 1, 1]])
    func `are the shares of requests`(_ weights: [Int]) throws {
        let upstream = try Self.upstream(weights)
        var counts: [String: Int] = [:]
        let turns = 20_000
        for _ in 0..<turns {
            let index = try #require(upstream.nextEndpoint())
            counts[upstream.endpoints[index].address.host ?? "", default: 0] += 1
        }
        let total = weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            let expected = Double(turns * weight) / Double(total)
            let count = Double(counts["h\(index)"] ?? 0)
            #expect(abs(count - expected) <= max(expected * 0.05, 20), "endpoint \(index)")
            if weight == 0 { #expect(count == 0) }
        }
    }

    @Test(arguments: [[3, 2, 1], [2, 1], [1, 1, 1, 1], [7, 3], [300, 200, 100]])
    func `are kept to exactly in as many requests as they sum up to, and no share comes in one block`(
        _ weights: [Int]
    ) throws {
        let upstream = try Self.upstream(weights)
        let total = weights.reduce(0, +)
        for _ in 0..<3 {
            let chosen = (0..<total).compactMap { _ in upstream.nextEndpoint() }
            #expect(weights.indices.map { index in chosen.count { $0 == index } } == weights)
            let changes = zip(chosen, chosen.dropFirst()).count { $0 != $1 }
            #expect(changes >= total / 3, "\(chosen)")
        }
    }

    @Test func `of zero leave no endpoint`() throws {
        #expect(try Self.upstream([0, 0]).nextEndpoint() == nil)
        #expect(try Self.upstream([]).nextEndpoint() == nil)
    }
}

@Suite struct `Routes that another one leads to` {
    private static func below(_ ancestors: String..., route: Route) -> Route {
        var route = route
        route.ancestors = ancestors.map { RouteID($0) }
        return route
    }

    private static func leading(_ route: Route) -> Route {
        var route = route
        route.action = .delegate
        return route
    }

    private static let routes: [Route] = [
        below("shop", route: .named("carts", .segmentPrefix("/shop/carts"))),
        below("shop", route: .named("posted", .segmentPrefix("/shop/carts"), method: "POST")),
        below("shop", route: .named("hosted", hosts: [.exact("inner.test")])),
        below("shop", "deeper", route: .named("deepest", .regex("/shop/deep/[0-9]+"))),
        below("shop", route: leading(.named("deeper", .segmentPrefix("/shop/deep")))),
        leading(.named("shop", .segmentPrefix("/shop"))),
        below("guarded", route: .named("any")),
        leading(.named("guarded", .segmentPrefix("/shop"), headers: [("X-Guarded", "1")])),
        leading(.named("empty", .exact("/empty"))),
        .named("longer", .segmentPrefix("/shop/carts/longer")),
        .named("root"),
    ]

    @Test(arguments: [
        Routes.Case(target: "/shop/carts/a", route: "carts"),
        Routes.Case(target: "/shop/carts", method: "POST", route: "posted"),
        Routes.Case(target: "/shop/x", host: "inner.test", route: "hosted"),
        Routes.Case(target: "/shop/deep/7", route: "deepest"),
        // The route that leads there has been chosen: no other one takes what its group does not.
        Routes.Case(target: "/shop/deep/x", route: nil),
        Routes.Case(target: "/shop/x", route: nil),
        Routes.Case(target: "/empty", route: nil),
        // Before, what it takes goes by its own match.
        Routes.Case(target: "/shop/carts/longer/a", route: "longer"),
        Routes.Case(target: "/shop/x", lines: "X-Guarded: 1\r\n", route: "any"),
        Routes.Case(target: "/other", route: "root"),
    ])
    func `are chosen as they would be by themselves`(_ example: Routes.Case) throws {
        var gateway = try TestGateway(GatewayConfiguration(Self.routes))
        let answer = gateway.ask(
            "\(example.method) \(example.target) HTTP/1.1\r\nHost: \(example.host)\r\n\(example.lines)\r\n")
        #expect(answer.upstream == example.route)
        #expect(answer.refusal == (example.route == nil ? .routeNotFound : nil))
    }

    @Test func `have the policies of all on the way, the closest of a kind, and the rules of each`() throws {
        func edit(_ value: String) -> Policy {
            .requestHeaders(
                HeaderMutation(
                    add: [], set: [HeaderMutation.Field(name: "x-by", value: value, provenance: here)], remove: []))
        }
        var gateway = try TestGateway(
            GatewayConfiguration(
                Self.routes,
                [
                    .policy(edit("shop"), .route(RouteID("shop"))),
                    .policy(edit("deepest"), .route(RouteID("deepest"))),
                    .rules([.deny("default(request.headers['x-deny'], '') == 'shop'")], .route(RouteID("shop"))),
                    .rules([.deny("default(request.headers['x-deny'], '') == 'deeper'")], .route(RouteID("deeper"))),
                ]))
        #expect(gateway.get("/shop/carts").head.contains("x-by: shop\r\n"))
        let deepest = gateway.get("/shop/deep/1").head
        #expect(deepest.contains("x-by: deepest\r\n") && !deepest.contains("x-by: shop"))
        for (level, path) in [("shop", "/shop/carts"), ("shop", "/shop/deep/1"), ("deeper", "/shop/deep/1")] {
            #expect(gateway.get(path, "X-Deny: \(level)\r\n").refusal == .authorizationDenied)
        }
        #expect(gateway.get("/shop/carts", "X-Deny: deeper\r\n").upstream == "carts")
    }

    @Test func `prove who asks for rules on the way`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                Self.routes,
                [
                    .rules([.allow("jwt.sub == 'nobody'")], .route(RouteID("guarded"))),
                    .policy(.jwtAuthentication(.test()), .route(RouteID("any"))),
                ]))
        #expect(gateway.diagnostics.isEmpty)
        let line = "X-Guarded: 1\r\n"
        #expect(gateway.get("/shop/x", line).refusal == .tokenMissing)
        let token = try Tokens.token().text
        #expect(gateway.get("/shop/x", line + "Authorization: Bearer \(token)\r\n").refusal == .authorizationDenied)
    }
}
