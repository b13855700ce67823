import Foundation
import Testing

@Suite("jwt verify")
struct CommandLineVerifyTests {
    /// Arguments for `jwt sign` and what the verdict then says.
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let arguments: [String]
        let code: String
        let words: [String]
    }

    static let refusals: [Refusal] = [
        Refusal(
            testDescription: "expired", arguments: ["--expires-in", "-3h"], code: "token_expired",
            words: ["expires (exp): ", "3 hours ago", "the client reads: 401 the token has expired"]),
        Refusal(
            testDescription: "not yet valid", arguments: ["--not-before", "2h"], code: "token_not_yet_valid",
            words: ["valid from (nbf): ", "in 2 hours", "clock skew allowed: 1 minute"]),
        Refusal(
            testDescription: "another audience", arguments: ["--aud", "web"], code: "audience_mismatch",
            words: [#"expected aud: "api""#, #"the token's aud: "web""#]),
        Refusal(
            testDescription: "a slash too many", arguments: ["--iss", "https://issuer.test/"], code: "issuer_unknown",
            words: [#"expected iss: "https://issuer.test""#, #"the token's iss: "https://issuer.test/""#, "a slash"]),
        Refusal(
            testDescription: "an unknown kid", arguments: ["--header", "kid=other"], code: "key_unknown",
            words: [#"the token's kid: "other""#, "the issuer's keys: \"", "EC P-256 for ES256"]),
        Refusal(
            testDescription: "alg none", arguments: ["--header", "alg=none"], code: "token_algorithm",
            words: [#"the token's alg: "none""#, "allowed alg: "]),
        Refusal(
            testDescription: "a logout token", arguments: ["--typ", "logout+jwt"], code: "token_type",
            words: [#"the token's typ: "logout+jwt""#]),
        Refusal(
            testDescription: "no expiry", arguments: ["--expires-in", "never"], code: "claim_missing",
            words: [#"required claims: "exp""#, #"missing: "exp""#]),
        Refusal(
            testDescription: "bound", arguments: ["--claim", #"cnf={"jkt":"x"}"#], code: "token_bound",
            words: ["the token's cnf: "]),
        Refusal(
            testDescription: "an escape sequence", arguments: ["--aud", "\u{1B}[2J"], code: "audience_mismatch",
            words: [#"the token's aud: "\u001b[2J""#]),
    ]

    @Test func `shows the headers that the backend gets`() throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign()
        let headers = "[{claim: sub, header: X-User}, {claim: groups, header: X-Groups}, {claim: none, header: X-None}]"
        try folder.writeConfiguration(jwtAuth: "claimsToHeaders: \(headers)")
        let sign = ["jwt", "sign", "--quiet", "--key", "key.jwk", "--iss", "https://issuer.test", "--aud", "api"]
        func verify(_ claims: String...) throws -> (CommandLineRunner.Result, json: String) {
            let more = claims.flatMap { ["--claim", $0] }
            let token = try CommandLineRunner.run(sign + ["--sub", "alice"] + more, in: folder.url).line
            let words = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
            return (words, try folder.run("jwt", "verify", "-f", "config.yaml", "--json", "--token", token).output)
        }
        let (words, json) = try verify(#"groups=["a","b"]"#)
        #expect(words.exitCode == 0)
        #expect(words.output.contains(#"  the backend gets: "X-User: alice", "X-Groups: a,b""# + "\n"))
        #expect(json.contains(#""X-Groups: a,b""#))
        let refused = try verify(#"groups=["a,b"]"#).0
        #expect(refused.exitCode == 1)
        #expect(refused.output.hasPrefix("REFUSED claim_unforwardable by"))
        #expect(refused.output.contains("X-Groups from groups (encoding: plain, format: csv)"))
    }

    @Test(arguments: refusals)
    func `says why a token is refused`(_ refusal: Refusal) throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign()
        try folder.writeConfiguration()
        let names = ["--iss": "https://issuer.test", "--aud": "api"]
        let arguments = names.filter { !refusal.arguments.contains($0.key) }.flatMap { [$0.key, $0.value] }
        let key = ["--quiet", "--key", "key.jwk"]
        let token = try CommandLineRunner.run(
            ["jwt", "sign"] + key + arguments + refusal.arguments, in: folder.url
        ).line
        let words = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
        #expect(words.exitCode == 1)
        #expect(words.output.hasPrefix("REFUSED \(refusal.code) by the jwtAuth at config.yaml:"))
        for text in refusal.words { #expect(words.output.contains(text), "\(words.output)") }
        #expect(!words.output.contains("\u{1B}"))
        let json = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token, "--json")
        #expect(json.exitCode == 1)
        let check = try Self.checks(json).first
        #expect(check?["code"] as? String == refusal.code)
        #expect(check?["remedy"] as? String != nil)
    }

    @Test func `refuses a tampered signature and a malformed token`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "https://issuer.test", "--aud", "api")
        try folder.writeConfiguration()
        let parts = token.split(separator: ".")
        let forged =
            "\(parts[0]).\(base64url(#"{"iss":"https://issuer.test","aud":"api","exp":9999999999}"#)).\(parts[2])"
        let refused = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", forged)
        #expect(refused.output.contains("REFUSED signature_invalid"))
        let padded = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token + "==")
        #expect(padded.output.contains("REFUSED token_malformed"))
        #expect(padded.output.contains("what is odd: The signature is padded with `=`."))
    }

    @Test func `names issuer, key, algorithm and expiry of a token that passes`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "https://issuer.test", "--aud", "api", "--sub", "alice", "--kid", "one")
        try folder.writeConfiguration()
        let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token, "--json")
        #expect(result.exitCode == 0)
        let check = try #require(try Self.checks(result).first)
        #expect(check["issuer"] as? String == "https://issuer.test")
        #expect(check["subject"] as? String == "alice")
        #expect(check["kid"] as? String == "one")
        #expect(check["algorithm"] as? String == "ES256")
        #expect((check["thumbprint"] as? String)?.count == 43)
        #expect((check["expiresAt"] as? [String: Any])?["utc"] != nil)
        #expect(check["places"] as? [String] == ["route orders"])
    }

    @Test func `says what a permissive mode makes of a bad token`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "https://issuer.test", "--aud", "web")
        try folder.writeConfiguration(mode: "permissive")
        let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
        #expect(result.exitCode == 1)
        #expect(result.output.contains("The mode is permissive: the request goes on all the same"))
    }

    // MARK: - Places

    private static let twoRoutes = """
        binds:
        - port: 3000
          listeners:
          - name: web
            routes:
            - name: orders
              matches: [{path: {pathPrefix: /orders}}]
              policies:
                jwtAuth: {mode: strict, issuer: a, audiences: [api], jwks: {file: keys.json}}
                authorization:
                  rules: [{allow: 'request.path == "/orders"'}]
              backends: [{host: "localhost:8080"}]
            - name: admin
              hostnames: [admin.test]
              matches: [{path: {pathPrefix: /admin}, method: POST}]
              policies:
                jwtAuth: {mode: strict, issuer: b, audiences: [api], jwks: {file: keys.json}}
              backends: [{host: "localhost:8080"}]
            - name: open
              backends: [{host: "localhost:8080"}]
        """

    struct Place: Sendable {
        let arguments: [String]
        let exitCode: Int32
        let words: String
    }

    @Test(arguments: [
        Place(arguments: ["--route", "orders"], exitCode: 0, words: "Authorization rules follow here"),
        Place(arguments: ["--route", "admin"], exitCode: 1, words: "REFUSED issuer_unknown"),
        Place(arguments: ["--route", "open"], exitCode: 1, words: "NOTHING VERIFIES IT: no jwtAuth guards route open"),
        Place(arguments: ["--path", "/orders/7?x=y"], exitCode: 1, words: "no allow rule holds"),
        Place(arguments: ["--path", "/%6Frders"], exitCode: 0, words: "before route orders"),
        Place(
            arguments: ["--host", "admin.test", "--path", "/admin", "--method", "POST"], exitCode: 1,
            words: "before route admin"),
        Place(arguments: ["--host", "admin.test", "--path", "/admin"], exitCode: 1, words: "guards route open"),
        Place(arguments: ["--listener", "web"], exitCode: 1, words: "2 jwtAuth policies"),
        Place(arguments: [], exitCode: 1, words: "Choose one with --route"),
        Place(arguments: ["--route", "absent"], exitCode: 2, words: "no route `absent`"),
        Place(arguments: ["--port", "1"], exitCode: 2, words: "no port 1"),
        Place(arguments: ["--path", "/a%2fb"], exitCode: 2, words: "ambiguous_target"),
        Place(arguments: ["--path", "orders"], exitCode: 2, words: "begins with a slash"),
    ])
    func `finds the jwtAuth that a request meets`(_ place: Place) throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "a", "--aud", "api")
        try folder.write(Self.twoRoutes, to: "config.yaml")
        let arguments = ["jwt", "verify", "-f", "config.yaml", "--token", token] + place.arguments
        let result = try CommandLineRunner.run(arguments, in: folder.url)
        #expect(result.exitCode == place.exitCode)
        #expect((result.output + result.errors).contains(place.words), "\(result.output)\(result.errors)")
    }

    @Test func `asks the gateway's and the route's jwtAuth where a request meets both`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "a", "--aud", "api")
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - policies:
                  jwtAuth: {mode: strict, issuer: a, audiences: [api], jwks: {file: keys.json}}
                routes:
                - policies:
                    jwtAuth: {mode: strict, issuer: b, audiences: [api], jwks: {file: keys.json}}
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token, "--path", "/", "--json")
        #expect(result.exitCode == 1)
        let checks = try Self.checks(result)
        #expect(checks.map { $0["phase"] as? String } == ["gateway", "route"])
        #expect(checks.map { $0["passes"] as? Bool } == [true, false])
    }

    @Test func `shows what is wrong with a configuration and does not look at the token`() throws {
        let folder = try CommandLineFolder()
        try folder.write("binds: 3\n", to: "config.yaml")
        let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", "x")
        #expect(result.exitCode == 1)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains("config.yaml:1:8: error:"))
    }

    private static func checks(_ result: CommandLineRunner.Result) throws -> [[String: Any]] {
        let shown = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return try #require(shown?["checks"] as? [[String: Any]])
    }
}
