import GatewayDialects
import GatewayEngine
import GatewayModel
import Testing

/// Documents whose expressions read what only a policy fills, at every place that takes expressions.
@Suite struct `An expression that reads what nothing fills` {
    private static let jwt =
        "jwtAuth: {mode: optional, issuer: https://issuer.test, audiences: [a], jwks: '{\"keys\":[{\"kty\":\"EC\","
        + #""crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","#
        + #""y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}'}"#

    /// The warnings about roots.
    private static func warnings(_ document: String) throws -> [Diagnostic] {
        let (configuration, diagnostics) = AgentgatewayDialect.decode(
            text: document, documentName: "test", environment: [:])
        let decoded = try #require(configuration)
        #expect(!diagnostics.hasErrors, "\(diagnostics)")
        let (_, findings) = Compiler.compile(decoded, keys: KeyMaterial())
        #expect(!findings.hasErrors, "\(findings)")
        return findings.filter { $0.code == "root_never_filled" }
    }

    /// A document with a route, its listener and what is beside them, a line for each policy.
    static func document(
        _ policies: String..., listener: String = "", backend: String = "", top: String = ""
    ) -> String {
        """
        \(top)
        binds:
        - port: 3000
          listeners:
          - policies:
              cors: {allowOrigins: ["https://a.test"]}
              \(listener)
            routes:
            - name: shop
              policies:
                timeout: {requestTimeout: 5s}
                \(policies.joined(separator: "\n        "))
              backends:
              - host: a.test:80
                \(backend)
        """
    }

    struct Place: Sendable, CustomTestStringConvertible {
        let policies: String
        /// As messages call it.
        let words: String
        var testDescription: String { policies }
    }

    static let places: [Place] = [
        Place(policies: "authorization: {rules: [jwt.sub == 'a']}", words: "this rule"),
        Place(policies: "authorization: {rules: [{require: jwt.sub == 'a'}], logOnly: true}", words: "this rule"),
        Place(
            policies: "localRateLimit: [{maxTokens: 1, tokensPerFill: 1, fillInterval: 1s, key: jwt.sub}]",
            words: "this limit"),
        Place(
            policies: "localRateLimit: {conditional: [{condition: jwt.sub == 'a', maxTokens: 1, tokensPerFill: 1, "
                + "fillInterval: 1s}]}", words: "this limit"),
        Place(policies: "transformations: {request: {set: {x-a: jwt.sub}}}", words: "this transformation"),
        Place(policies: "transformations: {request: {add: {x-a: jwt.sub}}}", words: "this transformation"),
        Place(policies: "transformations: {request: {body: jwt.sub}}", words: "this transformation"),
        Place(policies: "transformations: {request: {metadata: {a: jwt.sub}}}", words: "this transformation"),
        Place(policies: "transformations: {request: {replace: '{\"a\": jwt.sub}'}}", words: "this transformation"),
        Place(policies: "transformations: {response: {set: {x-a: jwt.sub}}}", words: "this transformation"),
        Place(policies: "transformations: {response: {body: jwt.sub}}", words: "this transformation"),
        Place(
            policies: "transformations: {conditional: [{condition: jwt.sub == 'a', request: {remove: [x-a]}}]}",
            words: "this transformation"),
        Place(policies: "delay: {duration: jwt.wait}", words: "this expression"),
        Place(policies: "directResponse: {status: 200, bodyExpression: jwt.sub}", words: "this expression"),
        Place(policies: "directResponse: {status: 200, headers: {x-a: jwt.sub}}", words: "this expression"),
        Place(
            policies: "directResponse: {conditional: [{condition: jwt.sub == 'a', status: 200}]}",
            words: "this expression"),
        Place(
            policies: "apiKey: {keys: [{key: one}], mode: optional, location: {expression: jwt.key}}",
            words: "this location"),
    ]

