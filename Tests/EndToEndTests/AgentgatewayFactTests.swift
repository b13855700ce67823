import Foundation
import JOSE
import Testing

/// What agentgateway says of credentials, refusals and phases, beside `Behaviour of agentgateway`.
@Suite struct `Facts about agentgateway` {
    // MARK: - Other credentials

    struct Credential: Sendable, CustomTestStringConvertible {
        var policy: String
        var mode: String
        /// What is sent, as a value of `Authorization`; nil for nothing.
        var sent: String?
        var status: Int
        /// Whether the backend gets what was sent.
        var isForwarded = false
        /// Whether expressions know whose it is.
        var isKnown = false
        var testDescription: String { "\(policy), \(mode), \(sent ?? "nothing"): \(status)" }
    }

    private static let credentials: [Credential] = [("apiKey", "Bearer good", "Bearer bad"), basic].flatMap {
        (policy: String, good: String, bad: String) in
        [
            Credential(policy: policy, mode: "strict", sent: nil, status: 401),
            Credential(policy: policy, mode: "strict", sent: bad, status: 401),
            Credential(policy: policy, mode: "strict", sent: good, status: 200, isKnown: true),
            Credential(policy: policy, mode: "optional", sent: nil, status: 200),
            Credential(policy: policy, mode: "optional", sent: bad, status: 401),
            Credential(policy: policy, mode: "optional", sent: good, status: 200, isKnown: true),
            Credential(policy: policy, mode: "permissive", sent: nil, status: 200),
            Credential(policy: policy, mode: "permissive", sent: bad, status: 200, isForwarded: true),
            Credential(policy: policy, mode: "permissive", sent: good, status: 200, isKnown: true),
            // Another scheme is no credential.
            Credential(policy: policy, mode: "optional", sent: "Digest x", status: 200, isForwarded: true),
            Credential(policy: policy, mode: "strict", sent: "Digest x", status: 401),
        ]
    }

    /// `bob` with the password whose SHA-1 stands below, and with another one.
    private static let basic = ("basicAuth", "Basic Ym9iOnNlY3JldA==", "Basic Ym9iOndyb25n")

    @Test(arguments: credentials)
    private func `API keys and passwords are asked for in the same three modes as tokens`(_ entry: Credential) throws {
        let policies = [
            "apiKey": "apiKey: {mode: \(entry.mode), keys: [{key: good, metadata: {name: bob}}]}",
            "basicAuth": "basicAuth: {mode: \(entry.mode), htpasswd: \"bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\"}",
        ]
        let gateway = try GuardedGateway(
            """
            \(try #require(policies[entry.policy]))
            transformations: {request: {set: {x-who: "default(apiKey.name, default(basicAuth.username, 'nobody'))"}}}
            """)
        let answer = try gateway.get(entry.sent.map { "Authorization: \($0)\r\n" } ?? "")
        #expect(answer.status == entry.status)
        guard entry.status == 200 else {
            let name = entry.policy == "apiKey" ? "api key" : "basic"
            #expect(answer.body.text.hasPrefix("\(name) authentication failure: "))
            return
        }
        #expect(answer.body.text.contains("x-who: \(entry.isKnown ? "bob" : "nobody")\r\n"))
        #expect(answer.body.text.contains("\r\nAuthorization: ") == entry.isForwarded)
    }

    // MARK: - Extraction

    private static func jwtAuth(_ mode: String, _ more: String = "") -> String {
        """
        jwtAuth:
          mode: \(mode)
          issuer: https://issuer.test
          audiences: [api]
          jwks: '\(Tokens.key.verificationJWKS.text)'
          \(more)
        """
    }

