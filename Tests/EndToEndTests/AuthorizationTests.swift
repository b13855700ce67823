import Foundation
import JOSE
import Testing

/// What agentgateway's users know of `authorization`, through the gateway.
@Suite struct `Authorization through the gateway` {
    /// A gateway with a route for each list of rules, behind an optional `jwtAuth`.
    private final class Rules {
        private let upstream: EchoUpstream
        private let gateway: GatewayProcess

        /// - Parameters:
        ///   - rules: YAML of the rules, by the path of their route.
        ///   - gatewayPhase: YAML of rules before a route is chosen.
        ///   - config: lines under `config`.
        init(_ rules: [(path: String, rules: String)], gatewayPhase: String = "", config: String = "") throws {
            let upstream = try EchoUpstream()
            self.upstream = upstream
            let routes = rules.map { path, rules in
                """
                - matches: [{path: {exact: \(path)}}]
                  policies:
                    authorization:
                      rules:
                \(rules.indented(by: 6))
                  backends: [{host: "127.0.0.1:\(upstream.port)"}]
                """
            }
            gateway = try GatewayProcess { port in
                """
                config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off"\(config)}
                binds:
                - port: \(port)
                  listeners:
                  - name: web
                    policies:
                      jwtAuth:
                        mode: optional
                        issuer: https://issuer.test
                        audiences: [api]
                        jwks: '\(Tokens.key.verificationJWKS.text)'
                \(gatewayPhase.indented(by: 6))
                    routes:
                \(routes.joined(separator: "\n").indented(by: 4))
                """
            }
        }

        /// The status of a GET.
        func status(_ path: String, _ lines: String = "", claims: String? = nil) throws -> Int {
            let answer = try answer(path, lines, claims)
            if answer.status == 403 {
                #expect(answer.refusal == "authorization_denied")
                #expect(answer.body.text == "authorization failed")
                #expect(answer.value("www-authenticate") == nil)
            }
            return answer.status
        }

        private func answer(_ path: String, _ lines: String, _ claims: String?) throws -> Answer {
            var head = "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(lines)"
            if let claims {
                head += "Authorization: Bearer \(try Tokens.key.token(claims: Tokens.claims(more: claims)).text)\r\n"
            }
            let client = try Wire(port: gateway.port)
            try client.send(head + "\r\n")
            let answer = try client.readAnswer()
            #expect((answer.status == 200) == (answer.refusal == nil))
            return answer
        }
    }

