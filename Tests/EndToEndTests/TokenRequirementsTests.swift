import Foundation
import JOSE
import Testing

/// A gateway whose routes ask different things of tokens, all of one issuer.
private final class RequirementsStage {
    static let secret: SigningKey = {
        guard let key = try? SigningKey.generate(.hs256, kid: "one") else {
            preconditionFailure("no key could be made")
        }
        return key
    }()

    let upstream: Upstream
    let gateway: GatewayProcess

    init() throws {
        let upstream = try Upstream()
        self.upstream = upstream
        gateway = try GatewayProcess { port in
            """
            config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off"}
            binds:
            - port: \(port)
              listeners:
              - routes:
            \(Self.route("/scopes", #"requiredScopes: ["orders:read", "orders:write"]"#, upstream))
            \(Self.route("/nested", #"claims: [{key: realm_access.roles, nestedClaimDelimiter: ".", contains: admin}]"#, upstream))
            \(Self.route("/access", "typ: at+jwt", upstream))
            \(Self.route("/short", "maxLifetime: 5m", upstream))
            \(Self.route("/subjects", "subjects: [bob, {prefix: team/}]", upstream))
            \(Self.route("/secret", "algorithms: [HS256]", upstream, keys: Self.secret.privateJWK.text))
            """
        }
    }

    private static func route(
        _ path: String, _ requirement: String, _ upstream: Upstream, keys: String = Tokens.key.verificationJWKS.text
    ) -> String {
        """
              - matches: [{path: {pathPrefix: \(path)}}]
                policies:
                  jwtAuth:
                    mode: strict
                    issuer: https://issuer.test
                    audiences: [api]
                    jwks: '\(keys)'
                    \(requirement)
                backends: [{host: "127.0.0.1:\(upstream.port)"}]
        """
    }

    /// A token of these claims beside issuer, subject, audience and expiry.
    static func token(_ claims: String = "", type: String? = "JWT", key: SigningKey = Tokens.key) throws -> String {
        let all = String(Tokens.claims().dropLast()) + (claims.isEmpty ? "" : ",") + claims + "}"
        return try key.token(claims: all, type: type).text
    }

    /// The answer to a GET; the upstream says `ok` if the request comes that far.
    func get(_ path: String, _ token: String, passes: Bool) throws -> Answer {
        let client = try Wire(port: gateway.port)
        try client.send(
            "GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n")
        if passes {
            let connection = try upstream.accept()
            _ = try connection.readHead()
            try connection.answer(Self.ok)
        }
        return try client.readAnswer()
    }

    private static let ok = "ok"
}

@Suite struct `What a configuration asks of tokens` {
    private struct Request {
        var path: String
        var token: String
        var refusal: String?

        init(_ path: String, _ token: String, _ refusal: String? = nil) {
            self.path = path
            self.token = token
            self.refusal = refusal
        }
    }

