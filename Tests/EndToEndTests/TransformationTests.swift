import Foundation
import JOSE
import Testing

@Suite struct `Transformations` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream(lines: "Server: secret/1.0\r\n") }

    private func start(_ transformations: String, policies: String = "") throws -> RunningGateway {
        let routes = """
            - name: to
              matches: [{path: {pathPrefix: /to}}]
              policies:
                jwtAuth:
                  mode: optional
                  issuer: https://issuer.test
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
                transformations: \(transformations)
            \(policies.indented(by: 4))
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        return try RunningGateway(.init(routes: routes), upstreamPort: upstream.port)
    }

    @Test func `give headers of both messages the values of expressions`() throws {
        let gateway = try start(
            """
            {request: {
                set: {x-user: "jwt.sub", x-path: "request.path + '?' + string(size(request.query))", x-port: "source.port"},
                add: {x-kept: "'two'", x-secure: "source.tls"}, remove: [x-internal]},
             response: {set: {x-for: "request.method + ' ' + default(jwt.sub, 'nobody')"}, remove: [server]}}
            """, policies: "requestHeaderModifier: {set: {x-port: \"1\"}}")
        let answer = try gateway.get(
            "/to/a?b=1&c=2",
            "Authorization: Bearer \(try Tokens.token())\r\nX_User: forged\r\nX-Kept: one\r\nX-Internal: forged\r\n")
        let head = answer.body.text
        for line in ["x-user: alice", "x-path: /to/a?2", "X-Kept: one", "x-kept: two", "x-secure: false", "x-port: 1"] {
            #expect(head.contains("\r\n\(line)\r\n"), "\(head)")
        }
        #expect(!head.contains("forged"))
        #expect(head.components(separatedBy: "x-port").count == 2)
        #expect(answer.value("x-for") == "GET alice")
        #expect(answer.value("server") == nil)
    }

    @Test(arguments: [
        "jwt.sub", "request.headers['x-absent']", "'a\\\\r\\\\nx-evil: 1'", "' a'", "[1]", "dyn({})",
        "jwt.rawToken.unredacted()",
        "'a'.replace('a', request.query.q)",
    ])
    func `leave no header where there is no value that can stand in one`(_ expression: String) throws {
        let gateway = try start(
            "{request: {set: {x-user: \"dyn(\(expression))\"}, add: {x-added: \"dyn(\(expression))\"}}}")
        let head = try gateway.get("/to?q=%0d%0a", "X-User: forged\r\nX-Added: forged\r\n").body.text.lowercased()
        #expect(head.hasPrefix("get /to?q=%0d%0a http/1.1\r\n"))
        for name in ["x-user", "x-added", "x-evil", "forged"] { #expect(!head.contains(name), "\(head)") }
    }

    @Test func `show the backend the token itself where it is asked for`() throws {
        let gateway = try start("{request: {set: {authorization: \"'Bearer ' + jwt.rawToken.unredacted()\"}}}")
        // A claim of that name is never taken for it.
        let claims = Tokens.claims(more: #","rawToken":"forged""#)
        let token = try Tokens.key.token(claims: claims).text
        let head = try gateway.get("/to", "Authorization: Bearer \(token)\r\n").body.text
        #expect(head.contains("\r\nauthorization: Bearer \(token)\r\n"))
        #expect(!head.contains("Authorization:"))
    }

    @Test(arguments: [
        ("jwt.rawToken", "a secret"), ("'Bearer ' + jwt.rawToken", "secret"), ("string(jwt.rawToken)", "secret"),
        ("request.pth", "no member 'pth'"), ("response.code", "before there is an answer"),
        ("request.headers", "toJson"),
        ("unvalidatedJwtPayload('a').sub", "nobody verified"),
    ])
    func `read nothing else`(_ expression: String, _ words: String) throws {
        let routes = """
            - policies: {transformations: {request: {set: {x-a: "\(expression)"}}}}
              backends: [{host: "127.0.0.1:1"}]
            """
        let failure = try GatewayProcess.failure(
            of: RunningGateway.Setup(routes: routes).text(
                port: 1, controlPort: 2, upstreamPort: 1, keys: "absent.json"))
        #expect(failure.contains(words), "\(failure)")
    }
}
