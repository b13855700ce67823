import Foundation
import JOSE
import Testing

/// What agentgateway's own tests and documents say of authentication and authorization, through the gateway.
@Suite struct `Behaviour of agentgateway` {
    private static let issuer = """
          issuer: https://issuer.test
          audiences: [api]
          jwks: '\(Tokens.key.verificationJWKS.text)'
        """

    private static func jwtAuth(_ mode: String, _ more: String = "") -> String {
        "jwtAuth:\n  mode: \(mode)\n\(issuer)" + (more.isEmpty ? "" : "\n  \(more)")
    }

    /// A token for these claims, each replaced or, with nil, left out.
    private static func token(_ changes: [String: String?] = [:], key: SigningKey = Tokens.key) throws -> String {
        let now = Int(Date().timeIntervalSince1970)
        var claims: [String: String?] = [
            "iss": #""https://issuer.test""#, "sub": #""alice""#, "aud": #""api""#, "exp": "\(now + 600)",
        ]
        claims.merge(changes) { $1 }
        let members = claims.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
        return try key.token(claims: "{\(members.sorted().joined(separator: ","))}").text
    }

    // MARK: - Modes

    struct Mode: Sendable, CustomTestStringConvertible {
        var mode: String
        var sent: String
        var status: Int
        /// Whether the backend gets the token.
        var isForwarded = false
        var testDescription: String { "\(mode), \(sent): \(status)" }
    }

    @Test(arguments: [
        Mode(mode: "strict", sent: "no token", status: 401), Mode(mode: "strict", sent: "a bad token", status: 401),
        Mode(mode: "strict", sent: "a good token", status: 200), Mode(mode: "optional", sent: "no token", status: 200),
        Mode(mode: "optional", sent: "a bad token", status: 401),
        Mode(mode: "optional", sent: "a good token", status: 200),
        Mode(mode: "permissive", sent: "no token", status: 200),
        Mode(mode: "permissive", sent: "a bad token", status: 200, isForwarded: true),
        Mode(mode: "permissive", sent: "a good token", status: 200),
    ])
    func `jwtAuth decides by its mode, and a token that held goes no further`(_ entry: Mode) throws {
        let gateway = try GuardedGateway(Self.jwtAuth(entry.mode))
        let bad = try Self.token(key: Tokens.stranger)
        let tokens = ["no token": nil, "a bad token": bad, "a good token": try Self.token()]
        let token = try #require(tokens[entry.sent])
        let answer = try gateway.get(token.map { "Authorization: Bearer \($0)\r\n" } ?? "")
        #expect(answer.status == entry.status)
        if entry.status == 200 {
            #expect(answer.body.text.contains("Authorization: Bearer") == entry.isForwarded)
        } else {
            #expect(answer.value("content-type") == "text/plain")
            #expect(answer.body.text.hasPrefix("authentication failure: "))
            if token == nil { #expect(answer.body.text == "authentication failure: no bearer token found") }
        }
    }

    // MARK: - Claims

    struct Claims: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var changes: [String: String?]
        var options = ""
        var refusal: String?
    }

