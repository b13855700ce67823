import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

@Suite struct `Cross-origin requests` {
    private static let app = OriginPattern(scheme: "https", host: "app.example.com", port: 443)

    private static func policy(
        _ origins: CORS.Origins = .listed([app]), credentials: Bool = false, methods: CORS.Names = .listed(["PUT"]),
        headers: CORS.Names = .listed(["X-A", "X-B"]), exposed: CORS.Names = .none, maxAge: Int64? = nil
    ) -> CORS {
        CORS(
            origins: origins, allowsCredentials: credentials, methods: methods, headers: headers,
            exposedHeaders: exposed, maxAgeSeconds: maxAge)
    }

    private static func gateway(_ policy: CORS, _ others: [GatewayModel.Attachment] = []) throws -> TestGateway {
        try TestGateway(GatewayConfiguration([.named("backend")], [.policy(.cors(policy))] + others))
    }

    private static let origin = "Origin: https://app.example.com\r\n"
    private static let asksForPut = "Access-Control-Request-Method: PUT\r\n"

    private static func preflight(_ lines: String) -> String { "OPTIONS /a HTTP/1.1\r\nHost: a\r\n\(lines)\r\n" }

    /// The lines of an answer to a pre-flight, but for status, length and date.
    private static func lines(_ answer: TestGateway.Answer) -> [String] {
        let lines = (answer.response ?? "").split(separator: "\r\n").map(String.init)
        #expect(lines.first == "HTTP/1.1 200 OK")
        return lines.dropFirst().filter { !$0.hasPrefix("content-length: 0") && !$0.hasPrefix("date:") }
    }

    /// What a forwarded request's answer will have added.
    private static func added(_ gateway: TestGateway) -> String {
        (gateway.scratch.wholeResponseEdit?.added.text ?? "").replacing("\r\n", with: "|")
    }

    // MARK: - Pre-flights

