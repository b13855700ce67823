import Foundation
import Testing

@Suite("jwks check")
struct CommandLineKeysTests {
    @Test func `tables the keys that the gateway would use`() throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign("--alg", "RS256", "--kid", "one")
        let result = try folder.run("jwks", "check", "keys.json", "--strict")
        #expect(result.exitCode == 0)
        let lines = result.output.split(separator: "\n")
        let headings = lines[0].split(separator: " ").map(String.init)
        #expect(headings == ["kid", "kty", "crv/bits", "use", "algorithms", "thumbprint"])
        #expect(lines[1].hasPrefix("one  RSA  2048      sig  RS256       "))
        #expect(lines[2] == "1 usable key.")
    }

    private static let mixed = """
        {"keys":[
          {"kty":"OKP","crv":"Ed25519","kid":"good","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
          {"kty":"OKP","crv":"Ed25519","kid":"padded","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
          {"kty":"EC","crv":"secp256k1","kid":"curve","x":"AA","y":"AA"},
          {"kty":"RSA","kid":"\\u001b[2J"},
          {"kty":"oct","kid":"secret","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}
        ]}
        """

    @Test func `says what is wrong with each key that is not used`() throws {
        let result = try CommandLineRunner.run(["jwks", "check", "-"], input: Self.mixed)
        #expect(result.exitCode == 0)
        for text in [
            #"key 2 (kid "padded"): warning: Padding was removed in "x". [padding_removed]"#,
            #"key 3 (kid "curve"): warning: not used: The curve "secp256k1" is not offered. [unsupported_curve]"#,
            #"key 4 (kid "?[2J"): error: not used: The member "n" is missing. [member_missing]"#,
            #"key 5 (kid "secret"): error: not used: "#, "2 usable keys, 3 not used, 4 warnings.",
            "warning: This key is a published sample (RFC 8037 A.2)",
        ] {
            #expect(result.output.contains(text), "\(result.output)")
        }
        #expect(!result.output.contains("\u{1B}"))
        #expect(try CommandLineRunner.run(["jwks", "check", "-", "--strict"], input: Self.mixed).exitCode == 1)
    }

    @Test func `prints the same as JSON`() throws {
        let result = try CommandLineRunner.run(["jwks", "check", "-", "--json"], input: Self.mixed)
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let keys = try #require(shown["keys"] as? [[String: Any]])
        let findings = try #require(shown["findings"] as? [[String: Any]])
        #expect(shown["usable"] as? Int == 2)
        #expect(keys.map { $0["kid"] as? String } == ["good", "padded"])
        #expect(keys[0]["algorithms"] as? [String] == ["EdDSA", "Ed25519"])
        #expect(keys[0]["thumbprint"] as? String == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        #expect(findings.compactMap { $0["code"] as? String }.contains("unsupported_curve"))
    }

    @Test func `takes secrets only when told that they count, and never shows them`() throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign("--alg", "HS256", "--kid", "s")
        #expect(try folder.run("jwks", "check", "keys.json").exitCode == 1)
        let taken = try folder.run("jwks", "check", "keys.json", "--allow-secrets")
        #expect(taken.exitCode == 0)
        #expect(taken.output.contains("s    oct  256       sig  HS256       (secret)"))
    }

    struct Source: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var jwks: String
        var more = ""
        var words: [String]
    }

    @Test(arguments: [
        Source(
            testDescription: "a key of a kind that is not offered", jwks: "{file: ed448.pem}",
            words: [
                "warning: The key is of a kind that is not offered: Ed448. (key number 1) [unsupported_key_type]",
                "error: the key file `ed448.pem` holds no usable key [no_usable_key]",
            ]),
        Source(
            testDescription: "a key for encryption",
            jwks: #"'{"keys":[{"kty":"OKP","crv":"X25519","kid":"x","x":"AA"}]}'"#,
            words: [#"warning: The curve "X25519" is for key agreement. (key `x`) [unsupported_curve]"#]),
        Source(
            testDescription: "a secret that is too short for its algorithm",
            jwks: #"'{"keys":[{"kty":"oct","kid":"s","k":"a0swbGtielhyRTdhaVRpeUsvWjBTd2FiMDEyMzQ1Njc4OWFi"}]}'"#,
            more: "algorithms: [HS512]",
            words: ["warning: The key is too weak (288 bits) and is not used. (key `s`) [weak_key]"]),
    ])
    func `a configuration is told why none of its keys is left`(_ source: Source) throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            -----BEGIN PUBLIC KEY-----
            MEMwBQYDK2VxAzoAOZuqyxnxLXtcgQfS+y4NGJ+KSYjYDD9XEytdNLetXILzKCWF
            GA2CA/6q7n5bEa7L/9KF6wwc3PaA
            -----END PUBLIC KEY-----
            """, to: "ed448.pem")
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies:
                    jwtAuth: {mode: strict, issuer: "https://issuer.test", jwks: \(source.jwks), \(source.more)}
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        for text in source.words { #expect(result.errors.contains(text), "\(result.errors)") }
    }

    @Test(arguments: ["", "{}", "nonsense", #"{"keys":[]}"#, #"{"keys":[{"kty":"RSA"}]}"#])
    func `ends with 1 where no key can be used`(_ document: String) throws {
        let result = try CommandLineRunner.run(["jwks", "check", "-"], input: document)
        #expect(result.exitCode == 1)
        #expect(result.output.contains("No usable key"))
    }
}