    static let claims: [Claims] = [
        Claims(testDescription: "another audience", changes: ["aud": #""other""#], refusal: "audience_mismatch"),
        Claims(testDescription: "no audience", changes: ["aud": nil], refusal: "claim_missing"),
        Claims(testDescription: "one audience of several", changes: ["aud": #"["other","api"]"#]),
        Claims(testDescription: "another issuer", changes: ["iss": #""other""#], refusal: "issuer_unknown"),
        Claims(testDescription: "no issuer", changes: ["iss": nil], refusal: "issuer_unknown"),
        Claims(testDescription: "expired", changes: ["exp": "1700000000"], refusal: "token_expired"),
        Claims(testDescription: "no exp", changes: ["exp": nil], refusal: "claim_missing"),
        Claims(
            testDescription: "no exp, empty options", changes: ["exp": nil], options: "{}",
            refusal: "claim_missing"),
        Claims(
            testDescription: "no exp where no claim is required", changes: ["exp": nil],
            options: "{requiredClaims: []}"),
        Claims(
            testDescription: "expired where no claim is required", changes: ["exp": "1700000000"],
            options: "{requiredClaims: []}", refusal: "token_expired"),
        Claims(
            testDescription: "no nbf where it is required", changes: [:], options: "{requiredClaims: [exp, nbf]}",
            refusal: "claim_missing"),
        Claims(testDescription: "nbf to come", changes: ["nbf": "4000000000"], refusal: "token_not_yet_valid"),
    ]

    @Test(arguments: claims)
    func `jwtAuth looks at the claims that it is to look at`(_ entry: Claims) throws {
        let options = entry.options.isEmpty ? "" : "jwtValidationOptions: \(entry.options)"
        let gateway = try GuardedGateway(Self.jwtAuth("strict", options))
        let answer = try gateway.get("Authorization: Bearer \(try Self.token(entry.changes))\r\n")
        #expect(answer.status == (entry.refusal == nil ? 200 : 401))
        #expect(answer.refusal == entry.refusal)
    }

    // MARK: - Places

    @Test func `a token in a query parameter, cookie or header of its own leaves, and what stands beside it stays`()
        throws
    {
        let token = try Self.token()
        for (location, lines, target, forwarded) in [
            ("{queryParameter: {name: token}}", "", "/?token=\(token)&keep=yes", "GET /?keep=yes "),
            ("{cookie: {name: jwt}}", "Cookie: a=b; jwt=\(token)\r\n", "/", "cookie: a=b\r\n"),
            ("{header: {name: x-token}}", "X-Token: \(token)\r\nX-Other: stays\r\n", "/", "X-Other: stays\r\n"),
        ] {
            let gateway = try GuardedGateway(Self.jwtAuth("strict", "location: \(location)"))
            let answer = try gateway.get(lines, target: target)
            #expect(answer.status == 200, "\(location)")
            #expect(answer.body.text.contains(forwarded) && !answer.body.text.contains(token), "\(location)")
            #expect(try gateway.get("Authorization: Bearer \(token)\r\n").status == 401, "\(location)")
        }
    }

    // MARK: - Rules

    struct Rules: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rules: String
        var status: Int
    }

    static let rules: [Rules] = [
        Rules(testDescription: "no rules", rules: "[]", status: 200),
        Rules(testDescription: "an allow that holds", rules: #"['jwt.sub == "alice"']"#, status: 200),
        Rules(testDescription: "an allow that does not", rules: #"['jwt.sub == "bob"']"#, status: 403),
        Rules(testDescription: "one allow of two", rules: #"['jwt.sub == "bob"', 'jwt.sub == "alice"']"#, status: 200),
        Rules(
            testDescription: "a deny that does not hold, alone", rules: #"[{deny: 'jwt.sub == "bob"'}]"#, status: 200),
        Rules(testDescription: "a deny that holds", rules: #"[{deny: 'jwt.sub == "alice"'}]"#, status: 403),
        Rules(
            testDescription: "a deny and an allow that hold",
            rules: #"['jwt.sub == "alice"', {deny: 'jwt.sub == "alice"'}]"#, status: 403),
        Rules(
            testDescription: "an allow and a deny that do not hold",
            rules: #"['jwt.sub == "bob"', {deny: 'jwt.sub == "bob"'}]"#, status: 403),
        Rules(
            testDescription: "a require that holds, alone", rules: #"[{require: 'jwt.sub == "alice"'}]"#, status: 200),
        Rules(testDescription: "a require that does not", rules: #"[{require: 'jwt.sub == "bob"'}]"#, status: 403),
        Rules(
            testDescription: "one require of two",
            rules: #"[{require: 'jwt.sub == "alice"'}, {require: 'jwt.sub == "bob"'}]"#, status: 403),
        Rules(
            testDescription: "a require that holds beside an allow that does not",
            rules: #"[{require: 'jwt.sub == "alice"'}, 'jwt.sub == "bob"']"#, status: 403),
        Rules(testDescription: "an allow that reads what is not there", rules: "['jwt.group == 1']", status: 403),
        Rules(testDescription: "a nested claim", rules: #"['jwt.nested.key == "value"']"#, status: 200),
        Rules(testDescription: "an element of a list", rules: #"['"b" in jwt.list']"#, status: 200),
    ]

    @Test(arguments: rules)
    func `authorization lets pass what its rules say`(_ entry: Rules) throws {
        let gateway = try GuardedGateway("\(Self.jwtAuth("strict"))\nauthorization: {rules: \(entry.rules)}")
        let token = try Self.token(["nested": #"{"key":"value"}"#, "list": #"["a","b"]"#])
        let answer = try gateway.get("Authorization: Bearer \(token)\r\n")
        #expect(answer.status == entry.status)
        if entry.status == 403 { #expect(answer.body.text == "authorization failed") }
    }

    // MARK: - Phases and levels

    @Test func `a listener's policies run before a route is chosen, and a route's own jwtAuth is the one that holds`()
        throws
    {
        let upstream = try EchoUpstream()
        let gateway = try GatewayProcess { port in
            """
            config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off"}
            binds:
            - port: \(port)
              listeners:
              - name: main
                policies: {authorization: {rules: [{deny: 'request.path == "/nowhere"'}]}}
                routes:
                - name: one
                  matches: [{path: {pathPrefix: /one}}]
                  backends: [{host: "127.0.0.1:\(upstream.port)"}]
                - name: two
                  matches: [{path: {pathPrefix: /two}}]
                  backends: [{host: "127.0.0.1:\(upstream.port)"}]
                  policies:
                    jwtAuth: {mode: optional, issuer: a, audiences: [b], jwks: '\(Tokens.key.verificationJWKS.text)'}
                    authorization: {rules: [{deny: 'request.method == "PUT"'}]}
            policies:
            - name: {name: all, namespace: default}
              target: {gateway: {gatewayName: default, gatewayNamespace: default, listenerName: main}}
              policy:
                jwtAuth: {mode: strict, issuer: a, audiences: [b], jwks: '\(Tokens.key.verificationJWKS.text)'}
            """
        }
        for (request, status) in [
            ("GET /nowhere", 403), ("GET /else", 401), ("GET /one", 401), ("GET /two", 200), ("PUT /two", 403),
        ] {
            let client = try Wire(port: gateway.port)
            try client.send("\(request) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try client.readAnswer().status == status, "\(request)")
        }
    }
}