    @Test func `get an answer before anyone asks who sent them`() throws {
        var gateway = try Self.gateway(
            Self.policy(credentials: true, maxAge: 600), [.jwt(.test()), .rules([.deny("true")])])
        let answer = gateway.ask(Self.preflight(Self.origin + Self.asksForPut))
        #expect(
            Self.lines(answer) == [
                "access-control-allow-origin: https://app.example.com", "vary: origin",
                "access-control-allow-credentials: true", "access-control-allow-methods: PUT",
                "access-control-allow-headers: X-A, X-B", "access-control-max-age: 600",
                "vary: access-control-request-method, access-control-request-headers",
            ])
    }

    @Test(arguments: [
        "", origin, asksForPut, "Origin:\r\n" + asksForPut, origin + "Access-Control-Request-Method:\r\n",
        origin + origin + asksForPut,
    ])
    func `are no others than those`(_ lines: String) throws {
        var gateway = try Self.gateway(Self.policy(), [.jwt(.test())])
        #expect(gateway.ask(Self.preflight(lines)).refusal == .tokenMissing)
        #expect(gateway.get("/", Self.origin + Self.asksForPut).refusal == .tokenMissing)
    }

    @Test func `of other origins get no permission`() throws {
        var gateway = try Self.gateway(Self.policy(credentials: true))
        let answer = gateway.ask(Self.preflight("Origin: https://evil.example\r\n" + Self.asksForPut))
        #expect(Self.lines(answer) == ["vary: origin"])
    }

    @Test func `are told what they asked for where all is allowed`() throws {
        var gateway = try Self.gateway(Self.policy(.any, methods: .any, headers: .any))
        let asked = "Access-Control-Request-Headers: authorization, x-1\r\n"
        #expect(
            Self.lines(gateway.ask(Self.preflight(Self.origin + Self.asksForPut + asked))) == [
                "access-control-allow-origin: *", "access-control-allow-methods: PUT",
                "access-control-allow-headers: authorization, x-1",
                "vary: access-control-request-method, access-control-request-headers",
            ])
        let hostile = "Access-Control-Request-Headers: a;b\"<\r\n"
        let answer = Self.lines(gateway.ask(Self.preflight(Self.origin + Self.asksForPut + hostile)))
        #expect(!answer.contains { $0.hasPrefix("access-control-allow-headers") })
    }

    @Test func `are answered by the listener before a route is chosen`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend", method: "PUT")],
                [
                    .policy(.cors(Self.policy()), phase: .gateway), .jwt(.test(), phase: .gateway),
                    .policy(.cors(Self.policy(.any))),
                ]))
        let preflight = Self.preflight(Self.origin + Self.asksForPut)
        #expect(Self.lines(gateway.ask(preflight)).first == "access-control-allow-origin: https://app.example.com")
    }

    @Test func `to no route get what the gateway's policy says`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration([.named("backend", method: "PUT")], [.policy(.cors(Self.policy()))]))
        let preflight = Self.preflight(Self.origin + Self.asksForPut)
        #expect(Self.lines(gateway.ask(preflight)).first == "access-control-allow-origin: https://app.example.com")
        #expect(gateway.get("/", Self.origin).refusal == .routeNotFound)
        #expect(Self.added(gateway).hasPrefix("access-control-allow-origin: https://app.example.com|"))
    }

    // MARK: - Requests

    @Test func `of an allowed origin may be read, refusals too`() throws {
        var gateway = try Self.gateway(
            Self.policy(credentials: true, exposed: .listed(["x-id", "x-time"])), [.jwt(.test())])
        #expect(gateway.get("/", Self.origin).refusal == .tokenMissing)
        let expected =
            "access-control-allow-origin: https://app.example.com|vary: origin|"
            + "access-control-allow-credentials: true|access-control-expose-headers: x-id, x-time|"
        #expect(Self.added(gateway) == expected)
        let token = try Tokens.token().text
        #expect(gateway.get("/", Self.origin + "Authorization: Bearer \(token)\r\n").refusal == nil)
        #expect(Self.added(gateway) == expected)
        // What the backend says of the same goes.
        let removed = gateway.scratch.wholeResponseEdit?.removed.names.map(\.text) ?? []
        #expect(removed.contains("access-control-allow-origin"))
    }

    @Test(arguments: ["", "Origin: null\r\n", "Origin: http://app.example.com\r\n", origin + origin])
    func `of nobody that is allowed cannot, whatever the backend says`(_ lines: String) throws {
        var gateway = try Self.gateway(Self.policy(credentials: true))
        #expect(gateway.get("/", lines).upstream == "backend")
        #expect(Self.added(gateway) == "vary: origin|")
        #expect(
            gateway.scratch.wholeResponseEdit?.removed.names.map(\.text).contains("access-control-allow-origin") == true
        )
    }

    @Test func `of anyone may be read where the policy says so, by caches too`() throws {
        var gateway = try Self.gateway(Self.policy(.any, exposed: .any))
        for lines in ["", Self.origin, "Origin: null\r\n"] {
            #expect(gateway.get("/", lines).upstream == "backend")
            #expect(Self.added(gateway) == "access-control-allow-origin: *|access-control-expose-headers: *|")
        }
    }

    @Test func `have one answer where listener and route both say it`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")],
                [.policy(.cors(Self.policy()), phase: .gateway), .policy(.cors(Self.policy(.any)))]))
        #expect(gateway.get("/", Self.origin).upstream == "backend")
        #expect(Self.added(gateway) == "vary: origin|access-control-allow-origin: *|")
    }

    // MARK: - Origins

    struct Match: Sendable, CustomTestStringConvertible {
        let pattern: OriginPattern
        let origin: String
        let isAllowed: Bool

        init(_ host: String, _ origin: String, _ isAllowed: Bool, scheme: String = "https", port: Int = 443) {
            pattern = OriginPattern(scheme: scheme, host: host, port: port)
            self.origin = origin
            self.isAllowed = isAllowed
        }

        var testDescription: String { "\(pattern.scheme) \(pattern.host) \(pattern.port): \(origin)" }
    }

    @Test(arguments: [
        Match("a.com", "https://a.com", true), Match("a.com", "https://A.com:443", true),
        Match("a.com", "HTTPS://a.com", true), Match("a.com", "https://a.com:8443", false),
        Match("a.com", "http://a.com", false), Match("a.com", "https://a.com.evil", false),
        Match("a.com", "https://a.com/", false), Match("a.com", "https://a.com@evil", false),
        Match("a.com", "https://evil?a.com", false), Match("a.com", "https://", false),
        Match("a.com", "https://a.com:", false), Match("a.com", "https://a.com:443443", false),
        Match("a.com", "https://a.com https://b.com", false),
        Match("*.a.com", "https://b.a.com", true), Match("*.a.com", "https://c.b.a.com", true),
        Match("*.a.com", "https://a.com", false), Match("*.a.com", "https://b.a.com.evil", false),
        Match("*.a.com", "https://evil/.a.com", false), Match("a*b*c", "https://axbybzc", true),
        Match("a*b*c", "https://axbyczb", false),
        Match("[::1]", "http://[::1]:3000", true, scheme: "http", port: 3000),
        Match("localhost", "http://localhost:3000", true, scheme: "http", port: 3000),
        Match("localhost", "http://localhost", false, scheme: "http", port: 3000),
    ])
    func `are allowed by scheme, host and port`(_ entry: Match) throws {
        var gateway = try Self.gateway(Self.policy(.listed([entry.pattern])))
        _ = gateway.get("/", "Origin: \(entry.origin)\r\n")
        #expect(Self.added(gateway).contains("access-control-allow-origin: \(entry.origin)|") == entry.isAllowed)
    }
}