    @Test func `decides about requests`() throws {
        let stage = try RequirementsStage()
        let now = Int(Date().timeIntervalSince1970)
        let profile = #""client_id":"c","iat":\#(now),"jti":"j""#
        let requests = [
            Request("/scopes", try RequirementsStage.token(#""scope":"orders:write orders:read""#)),
            Request("/scopes", try RequirementsStage.token(#""scp":["orders:read"]"#), "scope_insufficient"),
            Request("/nested", try RequirementsStage.token(#""realm_access":{"roles":["user","admin"]}"#)),
            Request("/nested", try RequirementsStage.token(#""realm_access.roles":["admin"]"#), "claim_missing"),
            Request("/nested", try RequirementsStage.token(#""realm_access":{"roles":["user"]}"#), "claim_mismatch"),
            Request("/access", try RequirementsStage.token(profile, type: "at+jwt")),
            Request("/access", try RequirementsStage.token(profile), "token_type"),
            Request("/access", try RequirementsStage.token(type: "at+jwt"), "claim_missing"),
            Request("/short", try RequirementsStage.token(#""iat":\#(now)"#), "token_lifetime"),
            Request("/short", try RequirementsStage.token(#""iat":\#(now + 599 - 200)"#), "token_not_yet_valid"),
            Request("/subjects", try RequirementsStage.token(), "subject_not_allowed"),
            Request("/secret", try RequirementsStage.token(key: RequirementsStage.secret)),
            Request("/secret", try RequirementsStage.token(), "token_algorithm"),
            Request("/scopes", try RequirementsStage.token(key: RequirementsStage.secret), "token_algorithm"),
            Request("/scopes", try RequirementsStage.token(#""iat":\#(now + 3600)"#), "token_not_yet_valid"),
            Request("/scopes", try RequirementsStage.token(#""jti":7"#), "claim_malformed"),
        ]
        for request in requests {
            let answer = try stage.get(request.path, request.token, passes: request.refusal == nil)
            #expect(answer.refusal == request.refusal, "\(request.path)")
            #expect(
                answer.status == (request.refusal == nil ? 200 : request.refusal == "scope_insufficient" ? 403 : 401))
        }
    }

    @Test func `tells the client which scopes would do`() throws {
        let stage = try RequirementsStage()
        let answer = try stage.get("/scopes", try RequirementsStage.token(), passes: false)
        #expect(answer.status == 403)
        let challenge = try #require(answer.value("www-authenticate"))
        #expect(challenge.hasPrefix(#"Bearer realm="tollgate", error="insufficient_scope", "#))
        #expect(challenge.hasSuffix(#", scope="orders:read orders:write""#))
    }

    struct Keys: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var keys: @Sendable () throws -> String
        var algorithms: String
        var complaints: [String]
    }

    @Test(arguments: [
        Keys(
            testDescription: "a secret whose algorithm is not named",
            keys: { RequirementsStage.secret.privateJWK.text }, algorithms: "",
            complaints: ["[secret_not_admitted]", "[no_usable_key]"]),
        Keys(
            testDescription: "a secret, where only public-key algorithms are named",
            keys: { RequirementsStage.secret.privateJWK.text }, algorithms: "algorithms: [ES256]",
            complaints: ["[secret_not_admitted]", "[no_usable_key]"]),
        Keys(
            testDescription: "a secret beside a public key",
            keys: {
                let key = try #require(Tokens.key.publicJWK).text
                return #"{"keys":[\#(key),\#(RequirementsStage.secret.privateJWK.text)]}"#
            }, algorithms: "algorithms: [ES256, HS256]", complaints: ["[secret_beside_public_keys]"]),
    ])
    func `does not take a shared secret for a key by accident`(_ test: Keys) throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    jwtAuth:
                      mode: strict
                      issuer: https://issuer.test
                      jwks: '\(try test.keys())'
                      \(test.algorithms)
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        for complaint in test.complaints {
            #expect((result.output + result.errors).contains(complaint), "\(result.output)\(result.errors)")
        }
        #expect(result.exitCode == (test.complaints.contains("[no_usable_key]") ? 1 : 0))
    }

    @Test func `takes secrets of a file, each for the algorithms that are named and long enough`() throws {
        let folder = try CommandLineFolder()
        let long = try SigningKey.generate(.hs512, kid: "long")
        let keys = [RequirementsStage.secret, long].map(\.privateJWK.text).joined(separator: ",")
        try folder.write(#"{"keys":[\#(keys)]}"#, to: "secrets.json")
        for (algorithms, verdicts) in [("HS256, HS512", ["PASSES", "PASSES"]), ("HS256", ["PASSES", "REFUSED"])] {
            try folder.write(
                """
                binds:
                - port: 3000
                  listeners:
                  - routes:
                    - policies:
                        jwtAuth:
                          mode: strict
                          issuer: https://issuer.test
                          jwks: {file: secrets.json}
                          algorithms: [\(algorithms)]
                      backends: [{host: "localhost:8080"}]
                """, to: "config.yaml")
            for (key, verdict) in zip([RequirementsStage.secret, long], verdicts) {
                let token = try RequirementsStage.token(key: key)
                let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
                #expect(result.output.hasPrefix(verdict), "\(result.output)\(result.errors)")
            }
        }
    }

    @Test func `is explained beside what the token has`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "https://issuer.test", "--aud", "api", "--sub", "alice")
        let cases: [(String, String, [String])] = [
            (
                "requiredScopes: [read]", "scope_insufficient",
                [#"required scope: "read""#, "the token's scope: (none)"]
            ),
            (
                "subjects: [bob, {prefix: team/}]", "subject_not_allowed",
                [#"expected sub: "bob", "prefix team/""#, #"the token's sub: "alice""#]
            ),
            (
                "claims: [{key: a/b, nestedClaimDelimiter: /, contains: x}, {key: sub, oneOf: [bob, 7]}]",
                "claim_missing",
                [
                    "condition: `a.b` has to be a list with \"x\"; the token does not have it.",
                    "condition: `sub` has to be one of \"bob\", 7; the token has \"alice\".",
                ]
            ),
            ("jwtValidationOptions: {requiredClaims: [exp, jti]}", "claim_missing", [#"missing: "jti""#]),
            ("typ: at+jwt", "token_type", [#"expected typ: "at+jwt""#, #"the token's typ: "JWT""#]),
            ("maxLifetime: 1m", "token_lifetime", ["longest life allowed: 1 minute", "expires (exp): "]),
        ]
        for (requirement, code, words) in cases {
            try folder.write(
                """
                binds:
                - port: 3000
                  listeners:
                  - routes:
                    - policies:
                        jwtAuth:
                          mode: strict
                          issuer: https://issuer.test
                          audiences: [api]
                          jwks: {file: keys.json}
                          \(requirement)
                      backends: [{host: "localhost:8080"}]
                """, to: "config.yaml")
            let result = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
            #expect(result.exitCode == 1)
            #expect(result.output.hasPrefix("REFUSED \(code) by"), "\(result.output)")
            for text in words { #expect(result.output.contains(text), "\(result.output)") }
        }
    }
}
