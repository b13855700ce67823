import GatewayControl
import GatewayModel
import Testing

/// One run says everything that is wrong, in the order of the document.
@Suite struct `The diagnostics of a configuration` {
    private func codes(_ text: String) -> [String] {
        ConfigurationFile.compile(text, path: "a.yaml", environment: [:]).diagnostics.filter { $0.severity == .error }
            .map { "\($0.provenance.line) \($0.code)" }
    }

    @Test func `tell what is wrong with routes whose gateway, port or hostname is wrong`() {
        #expect(
            codes(
                """
                gateways:
                  default: {port: 70000, authorization: {rules: ["request.pth == 'a'"]}}
                routes:
                - gateways: defualt
                  matches: [{path: {regex: "("}}]
                  policies: {authorization: {rules: ["request.pth == 'b'"]}}
                  backends: [{host: "localhost:1"}]
                - hostnames: ["*.*"]
                  matches: [{path: {regex: "["}}]
                  policies: {authorization: {rules: ["request.pth == 'c'"]}}
                  backends: [{host: "localhost:1"}]
                binds:
                - port: x
                  listeners:
                  - routes:
                    - policies: {authorization: {rules: ["request.pth == 'd'"]}}
                      backends: [{host: "localhost:1"}]
                """) == [
                    "2 out_of_range", "2 expression_invalid", "4 gateway_unknown", "5 regex_invalid",
                    "6 expression_invalid", "8 hostname_invalid", "9 regex_invalid", "10 expression_invalid",
                    "13 wrong_type", "16 expression_invalid",
                ])
    }

    @Test func `tell what is wrong with policies that name what is not there`() {
        #expect(
            codes(
                """
                gateways: {default: {port: 3000}}
                routes: [{name: a, backends: [{host: "localhost:1"}]}]
                policies:
                - name: {name: a, namespace: default}
                  target: {route: {name: b, namespace: default}}
                  policy: {authorization: {rules: ["request.pth == 'a'"]}}
                - name: {name: b, namespace: default}
                  target: {gateway: {gatewayName: other, gatewayNamespace: default}}
                  phase: gateway
                  policy: {authorization: {rules: ["request.pth == 'b'"]}}
                """) == ["5 target_unknown", "6 expression_invalid", "8 target_unknown", "10 expression_invalid"])
    }

    @Test func `say of a value without its variable that this is missing, and nothing else`() {
        let text = """
            gateways:
              a: {port: 3443, tls: {cert: $NONE, key: k.pem}}
            routes:
            - gateways: a
              matches: [{path: {exact: $NONE}}]
              policies:
                requestHeaderModifier: {set: {x-a: $NONE}}
                transformations: {request: {set: {x: $NONE}}}
                backendAuth: {key: $NONE}
                urlRewrite: {path: {full: $NONE}}
              backends: [{host: "$NONE"}]
            - {gateways: a, backends: [{host: "x:1"}]}
            """
        let expected = [2, 5, 7, 8, 9, 10, 11].map { "\($0) variable_undefined" }
        #expect(warnings(text) == expected)
    }

    @Test func `compare no match with one whose path cannot be read`() {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - {matches: [{path: {exact: a}}], backends: [{host: "x:1"}]}
            - {matches: [{path: {pathPrefix: b}}], backends: [{host: "x:1"}]}
            - {backends: [{host: "x:1"}]}
            - {backends: [{host: "x:1"}]}
            """
        #expect(warnings(text) == ["3 path_invalid", "4 path_invalid", "6 match_taken"])
    }

    @Test(arguments: [
        ("http: {version: HTTP/3}", "value_unknown", "`HTTP/3.0` is not offered"),
        ("http: {version: HTTP/2}", "value_unknown", "did you mean `HTTP/2.0`?"),
        ("health: {eviction: {duration: 0s}}", "out_of_range", nil),
        (
            "transformations: {request: {set: {x-a: source.certificate}}}", "expression_invalid",
            "write `base64.encode(source.certificate)`"
        ),
        (
            "transformations: {request: {add: {x-a: 'default(source.certificate, jwt.sub)'}}}", "expression_invalid",
            "write `base64.encode(source.certificate)`"
        ),
        ("transformations: {request: {set: {x-a: base64.encode(source.certificate)}}}", nil, nil),
    ])
    func `refuse at a backend what cannot be meant`(_ policy: String, _ code: String?, _ hint: String?) {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "x:1", policies: {\(policy)}}]
            """
        let found = ConfigurationFile.compile(text, path: "a.yaml", environment: [:]).diagnostics.filter {
            $0.severity == .error
        }
        #expect(found.map(\.code) == [code].compactMap(\.self))
        #expect(found.first?.hint == hint || code == nil, "\(found)")
    }

    @Test func `stand at the name of each file that is missing`() {
        let text = """
            gateways:
              a: {port: 3443, tls: {cert: no-cert.pem, key: no-key.pem, root: no-root.pem}}
            routes:
            - gateways: a
              policies: {backendTLS: {root: no-authority.pem, hostname: x}}
              backends: [{host: "x:1"}]
            """
        let found = ConfigurationFile.compile(text, path: "a.yaml", environment: [:]).diagnostics
        #expect(found.allSatisfy { $0.code == "tls_file_unreadable" }, "\(found)")
        #expect(found.map { "\($0.provenance)" } == ["a.yaml:2:31", "a.yaml:2:49", "a.yaml:2:67", "a.yaml:5:33"])
    }

    @Test func `say once that a field is mistyped, not that it is missing as well`() {
        #expect(codes("gateways: {default: {prot: 3000}}\n") == ["1 unknown_field"])
    }

    private func warnings(_ text: String) -> [String] {
        ConfigurationFile.compile(text, path: "a.yaml", environment: [:]).diagnostics.map {
            "\($0.provenance.line) \($0.code)"
        }
    }

    private static let credentials = (
        token: "jwtAuth: {mode: strict, issuer: a, algorithms: [HS256], jwks: '{\"kty\":\"oct\",\"k\":\"\(secret)\"}'}",
        key: "apiKey: {mode: strict, keys: [{key: abcdef}]}",
        password: "basicAuth: {mode: strict, htpasswd: 'a:$$2y$$05$$\(String(repeating: "a", count: 53))'}"
    )
    private static let secret = "q83vEjRWeJASNFZ4kKvN7wH9-mtZqQ3xLw0yJ5dVbTo"

    @Test func `warn where one header would have to hold several credentials, on whatever level they stand`() {
        let (token, key, password) = Self.credentials
        let text = { (gateway: String, route: String, more: String) in
            """
            gateways: {default: {port: 3000, \(gateway)}}
            routes:
            - backends: [{host: "localhost:1"}]
              policies:
                \(route)
                \(more)
            """
        }
        #expect(warnings(text(token, key, password)) == ["6 credentials_exclude_each_other"])
        #expect(warnings(text(token, key, "timeout: {requestTimeout: 5s}")) == ["5 credentials_exclude_each_other"])
        #expect(warnings(text(token, token, "timeout: {requestTimeout: 5s}")) == [])
        let elsewhere = key.replacing("strict,", with: "strict, location: {header: {name: x-key}},")
        #expect(warnings(text(token, elsewhere, "timeout: {requestTimeout: 5s}")) == [])
        #expect(warnings(text(token, key.replacing("strict", with: "optional"), "timeout: {requestTimeout: 5s}")) == [])
    }

    @Test(arguments: [
        ("jwtAuth", "optional", "apiKey", "optional", "6 credential_taken_for_another"),
        ("jwtAuth", "optional", "apiKey", "strict", "6 credential_taken_for_another"),
        ("jwtAuth", "optional", "apiKey", "permissive", "6 credential_taken_for_another"),
        ("apiKey", "optional", "jwtAuth", "optional", "5 credential_taken_for_another"),
        ("jwtAuth", "permissive", "apiKey", "optional", nil),
        ("jwtAuth", "strict", "apiKey", "optional", nil),
        ("jwtAuth", "optional", "basicAuth", "optional", nil),
        ("apiKey", "optional", "basicAuth", "optional", nil),
    ])
    func `warn where an earlier policy takes credentials for its own that it refuses`(
        _ first: String, _ firstMode: String, _ second: String, _ secondMode: String, _ warning: String?
    ) {
        let (token, key, password) = Self.credentials
        let written = ["jwtAuth": token, "apiKey": key, "basicAuth": password]
        let policies = [(first, firstMode), (second, secondMode)].map { name, mode in
            (written[name] ?? "").replacing("mode: strict", with: "mode: \(mode)")
        }
        let text = { (location: String) in
            """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "localhost:1"}]
              policies:
                \(policies[0].replacing("mode:", with: location + "mode:"))
                \(policies[1])
            """
        }
        let found = { (text: String) in self.warnings(text).filter { $0.contains("credential") } }
        #expect(found(text("")) == [warning].compactMap(\.self))
        #expect(found(text("location: {header: {name: x-own}}, ")) == [])
    }

    @Test func `warn of credentials that all have to stand in one header`() {
        let (token, key, _) = Self.credentials
        let parts = [token, key].map { "{\($0.replacing("mode: strict, ", with: ""))}" }
        let text = { (form: String, key: String) in
            """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "localhost:1"}]
              policies:
                authentication: {\(form): [\(parts[0]), \(key)]}
            """
        }
        #expect(warnings(text("allOf", parts[1])) == ["5 credentials_exclude_each_other"])
        #expect(warnings(text("anyOf", parts[1])) == [])
        let elsewhere = parts[1].replacing("keys:", with: "location: {header: {name: x-key}}, keys:")
        #expect(warnings(text("allOf", elsewhere)) == [])
    }

    @Test(arguments: [
        ("set: {X_User: '\"a\"'}", "writes another value"), ("add: {x-user: '\"a\"'}", "adds a second value"),
        ("remove: [X-User]", "removes it"), ("replace: 'request.headers'", "this may drop or write"),
        ("set: {x-other: '\"a\"'}", nil),
    ])
    func `warn of transformations that change the headers of claims`(_ change: String, _ message: String?) {
        let token = Self.credentials.token.replacing(
            "issuer:", with: "claimsToHeaders: [{header: x-user, claim: sub}], issuer:")
        let found = { (gateway: String, route: String) in
            ConfigurationFile.compile(
                """
                gateways: {default: {port: 3000, \(gateway)}}
                routes:
                - backends: [{host: "localhost:1"}]
                  policies:
                    timeout: {requestTimeout: 5s}
                    \(route)
                """, path: "a.yaml", environment: [:]
            ).diagnostics.filter { $0.code == "claim_header_changed" }
        }
        let transformations = "transformations: {request: {\(change)}}"
        let lines = [found(token, transformations), found("", "\(token)\n    \(transformations)")]
        #expect(lines.map { $0.map(\.provenance.line) } == (message == nil ? [[], []] : [[6], [7]]))
        for finding in lines.flatMap(\.self) { #expect(finding.message.contains(message ?? ""), "\(finding.message)") }
        #expect(lines.first?.first.map { $0.message.contains("at line 1") } ?? true)
        // What comes before claims are written changes nothing of them.
        #expect(found(transformations, token).isEmpty)
    }

    @Test(arguments: [
        ("requestRedirect: {}", "5 policy_without_effect"),
        ("requestRedirect: {status: 301}", "5 policy_without_effect"),
        ("urlRewrite: {}", "5 policy_without_effect"), ("urlRewrite: {path: {full: /a}}", nil),
    ])
    func `warn of what has no effect`(_ policy: String, _ warning: String?) {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "localhost:1"}]
              policies:
                \(policy)
            """
        #expect(warnings(text) == [warning].compactMap(\.self))
    }

    @Test func `warn of TLS that nobody speaks and of a target that is named twice`() {
        #expect(
            warnings(
                """
                frontendPolicies: {tls: {minVersion: TLS_V1_3}}
                gateways: {default: {port: 3000}}
                routes: [{backends: [{host: "localhost:1"}]}]
                policies:
                - name: {name: a, namespace: default}
                  target: {gateway: {gatewayName: default, gatewayNamespace: default, listenerName: default, port: 3000}}
                  policy: {timeout: {requestTimeout: 5s}}
                """) == ["1 policy_without_effect", "6 target_narrow"])
    }

    @Test func `tell of levels of agentgateway's parts that there are none here`() throws {
        let text: (String) -> String = { "config: {logging: {level: \($0)}}\ngateways: {default: {port: 3000}}\n" }
        for (written, level) in [
            ("warn", LogLevel.warning), ("[info, 'proxy=trace']", .info), ("'debug,agent_core=off'", nil),
            ("trace", .debug),
        ] {
            let loaded = ConfigurationFile.compile(text(written), path: "a.yaml", environment: [:])
            #expect(loaded.configuration?.process.logLevel == level, "\(written)")
            #expect(loaded.diagnostics.isEmpty == !written.contains("="))
        }
        #expect(warnings(text("loud")).first == "1 value_unknown")
    }
}
