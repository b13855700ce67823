import Foundation
import JOSE
import Testing

@Suite struct `Backend authentication` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    /// One whose route `/to` gets the credentials that are written.
    private func start(_ backendAuth: String, jwtAuth: String = "", port: Int? = nil) throws -> RunningGateway {
        let token = """
            jwtAuth:
              mode: optional
              issuer: https://issuer.test
              audiences: [api]
              jwks: '\(Tokens.key.verificationJWKS.text)'
            \(jwtAuth)
            """
        let routes = """
            - name: to
              matches: [{path: {pathPrefix: /to}}]
              policies:
            \(token.indented(by: 4))
                backendAuth: \(backendAuth)
              backends: [{host: "127.0.0.1:\(port ?? upstream.port)"}]
            """
        return try RunningGateway(.init(routes: routes), upstreamPort: upstream.port)
    }

    private func received(_ gateway: RunningGateway, _ target: String = "/to", _ lines: String = "") throws -> String {
        let answer = try gateway.get(target, lines)
        #expect(answer.status == 200, "\(answer.refusal ?? "")")
        return answer.body.text
    }

    @Test func `hands the verified token on, and nothing a client sends in its place`() throws {
        let token = try Tokens.token()
        let bearer = "Authorization: Bearer \(token)\r\n"
        let standard = try start("{passthrough: {}}")
        #expect(try received(standard, "/to", bearer).contains("\r\nauthorization: Bearer \(token)\r\n"))
        #expect(try !received(standard, "/to", "authorization: Basic eDp5\r\n").lowercased().contains("authorization"))
        let moved = try start(
            "{passthrough: {location: {header: {name: x-token}}}}", jwtAuth: "  location: {queryParameter: {name: t}}")
        let head = try received(moved, "/to?a=1&t=\(token)", "X_Token: forged\r\nX-Token: forged\r\n")
        #expect(head.contains("\r\nx-token: \(token)\r\n"))
        #expect(head.hasPrefix("GET /to?a=1 HTTP/1.1\r\n"))
        #expect(try !received(moved, "/to", "X-Token: forged\r\n").contains("forged"))
    }

    @Test func `puts secrets where the backend looks for them`() throws {
        let secret = FileManager.default.temporaryDirectory.appending(path: "tollgate-secret-\(UUID().uuidString)")
        try "from a file\n".write(to: secret, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: secret) }
        let gateway = try start(
            """
            {key: word, credentials: [
                {location: {header: {name: x-file}}, key: {file: "\(secret.path)"}},
                {location: {queryParameter: {name: key}}, key: "a b&c"},
                {location: {cookie: {name: session}}, key: ours}]}
            """)
        let head = try received(
            gateway, "/to?key=forged&b=2&%6Bey=forged",
            "Cookie: a=1; session=forged\r\nCookie: b=2\r\nX-File: forged\r\n")
        #expect(head.hasPrefix("GET /to?b=2&key=a%20b%26c HTTP/1.1\r\n"))
        for line in ["authorization: Bearer word", "x-file: from a file", "cookie: a=1; b=2; session=ours"] {
            #expect(head.contains("\r\n\(line)\r\n"), "\(head)")
        }
        #expect(!head.contains("forged"))
        try "another\n".write(to: secret, atomically: true, encoding: .utf8)
        try eventually("the new secret") { try received(gateway).contains("\r\nx-file: another\r\n") }
    }

    @Test func `signs tokens that verify, one for many requests`() throws {
        let signing = """
            {jwtSign: {
                signingKey: '\(Tokens.key.privateJWK.text)', alg: \(Tokens.key.algorithm), kid: one,
                claims: {iss: https://issuer.test, aud: [api], sub: gateway}, ttl: 60s}}
            """
        let verifier = try RunningGateway(upstreamPort: upstream.port)
        #expect(try verifier.get("/to").refusal == "token_missing")
        #expect(try start(signing, port: verifier.port).get("/to").status == 200)
        let gateway = try start(signing)
        let tokens = try (0..<3).map { _ in
            try received(gateway).split(separator: "\r\n").first { $0.hasPrefix("authorization: Bearer ") }
        }
        #expect(tokens[0] != nil)
        #expect(Set(tokens).count == 1)
    }

    @Test(arguments: [
        ("{key: {file: absent.txt}}", "cannot read the secret in `absent.txt`"),
        ("{key: \" \"}", "the secret is empty"),
        ("{key: \"a\\nb\"}", "no header has"),
        ("{credentials: [{location: {cookie: {name: a}}, key: \"a;b\"}]}", "no cookie has"),
        ("{jwtSign: {signingKey: none}}", "tokens cannot be signed by RS256 with this key"),
        ("{passthrough: {location: {header: {name: host}}}}", "`host` cannot be changed"),
    ])
    func `cannot be had without what it needs`(_ backendAuth: String, _ words: String) throws {
        let routes = "- policies: {backendAuth: \(backendAuth)}\n  backends: [{host: \"127.0.0.1:1\"}]"
        let setup = RunningGateway.Setup(routes: routes)
        let failure = try GatewayProcess.failure(
            of: setup.text(port: 1, controlPort: 2, upstreamPort: 1, keys: "absent.json"))
        #expect(failure.contains(words), "\(failure)")
    }
}
