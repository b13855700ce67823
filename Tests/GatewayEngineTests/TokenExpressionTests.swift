import GatewayEngine
import GatewayModel
import Testing

@Suite struct `A token that an expression finds` {
    private static func gateway(
        _ expression: String, _ presence: Presence = .strict, forwards: Bool = false
    ) throws -> TestGateway {
        try TestGateway(
            .test(presence, locations: [.expression(Expression(expression, at: here))], forwardsToken: forwards))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var expression: String
        /// `§` stands for the token.
        var target = "/"
        var lines = ""
        /// What is forwarded of them.
        var forwardedTarget = "/"
        var forwardedLines: [String] = []
        var testDescription: String { expression }
    }

    static let cases: [Case] = [
        Case(expression: #"request.headers["x-token"]"#, lines: "X-Token: §\r\nX: 1\r\n", forwardedLines: ["X: 1"]),
        Case(
            expression: #"request.headers["x-token"].stripPrefix("v1.")"#, lines: "X: 1\r\nX-Token: v1.§\r\n",
            forwardedLines: ["X: 1"]),
        Case(
            expression: #"request.headers.cookie("t")"#, lines: "Cookie: a=1; t=§\r\nCookie: b=2\r\n",
            forwardedLines: ["Cookie: b=2", "cookie: a=1"]),
        Case(expression: "request.query.t", target: "/p?a=1&t=§", forwardedTarget: "/p?a=1"),
        Case(expression: "request.query.t", target: "/x/../p?t=%65§&a=1", forwardedTarget: "/p?a=1"),
        Case(
            expression: #"default(request.headers["x-a"], request.headers["x-b"])"#, target: "/?copy=§",
            lines: "X-B: §\r\nX-Copy: see §.\r\n"),
    ]

    @Test(arguments: cases)
    func `is verified, and taken out of every place it stands in`(_ entry: Case) throws {
        let token = try Tokens.token().text
        var gateway = try Self.gateway(entry.expression)
        let text = entry.target.contains("%65") ? String(token.dropFirst()) : token
        let answer = gateway.get(entry.target.replacing("§", with: text), entry.lines.replacing("§", with: token))
        #expect(answer.refusal == nil)
        #expect(answer.subject == "alice")
        #expect(answer.target == entry.forwardedTarget)
        let added = ["Host:", "x-forwarded-"]
        let lines = answer.lines.dropFirst().filter { line in !added.contains { line.hasPrefix($0) } }
        #expect(Array(lines) == entry.forwardedLines)
        #expect(!answer.head.contains(text))
        var forwarding = try Self.gateway(entry.expression, forwards: true)
        let kept = forwarding.get(entry.target.replacing("§", with: text), entry.lines.replacing("§", with: token))
        #expect(kept.head.contains(text))
    }

    @Test(arguments: [
        #"request.headers["x-token"]"#, #"request.headers["x-token"].substring(99)"#, #""""#, "null", "dyn(12)",
    ])
    func `is none where it fails, or is no text`(_ expression: String) throws {
        let text = expression == "null" ? "dyn(null)" : expression
        var strict = try Self.gateway(text)
        #expect(strict.get("/").refusal == .tokenMissing)
        var optional = try Self.gateway(text, .optional)
        #expect(optional.get("/").refusal == nil)
    }

    @Test func `is read from the request as received, whatever an earlier phase took out`() throws {
        let location = TokenLocation.expression(
            Expression(#"request.headers["authorization"].stripPrefix("Bearer ")"#, at: here))
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")], [.jwt(.test(), phase: .gateway), .jwt(.test(locations: [location]))]))
        let answer = gateway.get(token: try Tokens.token())
        #expect(answer.refusal == nil)
        #expect(answer.subject == "alice")
        #expect(answer.value(of: "Authorization") == nil)
    }

    @Test func `is one too many beside a token in another place`() throws {
        let places: [TokenLocation] = [
            .cookie(name: "session"), .expression(Expression(#"request.headers["x-token"]"#, at: here)),
        ]
        let token = try Tokens.token().text
        var gateway = try TestGateway(.test(locations: places))
        #expect(gateway.get("/", "Cookie: session=\(token)\r\n").subject == "alice")
        #expect(gateway.get("/", "X-Token: \(token)\r\n").subject == "alice")
        #expect(gateway.get("/", "X-Token: \(token)\r\nCookie: session=\(token)\r\n").refusal == .tokenAmbiguous)
        var permissive = try TestGateway(.test(.permissive, locations: places))
        let answer = permissive.get("/", "X-Token: \(token)\r\nCookie: session=\(token); a=1\r\n")
        #expect(answer.refusal == nil)
        #expect(answer.subject == nil)
        #expect(!answer.head.contains(token))
        #expect(answer.value(of: "cookie") == "a=1")
    }

    @Test func `must be a text`() throws {
        let expressions = [
            ("1 + 1", "this one is a int"), ("request.heders", "heders"),
            ("string(request.body)", "before a request's body has come"),
        ]
        for (expression, problem) in expressions {
            let error = #expect(throws: TestGateway.Invalid.self) { try Self.gateway(expression) }
            let diagnostic = try #require(error?.diagnostics.first)
            #expect(diagnostic.code == "expression_invalid")
            #expect(diagnostic.message.contains(problem))
        }
    }

    @Test func `costs linear time to take out`() throws {
        var gateway = try Self.gateway(#"request.headers["x-token"]"#, .permissive)
        let lines =
            "X-Token: \(String(repeating: "a", count: 4000))\r\n"
            + String(repeating: "X: \(String(repeating: "a", count: 4000))b\r\n", count: 12)
        let time = ContinuousClock().measure { #expect(gateway.get("/", lines).refusal == nil) }
        // Comparing at every offset would take the square of it.
        #expect(time < .seconds(1))
    }

    struct Staying: Sendable, CustomTestStringConvertible {
        let expression: String
        /// Why it stays; nil: it goes.
        let reason: String?
        var testDescription: String { expression }
    }

    @Test(arguments: [
        Staying(
            expression: #"request.path.split("/")[1]"#, reason: "the path, which `request.path` has, goes on as it is"),
        Staying(
            expression: #"request.uri.substring(20)"#, reason: "the path, which `request.uri` has, goes on as it is"),
        Staying(
            expression: #"has(request.query.t) ? request.query.t : request.pathAndQuery.substring(1)"#,
            reason: "the path, which `request.pathAndQuery` has, goes on as it is"),
        Staying(
            expression: #"request.headers["x-a"] + "." + request.headers["x-b"]"#,
            reason: #"what `request.headers["x-a"] + "." + request.headers["x-b"]` makes does not stand in it as it is"#
        ),
        Staying(
            expression: #"default(request.headers.x, string(base64.decode(request.headers.y)))"#,
            reason: "what `base64.decode(request.headers.y)` makes does not stand in it as it is"),
        Staying(
            expression: #"["a", request.headers.x].join(".")"#,
            reason: #"what `["a", request.headers.x].join(".")` makes does not stand in it as it is"#),
        Staying(expression: #"request.headers["x-" + "token"].stripPrefix("v1.")"#, reason: nil),
        Staying(expression: #"request.uri.query("t")[0]"#, reason: nil),
        Staying(expression: #"request.path == "/a" ? request.headers.cookie("t") : request.query.t"#, reason: nil),
        Staying(expression: #"json(request.headers.x).token"#, reason: nil),
    ])
    func `is pointed out where it cannot be taken out of the request`(_ entry: Staying) throws {
        let found = try Self.gateway(entry.expression).diagnostics.filter { $0.code == "credential_stays" }
        #expect(
            found.map(\.message)
                == (entry.reason.map {
                    ["the credential that this expression finds may stay in the forwarded request: \($0)"]
                } ?? []))
        #expect(try Self.gateway(entry.expression, forwards: true).diagnostics.isEmpty)
    }
}
