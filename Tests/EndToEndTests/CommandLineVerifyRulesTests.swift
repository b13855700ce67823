import Foundation
import Testing

@Suite("jwt verify with a request")
struct CommandLineVerifyRulesTests {
    private static func configuration(mode: String) -> String {
        """
        binds:
        - port: 3000
          listeners:
          - policies:
              jwtAuth: {mode: \(mode), issuer: a, audiences: [api], jwks: {file: keys.json}}
              authorization:
                rules:
                - deny: source.address == "10.0.0.1"
            routes:
            - name: admin
              matches: [{path: {pathPrefix: /admin}}]
              policies:
                authorization:
                  rules:
                  - request.path == "/admin" && jwt.groups.contains("admins")
                  - deny: '"x-team" in request.headers || has(request.query.debug)'
              backends: [{host: "localhost:8080"}]
            - name: open
              backends: [{host: "localhost:8080"}]
        """
    }

    private let folder: CommandLineFolder
    private let token: String

    init() throws {
        folder = try CommandLineFolder()
        token = try folder.sign("--iss", "a", "--aud", "api", "--claim", #"groups=["admins"]"#)
        try folder.write(Self.configuration(mode: "strict"), to: "config.yaml")
    }

    private func verify(_ arguments: [String], token: String? = nil) throws -> CommandLineRunner.Result {
        try CommandLineRunner.run(
            ["jwt", "verify", "-f", "config.yaml", "--token", token ?? self.token] + arguments, in: folder.url)
    }

    struct Request: Sendable {
        let arguments: [String]
        var exitCode: Int32 = 1
        let words: [String]
    }

    @Test(arguments: [
        Request(
            arguments: ["--request", "GET /admin"], exitCode: 0,
            words: [
                "PASSES the authorization rules of the route phase, before route admin",
                "deny config.yaml:8:17: does not hold: source.",
                "allow config.yaml:15:13: holds: request.path ==",
            ]),
        Request(arguments: ["--path", "/admin", "--method", "POST"], exitCode: 0, words: ["PASSES the authorization"]),
        Request(
            arguments: ["--request", "GET /admin/x"],
            words: [
                "REFUSED authorization_denied by the authorization rules of the route phase, before route admin",
                "why: no allow rule holds", "allow config.yaml:15:13: does not hold",
            ]),
        Request(
            arguments: ["--request", "GET /admin?debug=1"], words: ["why: the deny rule at config.yaml:16:19 holds"]),
        Request(
            arguments: ["--request", "/admin", "--header", "X-Team: red"],
            words: ["why: the deny rule at config.yaml:16:19 holds"]),
        Request(
            arguments: ["--request", "GET /admin", "--from", "10.0.0.1"],
            words: ["why: the deny rule at config.yaml:8:17 holds"]),
        Request(arguments: ["--request", "GET /else"], exitCode: 0, words: ["before route open"]),
        Request(arguments: ["--request", "GET admin"], exitCode: 2, words: ["begins with a slash"]),
        Request(
            arguments: ["--request", "GET /", "--path", "/"], exitCode: 2, words: ["says method and path already"]),
        Request(arguments: ["--request", "GET /", "--header", "x"], exitCode: 2, words: ["Name: value"]),
    ])
    func `puts the request before the rules and says which decided`(_ entry: Request) throws {
        let result = try verify(entry.arguments)
        #expect(result.exitCode == entry.exitCode)
        for words in entry.words { #expect((result.output + result.errors).contains(words), "\(result.output)") }
    }

    @Test func `prints the same as JSON`() throws {
        let result = try verify(["--request", "GET /admin/x", "--json"])
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        #expect(shown["passes"] as? Bool == false)
        #expect(shown["authorizationRulesFollow"] as? Bool == false)
        let phases = try #require(shown["authorization"] as? [[String: Any]])
        #expect(phases.map { $0["phase"] as? String } == ["gateway", "route"])
        #expect(phases.map { $0["passes"] as? Bool } == [true, false])
        #expect(phases.last?["code"] as? String == "authorization_denied")
        let rules = try #require(phases.last?["rules"] as? [[String: Any]])
        #expect(rules.map { $0["answer"] as? String } == ["does not hold", "does not hold"])
    }

    @Test func `does not ask rules that a refused token never reaches, unless the mode lets it go on`() throws {
        let other = try folder.signAgain("--iss", "b", "--aud", "api")
        let strict = try verify(["--request", "GET /admin"], token: other)
        #expect(strict.exitCode == 1)
        #expect(!strict.output.contains("authorization rules"))
        try folder.write(Self.configuration(mode: "permissive"), to: "config.yaml")
        let permissive = try verify(["--request", "GET /admin"], token: other)
        #expect(permissive.exitCode == 1)
        #expect(
            permissive.output.contains("allow config.yaml:15:13: cannot be evaluated (the type has no such member)"))
    }

    @Test func `names the rules it was not asked to try`() throws {
        let result = try verify(["--route", "admin"])
        #expect(result.exitCode == 0)
        #expect(result.output.contains("Authorization rules follow here; describe a request with --request"))
    }
}