    @Test func `a scheme is read without case, another one is no token, and a location that fails finds none`() throws {
        let token = try Tokens.token()
        let optional = try GuardedGateway(Self.jwtAuth("optional"))
        for (scheme, isFound) in [("Bearer", true), ("bEARER", true), ("Basic", false), ("Token", false)] {
            let answer = try optional.get("Authorization: \(scheme) \(token)\r\n")
            #expect(answer.status == 200)
            #expect(answer.body.text.contains(token) != isFound, "\(scheme)")
        }
        let expression = try GuardedGateway(
            Self.jwtAuth("strict", "location: {expression: \"request.headers['x-token'].split(' ')[1]\"}"))
        #expect(try expression.get().refusal == "token_missing")
        #expect(try expression.get("X-Token: \(token)\r\n").refusal == "token_missing")
        #expect(try expression.get("X-Token: a \(token)\r\n").status == 200)
    }

    @Test func `a clock may be a minute off`() throws {
        let gateway = try GuardedGateway(Self.jwtAuth("strict"))
        let now = Int(Date().timeIntervalSince1970)
        for (expiry, status) in [(now - 15, 200), (now - 120, 401)] {
            let claims = #"{"iss":"https://issuer.test","aud":"api","exp":\#(expiry)}"#
            let token = try Tokens.key.token(claims: claims).text
            #expect(try gateway.get("Authorization: Bearer \(token)\r\n").status == status)
        }
    }

    // MARK: - Refusals

    struct Refused: Sendable, CustomTestStringConvertible {
        var path: String
        var status: Int
        var body: String
        /// gRPC's code for it.
        var code: String
        var testDescription: String { "\(path): \(status)" }
    }