    @Test func `the printed rule lets admins in, and nobody else`() throws {
        let gateway = try Rules([("/admin", #"- 'request.path == "/admin" && jwt.groups.contains("admins")'"#)])
        #expect(try gateway.status("/admin", claims: #","groups":["users","admins"]"#) == 200)
        #expect(try gateway.status("/admin", claims: #","groups":["users"]"#) == 403)
        #expect(try gateway.status("/admin", claims: "") == 403)
        #expect(try gateway.status("/admin") == 403)
        #expect(try gateway.status("/%61dmin", claims: #","groups":["admins"]"#) == 200)
    }

    @Test func `claims are compared, searched and walked`() throws {
        let gateway = try Rules([
            ("/exact", #"- 'jwt.sub == "alice"'"#), ("/other", #"- 'jwt.sub == "bob"'"#),
            ("/contains", #"- 'jwt.sub.contains("lic")'"#), ("/nested", #"- 'jwt.nested.key == "value"'"#),
            ("/list", #"- '"two" in jwt.list'"#), ("/anonymous", "- jwt == null"),
            ("/missing", #"- 'jwt.nope == "x"'"#),
        ])
        let claims = #","nested":{"key":"value"},"list":["one","two"]"#
        for path in ["/exact", "/contains", "/nested", "/list"] {
            #expect(try gateway.status(path, claims: claims) == 200)
        }
        for path in ["/nested", "/list"] {
            #expect(try gateway.status(path, claims: #","nested":{"key":"else"},"list":["one"]"#) == 403)
            #expect(try gateway.status(path, claims: "") == 403)
        }
        for path in ["/other", "/missing", "/anonymous"] { #expect(try gateway.status(path, claims: claims) == 403) }
        #expect(try gateway.status("/anonymous") == 200)
        #expect(try gateway.status("/exact") == 403)
    }

    @Test func `deny, require and allow decide in this order`() throws {
        let gateway = try Rules([
            ("/deny", #"- deny: 'request.headers["x-team"] == "red"'"#),
            ("/denies", "- deny: '\"x-a\" in request.headers'\n- deny: '\"x-b\" in request.headers'"),
            ("/mixed", "- allow: '\"x-a\" in request.headers'\n- deny: '\"x-b\" in request.headers'"),
            ("/require", "- require: '\"x-a\" in request.headers'"),
            ("/requires", "- require: '\"x-a\" in request.headers'\n- require: '\"x-b\" in request.headers'"),
            ("/both", "- require: '\"x-a\" in request.headers'\n- '\"x-b\" in request.headers'"),
        ])
        let (a, b) = ("X-A: 1\r\n", "X-B: 1\r\n")
        #expect(try gateway.status("/deny", "X-Team: blue\r\n") == 200)
        #expect(try gateway.status("/deny", "X-Team: red\r\n") == 403)
        // It cannot be evaluated, and decides against the request.
        #expect(try gateway.status("/deny") == 403)
        for (lines, status) in [("", 200), (a, 403), (b, 403)] {
            #expect(try gateway.status("/denies", lines) == status)
        }
        for (lines, status) in [("", 403), (a, 200), (a + b, 403)] {
            #expect(try gateway.status("/mixed", lines) == status)
        }
        for (lines, status) in [("", 403), (a, 200)] { #expect(try gateway.status("/require", lines) == status) }
        for (lines, status) in [(a, 403), (b, 403), (a + b, 200)] {
            #expect(try gateway.status("/requires", lines) == status)
        }
        for (lines, status) in [(a, 403), (b, 403), (a + b, 200)] {
            #expect(try gateway.status("/both", lines) == status)
        }
    }

    @Test func `addresses and ports are those of the connection`() throws {
        let gateway = try Rules([
            ("/from", #"- 'cidr("127.0.0.0/8").containsIP(source.address) && source.port > 0'"#),
            ("/else", #"- 'cidr("10.0.0.0/8").containsIP(source.address)'"#),
            ("/to", #"- 'proxy.bind.endsWith(":" + string(destination.port))'"#),
            ("/forged", #"- 'source.address == "10.0.0.1" || "x-forwarded-for" in request.headers'"#),
        ])
        #expect(try gateway.status("/from") == 200)
        #expect(try gateway.status("/else") == 403)
        #expect(try gateway.status("/to") == 200)
        #expect(try gateway.status("/forged", "X-Forwarded-For: 10.0.0.1\r\n") == 403)
    }

    @Test func `the access log names the rule that refused, and nothing of the token`() throws {
        let upstream = try EchoUpstream()
        let routes = """
            - matches: [{path: {exact: /ruled}}]
              policies: {authorization: {rules: [{deny: 'request.method == "GET"'}]}}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        let gateway = try RunningGateway(.init(accessLog: "text", routes: routes), upstreamPort: upstream.port)
        #expect(try gateway.get("/ruled").status == 403)
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(" status=403 refusal=authorization_denied rule=\"deny "), "\(line)")
        #expect(line.contains("config.yaml:"), "\(line)")
    }

    @Test func `the access log names the claims that a token lacks`() throws {
        let upstream = try EchoUpstream()
        let routes = """
            - matches: [{path: {exact: /profile}}]
              policies:
                jwtAuth:
                  mode: strict
                  issuer: https://issuer.test
                  typ: at+jwt
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        let gateway = try RunningGateway(.init(accessLog: "text", routes: routes), upstreamPort: upstream.port)
        let token = try Tokens.key.token(claims: Tokens.claims(), type: "at+jwt").text
        #expect(try gateway.get("/profile", "Authorization: Bearer \(token)\r\n").refusal == "claim_missing")
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(" refusal=claim_missing missing=\"iat client_id jti\" "), "\(line)")
    }

    @Test func `rules of the gateway phase decide before a route is chosen`() throws {
        let gateway = try Rules(
            [("/open", "- 'true'")],
            gatewayPhase: "authorization: {rules: [{require: 'has(jwt.sub) && !has(route.name)'}]}")
        #expect(try gateway.status("/open") == 403)
        #expect(try gateway.status("/nowhere") == 403)
        #expect(try gateway.status("/open", claims: "") == 200)
        #expect(try gateway.status("/nowhere", claims: "") == 404)
    }

    @Test func `deny rules that fail do not count where the configuration says so`() throws {
        let gateway = try Rules(
            [("/deny", #"- deny: 'jwt.team == "red"'"#)], config: ", denyOnError: ignore, celCheck: parseOnly")
        #expect(try gateway.status("/deny") == 200)
        #expect(try gateway.status("/deny", claims: "") == 200)
        #expect(try gateway.status("/deny", claims: #","team":"red""#) == 403)
    }

    @Test func `a configuration whose rules read what they must not is refused`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    authorization: {rules: ['response.body == b""', 'jwt.rawToken == "x"', 'request.pth == "/"']}
                  backends: [{host: "localhost:1"}]
            """, to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        for words in [
            "'response.body' is not there yet: authorization comes before the response",
            "'jwt.rawToken' is a secret", "config.yaml:6:89: error: 'request' has no member 'pth'",
            "'request.pth == \"/\"'",
            "^\n  hint: Did you mean 'path'?",
        ] {
            #expect(result.errors.contains(words), "\(result.errors)")
        }
    }

    @Test func `a configuration whose deny rules may deny everyone is served, with what to write instead`() throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign("--iss", "a")
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    jwtAuth: {mode: optional, issuer: a, audiences: [api], jwks: {file: keys.json}}
                    authorization:
                      rules:
                      - deny: request.path == "/admin" && jwt.team != "red"
                  backends: [{host: "localhost:1"}]
            """, to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 0)
        #expect(result.output == "config.yaml is valid, with 2 warnings.\n")
        #expect(
            result.errors.contains(
                """
                config.yaml:9:51: warning: where `jwt.team` is absent, this rule denies the request [deny_reads_absent]
                  9 |           - deny: request.path == "/admin" && jwt.team != "red"
                    |                                                   ^
                  hint: to let such requests pass the rule, write `has(jwt.team) && request.path == "/admin" && \
                jwt.team != "red"`
                """), "\(result.errors)")
        #expect(result.errors.contains("config.yaml:6:9: warning: requests without a token pass"), "\(result.errors)")
    }
}
