import Foundation
import Testing

@Suite struct `The command tollgate validate` {
    /// Every stage of reading finds something in it.
    private static let broken = """
        gateways:
          default:
            port: 3000
            lisener: 1
        routes:
        - name: a
          matches:
          - path: {regex: "/a/("}
          policies:
            authorization:
              rules: ['jwt.sub == ', 'request.hedaers["a"] == "b"']
            requestHeaderModifier: {set: {Host: a}}
            jwtAuth:
              mode: strcit
              issuer: https://issuer.test
              jwks: {file: absent.json}
          backends: [{host: "127.0.0.1:80"}]
        binds:
        - port: 3443
          listeners:
          - hostname: a.test
            tls: {cert: server.pem}
          - hostname: b.test
            tls: {cert: server.pem, key: server.pem}
        - port: 4443
          listeners:
          - tls: {cert: absent.pem, key: absent.pem}
        config:
          trustedProxies: [nonsense]

        """

    @Test func `says all that is wrong with a file at once and in its order, whichever stage finds it`() throws {
        let folder = try CommandLineFolder()
        try folder.write(Self.broken, to: "config.yaml")
        try folder.write("no certificate\n", to: "server.pem")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        let found = result.errors.split(separator: "\n").filter { $0.contains(": error: ") }.map { line in
            let code = line.split(separator: "[").last?.dropLast() ?? ""
            return "\(line.split(separator: ":")[1]) \(code)"
        }
        #expect(
            found == [
                "4 unknown_field", "8 regex_invalid", "11 expression_invalid", "11 expression_invalid",
                "12 header_protected", "14 value_unknown", "16 key_file_unreadable", "22 field_missing",
                "24 tls_invalid", "27 tls_file_unreadable", "29 network_invalid",
            ], "\(result.errors)")
        // Each with the line, or the expression, and a caret below it.
        #expect(result.errors.split(separator: "\n").count { $0.hasSuffix("^") } == found.count)
        // Nothing is said that is only so because something else could not be read.
        #expect(!result.errors.contains("warning"))
    }

    @Test func `serves nothing of such a file either`() throws {
        let folder = try CommandLineFolder()
        try folder.write(Self.broken, to: "config.yaml")
        let result = try folder.run("run", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        #expect(result.errors.hasSuffix("config.yaml is not valid; nothing is served.\n"))
        #expect(result.errors.contains("regex_invalid") && result.errors.contains("unknown_field"))
    }

    private static let extended = """
        gateways: {default: {port: 3000}}
        config: {trustedProxies: [10.0.0.0/8]}
        routes:
        - backends: [{host: "127.0.0.1:80"}]

        """

    @Test func `refuses with --strict-schema what agentgateway does not have, and takes what it has`() throws {
        let folder = try CommandLineFolder()
        try folder.write(Self.extended, to: "config.yaml")
        #expect(try folder.run("validate", "-f", "config.yaml").exitCode == 0)
        let refused = try folder.run("validate", "-f", "config.yaml", "--strict-schema", "agentgateway")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("config.yaml:2:10: error: `trustedProxies`"), "\(refused.errors)")
        #expect(refused.errors.contains("[field_extension]"))

        let own = Self.extended.replacingOccurrences(of: "config: {trustedProxies: [10.0.0.0/8]}\n", with: "")
        try folder.write(own, to: "config.yaml")
        let taken = try folder.run("validate", "-f", "config.yaml", "--strict-schema", "agentgateway")
        #expect(taken.exitCode == 0)
        #expect(taken.output == "config.yaml is valid.\n")
    }

    @Test func `shows with --strict-schema what in an expression agentgateway does not have`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            gateways: {default: {port: 3000}}
            routes:
            - policies:
                authorization:
                  rules: [{deny: 'gateway.name == "inner"'}]
              backends: [{host: "127.0.0.1:8080"}]

            """, to: "config.yaml")
        #expect(try folder.run("validate", "-f", "config.yaml").exitCode == 0)
        let refused = try folder.run("validate", "-f", "config.yaml", "--strict-schema", "agentgateway")
        #expect(refused.exitCode == 1)
        #expect(refused.errors.contains("config.yaml:5:31: error: `gateway.name` is an addition"), "\(refused.errors)")
        let line = "      rules: [{deny: 'gateway.name == \"inner\"'}]"
        let caret = String(repeating: " ", count: 30) + "^"
        #expect(refused.errors.contains("  5 | \(line)\n    | \(caret)\n"), "\(refused.errors)")
        #expect(refused.errors.contains("write `proxy.gateway.name`"))
        #expect(refused.errors.contains("[expression_extension]"))
    }

    private static let keyed = """
        {"kid":"a","kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        """

    @Test(
        arguments: [
            (#"{"keys":[\#(keyed)]}"#, "exp, sub", nil),
            (#"{"keys":[\#(keyed)]}"#, "exp, tenant", "[value_extension]"),
            (keyed, "exp", "is not of the form"),
            (#"[\#(keyed)]"#, "exp", "is not of the form"),
            (#"{"keys":[\#(keyed),{"kty":"RSA","kid":7}]}"#, "exp", "has no `kid` in key number 2"),
            (#"{"keys":[\#(keyed),{"kid":"b","kty":"oct","k":"AAAA"}]}"#, "exp", "in key number 2: neither RSA"),
            (#"{"keys":[\#(keyed),{"kid":"b","kty":"EC","crv":"secp256k1"}]}"#, "exp", "in key number 2: neither RSA"),
        ] as [(String, String, String?)])
    func `refuses with --strict-schema key sets and claims that agentgateway would not read`(
        keys: String, claims: String, complaint: String?
    ) throws {
        let folder = try CommandLineFolder()
        try folder.write(keys, to: "keys.json")
        try folder.write(
            """
            gateways: {default: {port: 3000}}
            routes:
            - policies:
                jwtAuth:
                  mode: strict
                  issuer: https://issuer.example
                  jwks: {file: keys.json}
                  jwtValidationOptions: {requiredClaims: [\(claims)]}
              backends: [{host: "127.0.0.1:8080"}]

            """, to: "config.yaml")
        #expect(try folder.run("validate", "-f", "config.yaml").exitCode == 0)
        let result = try folder.run("validate", "-f", "config.yaml", "--strict-schema", "agentgateway")
        #expect(result.exitCode == (complaint == nil ? 0 : 1), "\(result.errors)")
        if let complaint { #expect(result.errors.contains(complaint), "\(result.errors)") }
    }

    @Test func `says of a certificate both that its key does not fit and that the authority is none`() throws {
        let folder = try CommandLineFolder()
        let authority = try CertificateAuthority()
        let (own, other) = (try authority.sign("a.test"), try authority.sign("b.test"))
        try folder.write("nonsense\n", to: "root.pem")
        try folder.write(
            "gateways: {a: {port: 3443, tls: {cert: \(own.certificate), key: \(other.key), root: root.pem}}}\n",
            to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("the certificate cannot be served with this key"), "\(result.errors)")
        #expect(result.errors.contains("the root file"), "\(result.errors)")
    }

    @Test func `reads the same document as JSON`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            {
              "gateways": {"default": {"port": 3000}},
              "routes": [{"policies": {"authorization": {"rules": [{"alow": "true"}]}}}]
            }
            """, to: "config.json")
        let result = try folder.run("validate", "-f", "config.json")
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("config.json:3:57: error: "), "\(result.errors)")
        #expect(result.errors.contains("did you mean `allow`?"))
    }

    @Test func `knows no other language to be strict about`() throws {
        let folder = try CommandLineFolder()
        try folder.write(Self.extended, to: "config.yaml")
        #expect(try folder.run("validate", "-f", "config.yaml", "--strict-schema", "nonsense").exitCode == 2)
    }
}

@Suite struct `The command tollgate schema` {
    private func page(_ name: String) throws -> String {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Docs/Reference")
        return try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    @Test func `prints the schema and the reference that are published`() throws {
        let schema = try CommandLineRunner.run(["schema"])
        #expect(schema.exitCode == 0 && schema.errors.isEmpty)
        #expect(try schema.output == page("agentgateway.schema.json"))
        #expect(try CommandLineRunner.run(["schema", "agentgateway"]).output == schema.output)
        let content = try JSONSerialization.jsonObject(with: Data(schema.output.utf8)) as? [String: Any]
        #expect(content?["$schema"] as? String == "https://json-schema.org/draft/2020-12/schema")

        let reference = try CommandLineRunner.run(["schema", "agentgateway", "--markdown"])
        #expect(try reference.output == page("Agentgateway.md"))
        #expect(try CommandLineRunner.run(["schema", "nonsense"]).exitCode == 2)
        let calls = try CommandLineRunner.run(["schema", "apisix", "--openapi"])
        #expect(try calls.output == page("APISIX.openapi.json"))
        // By lines, so that changes of it can be read and merged.
        #expect(calls.output.split(separator: "\n").allSatisfy { $0.count <= 400 })
        let paths = try JSONSerialization.jsonObject(with: Data(calls.output.utf8)) as? [String: Any]
        #expect((paths?["paths"] as? [String: Any])?.keys.contains("/routes/{id}") == true)
    }
}