    @Test(arguments: [
        Refused(path: "/token", status: 401, body: "authentication failure: no bearer token found", code: "16"),
        Refused(path: "/denied", status: 403, body: "authorization failed", code: "7"),
        Refused(path: "/nowhere", status: 404, body: "route not found", code: "12"),
        Refused(path: "/limited", status: 429, body: "rate limit exceeded", code: "14"),
        Refused(path: "/gone", status: 503, body: "no valid backends", code: "14"),
    ])
    func `a refusal is plain text, and a call of gRPC is told in its own fields`(_ entry: Refused) throws {
        let gateway = try GatewayProcess { port in
            """
            config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off"}
            binds:
            - port: \(port)
              listeners:
              - routes:
                - matches: [{path: {exact: /token}}]
                  policies:
            \(Self.jwtAuth("strict").indented(by: 8))
                - matches: [{path: {exact: /denied}}]
                  policies: {authorization: {rules: [{deny: "true"}]}}
                - matches: [{path: {exact: /limited}}]
                  policies:
                    localRateLimit: [{maxTokens: 1, tokensPerFill: 1, fillInterval: 24h}]
                    directResponse: {status: 200}
                - matches: [{path: {exact: /gone}}]
            """
        }
        func get(_ lines: String = "") throws -> Answer {
            let client = try Wire(port: gateway.port)
            try client.send("GET \(entry.path) HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
            return try client.readAnswer()
        }
        if entry.status == 429 { #expect(try get().status == 200) }
        let answer = try get()
        #expect(answer.status == entry.status)
        #expect(answer.value("content-type") == "text/plain")
        #expect(answer.body.text == entry.body)
        let call = try get("Content-Type: application/grpc+proto\r\n")
        #expect(call.status == 200)
        #expect(call.value("grpc-status") == entry.code)
        #expect(call.value("grpc-message")?.isEmpty == false)
        #expect(call.body.isEmpty)
        guard entry.status == 429 else { return }
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            #expect(answer.value(name) != nil && call.value(name) != nil, "\(name)")
        }
    }

    // MARK: - Phases

    @Test func `a pre-flight passes whatever asks for credentials, and a refusal can be read by a browser`() throws {
        let gateway = try GuardedGateway(
            """
            cors: {allowOrigins: ["https://app.test"], allowMethods: [PUT]}
            apiKey: {mode: strict, keys: [{key: good}]}
            basicAuth: {mode: strict, htpasswd: "bob:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="}
            authorization: {rules: [{deny: "true"}]}
            localRateLimit: [{maxTokens: 1, tokensPerFill: 1, fillInterval: 24h}]
            """)
        for _ in 0..<3 {
            let client = try Wire(port: gateway.gateway.port)
            try client.send(
                "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n\r\n"
            )
            let answer = try client.readAnswer()
            #expect(answer.status == 200)
            #expect(answer.value("access-control-allow-origin") == "https://app.test")
        }
        let refused = try gateway.get("Origin: https://app.test\r\n")
        #expect(refused.status == 401)
        #expect(refused.value("access-control-allow-origin") == "https://app.test")
    }

    @Test func `the phases do not merge, and authorization of all levels adds up`() throws {
        let upstream = try EchoUpstream()
        let token = try Tokens.token()
        let gateway = try GatewayProcess { port in
            """
            config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off"}
            gateways:
              default:
                port: \(port)
            \(Self.jwtAuth("strict").indented(by: 4))
                authorization: {rules: [{deny: "request.path == '/a'"}]}
            routes:
            - name: all
              policies:
            \(Self.jwtAuth("strict").indented(by: 4))
                authorization: {rules: [{deny: "request.path == '/b'"}]}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            policies:
            - name: {name: more, namespace: default}
              target: {gateway: {gatewayName: default, gatewayNamespace: default}}
              policy: {authorization: {rules: [{deny: "request.path == '/c'"}]}}
            """
        }
        // Both policies find the token in the request as it was received; agentgateway's second one would find none.
        for (path, status) in [("/", 200), ("/a", 403), ("/b", 403), ("/c", 403)] {
            let client = try Wire(port: gateway.port)
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
            let answer = try client.readAnswer()
            #expect(answer.status == status, "\(path)")
            #expect(!answer.body.text.contains(token))
        }
    }
}

/// The keys and long-lived tokens that agentgateway publishes for trying it out.
@Suite(.enabled(if: PublishedToken.isPresent, "agentgateway's tokens are not there: set TOLLGATE_CONFORMANCE_DIR"))
struct `The tokens that agentgateway publishes` {
    private static func gateway(
        issuer: String = "agentgateway.dev", audience: String = "test.agentgateway.dev", rules: String = "[]"
    ) throws -> GuardedGateway {
        let keys = PublishedToken.folder.appending(path: "pub-key").path
        return try GuardedGateway(
            """
            jwtAuth: {mode: strict, issuer: \(issuer), audiences: [\(audience)], jwks: {file: "\(keys)"}}
            authorization: {rules: \(rules)}
            transformations: {request: {set: {x-sub: jwt.sub}}}
            """)
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: PublishedToken.folder.appending(path: name), encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: ["example1.key", "example2.key"])
    func `open the gateway, and go no further`(_ name: String) throws {
        let token = try Self.text(name)
        let answer = try Self.gateway().get("Authorization: Bearer \(token)\r\n")
        #expect(answer.status == 200, "\(answer.refusal ?? "")")
        #expect(answer.body.text.contains("\r\nx-sub: "))
        #expect(!answer.body.text.contains(token))
    }

    @Test(arguments: ["example1.key", "example2.key"])
    func `do not where another issuer or audience is asked for, or a byte is another one`(_ name: String) throws {
        let token = try Self.text(name)
        let lines = "Authorization: Bearer \(token)\r\n"
        #expect(try Self.gateway(issuer: "other.dev").get(lines).refusal == "issuer_unknown")
        #expect(try Self.gateway(audience: "other.dev").get(lines).refusal == "audience_mismatch")
        let last = token.last == "A" ? "E" : "A"
        let damaged = try Self.gateway().get("Authorization: Bearer \(token.dropLast(8))\(last)\(token.suffix(7))\r\n")
        #expect(damaged.refusal == "signature_invalid")
    }

    @Test func `are told apart by their claims`() throws {
        let gateway = try Self.gateway(rules: "['jwt.nested.key == \"value\"']")
        #expect(try gateway.get("Authorization: Bearer \(Self.text("example1.key"))\r\n").status == 200)
        #expect(try gateway.get("Authorization: Bearer \(Self.text("example2.key"))\r\n").status == 403)
    }
}

private enum PublishedToken {
    static let folder = Example.conformance.appending(path: "jwt")
    static let isPresent = FileManager.default.fileExists(atPath: folder.path)
}