    @Test(arguments: places)
    func `is pointed out wherever it stands, and nowhere behind what fills it`(_ place: Place) throws {
        let found = try Self.warnings(Self.document(place.policies))
        #expect(
            found.map(\.message) == ["`jwt` is always null: no `jwtAuth` stands before \(place.words)"],
            "\(place.policies)")
        #expect(found.first?.hint == "a policy `jwtAuth` fills it, at the route, its listener or its gateway")
        #expect(try Self.warnings(Self.document(place.policies, Self.jwt)).isEmpty)
        #expect(try Self.warnings(Self.document(place.policies, listener: Self.jwt)).isEmpty)
    }

    @Test func `is pointed out where a credential is looked for before what fills it`() throws {
        let early = Self.document(
            "apiKey: {keys: [{key: one}], mode: optional}",
            Self.jwt.replacing("audiences: [a],", with: "audiences: [a], location: {expression: apiKey.token},"))
        #expect(
            try Self.warnings(early).map(\.message) == [
                "`apiKey` is always null: no `apiKey` stands before this location"
            ])
    }

    @Test func `is pointed out in the gateway phase, whatever the routes have`() throws {
        let warnings = try Self.warnings(
            Self.document(
                Self.jwt,
                top: """
                    policies:
                    - name: {name: early}
                      target: {gateway: {gatewayName: default}}
                      phase: gateway
                      policy:
                        transformations: {request: {set: {x-a: jwt.sub}}, response: {set: {x-b: jwt.sub}}}
                    """))
        // Answers come when the route's policies have run.
        #expect(
            warnings.map(\.message) == ["`jwt` is always null: no `jwtAuth` stands before this transformation"])
        #expect(
            warnings.first?.hint == "a policy `jwtAuth` fills it, in the gateway phase, as this transformation is")
    }

    @Test func `is pointed out in the log and at backends where nothing anywhere fills it`() throws {
        let log = "frontendPolicies: {accessLog: {filter: jwt.sub != 'a', add: {user: jwt.sub, cn: source.subjectCn}}}"
        let expected = [
            "`jwt` is always null: there is no `jwtAuth`",
            "`source.subjectCn` is always absent: no listener asks clients for certificates",
        ]
        let found = try Self.warnings(Self.document(top: log))
        #expect(found.map(\.message) == [expected[0], expected[0], expected[1]])
        #expect(try Self.warnings(Self.document(Self.jwt, top: log)).map(\.message) == [expected[1]])
        let backend = "policies: {transformations: {request: {set: {x-a: jwt.sub}}}}"
        #expect(try Self.warnings(Self.document(backend: backend)).map(\.message) == [expected[0]])
        #expect(try Self.warnings(Self.document(Self.jwt, backend: backend)).isEmpty)
    }

    @Test func `is known to be filled by what stands beside it and comes first`() throws {
        let noted = "transformations: {request: {metadata: {a: '1'}, set: {x-a: metadata.a}}}"
        #expect(try Self.warnings(Self.document(noted)).isEmpty)
        let answer = "directResponse: {status: 200, bodyExpression: metadata.a}"
        #expect(try Self.warnings(Self.document(noted, answer)).isEmpty)
        let limit = "localRateLimit: [{maxTokens: 1, tokensPerFill: 1, fillInterval: 1s, key: metadata.a}]"
        #expect(
            try Self.warnings(Self.document(noted, limit)).map(\.message) == [
                "`metadata` is always null: no `metadata` of `transformations` stands before this limit"
            ])
    }

    @Test(arguments: ["route.id", "route.givenName", "service.id", "service.name"])
    func `is pointed out where it is about documents, which files have none of`(_ attribute: String) throws {
        let found = try Self.warnings(
            Self.document("authorization: {rules: [{require: \"has(\(attribute)) && \(attribute) == '1'\"}]}"))
        #expect(
            found.map(\.message) == ["`\(attribute)` is always absent: routes and services of files have no ids"])
        #expect(found.first?.hint == "it is for documents of the Admin API")
    }

    @Test func `is pointed out once, however many routes share it`() throws {
        let document = """
            policies:
            - {name: {name: all}, target: {gateway: default}, policy: {transformations: {request: {set: {x-a: jwt.sub}}}}}
            binds:
            - port: 3000
              listeners:
              - routes:
                - {name: a, matches: [{path: {exact: /a}}], backends: [{host: "a.test:80"}]}
                - {name: b, matches: [{path: {exact: /b}}], backends: [{host: "a.test:81"}]}
                - name: c
                  matches: [{path: {exact: /c}}]
                  policies:
                    \(Self.jwt)
                  backends: [{host: "a.test:82"}]
            """
        #expect(
            try Self.warnings(document).map(\.message) == [
                "`jwt` is always null on some routes, such as `a`: no `jwtAuth` stands before this transformation"
            ])
    }
}
