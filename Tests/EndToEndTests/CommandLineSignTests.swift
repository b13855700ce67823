import Foundation
import JOSE
import Testing

@Suite("jwt sign")
struct CommandLineSignTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func `mints tokens that the gateway's verifier takes`(_ algorithm: SignatureAlgorithm) throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--alg", "\(algorithm)", "--iss", "https://issuer.test", "--aud", "api")
        try folder.writeConfiguration(algorithms: "\(algorithm)")
        let verdict = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", "-", input: token)
        #expect(verdict.exitCode == 0, "\(verdict.output)\(verdict.errors)")
        #expect(verdict.output.hasPrefix("PASSES the jwtAuth at config.yaml:"))
        #expect(verdict.output.contains("  algorithm: \"\(algorithm)\"\n"))
    }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `signs again with a key it saved`(_ algorithm: SignatureAlgorithm) throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign("--alg", "\(algorithm)")
        let token = try folder.signAgain("--iss", "https://issuer.test", "--aud", "api")
        try folder.writeConfiguration(algorithms: "\(algorithm)")
        let verdict = try folder.run("jwt", "verify", "-f", "config.yaml", "--token", token)
        #expect(verdict.exitCode == 0, "\(verdict.output)\(verdict.errors)")
    }

    @Test func `prints the token alone and explains itself on the standard error`() throws {
        let result = try CommandLineRunner.run(["jwt", "sign", "--iss", "https://issuer.test"])
        #expect(result.exitCode == 0)
        #expect(result.line.split(separator: ".").count == 3)
        #expect(!result.line.contains("\n"))
        #expect(result.errors.contains("signed with ES256 by a fresh key"))
        #expect(result.errors.contains("in 1 hour"))
        #expect(result.errors.contains("the key is gone now"))
    }

    @Test func `keeps private keys to their owner and never overwrites one`() throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign()
        #expect(try folder.mode(of: "key.jwk") == 0o600)
        #expect(try folder.mode(of: "keys.json") == 0o644)
        let key = try folder.read("key.jwk")
        #expect(key.contains(#""d":"#))
        #expect(try !folder.read("keys.json").contains(#""d":"#))
        let again = try folder.run("jwt", "sign", "--save-key", "key.jwk")
        #expect(again.exitCode == 2)
        #expect(again.output.isEmpty)
        #expect(again.errors.contains("never overwritten"))
        #expect(try folder.read("key.jwk") == key)
        let confused = try folder.run("jwt", "sign", "--key", "key.jwk", "--jwks", "key.jwk")
        #expect(confused.exitCode == 2)
        #expect(try folder.read("key.jwk") == key)
    }

    @Test func `never prints a shared secret`() throws {
        let folder = try CommandLineFolder()
        let refused = try folder.run("jwt", "sign", "--alg", "HS256", "--print-jwks")
        #expect(refused.exitCode == 2)
        #expect(refused.output.isEmpty)
        _ = try folder.sign("--alg", "HS256")
        #expect(try folder.mode(of: "keys.json") == 0o600)
    }

    @Test func `prints the public key set behind the token when asked`() throws {
        let result = try CommandLineRunner.run(["jwt", "sign", "--print-jwks", "--kid", "one"])
        let lines = result.line.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix(#"{"keys":[{"crv":"P-256","kty":"EC","#))
        #expect(lines[1].contains(#""kid":"one""#))
    }

    @Test func `takes claims from options, a file and the standard input`() throws {
        let folder = try CommandLineFolder()
        try folder.write(#"{"iss":"file","deep":{"a":[1,2]},"iat":7}"#, to: "claims.json")
        let token = try folder.sign(
            "--claims", "claims.json", "--iss", "option", "--sub", "alice", "--aud", "a", "--aud", "b",
            "--claim", "admin=true", "--claim", "zip=01234", "--claim", #"groups=["x"]"#, "--not-before", "-5m",
            "--expires-in", "never", "--typ", "at+jwt", "--header", "cty=x", "--no-kid")
        let result = try folder.run("jwt", "inspect", token, "--json")
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let claims = try #require(shown["claims"] as? [String: Any])
        #expect(claims["iss"] as? String == "option")
        #expect(claims["sub"] as? String == "alice")
        #expect(claims["aud"] as? [String] == ["a", "b"])
        #expect(claims["admin"] as? Bool == true)
        #expect(claims["zip"] as? String == "01234")
        #expect(claims["groups"] as? [String] == ["x"])
        #expect((claims["deep"] as? [String: [Int]])?["a"] == [1, 2])
        #expect(claims["iat"] as? Int == 7)
        #expect(claims["nbf"] != nil)
        #expect(claims["exp"] == nil)
        #expect(shown["header"] as? [String: String] == ["alg": "ES256", "typ": "at+jwt", "cty": "x"])
        let piped = try folder.run("jwt", "sign", "-q", "--claims", "-", input: #"{"a":"piped"}"#)
        #expect(try folder.run("jwt", "inspect", piped.line).output.contains(#""a": "piped""#))
    }

    @Test func `reads private keys in PEM`() throws {
        let folder = try CommandLineFolder()
        try folder.write(Self.pem, to: "key.pem")
        let result = try folder.run("jwt", "sign", "--key", "key.pem")
        #expect(result.exitCode == 0)
        #expect(result.errors.contains("signed with EdDSA by the key in key.pem"))
    }

    /// The key of RFC 8410 §10.3.
    private static let pem = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
        -----END PRIVATE KEY-----

        """

    @Test(arguments: [
        ["--alg", "none"], ["--alg", "XS256"], ["--expires-in", "soon"], ["--claim", "novalue"], ["--claim", "=x"],
        ["--key", "absent.jwk"], ["--key", "keys.json"], ["--key", "key.jwk", "--generate"],
        ["--key", "key.jwk", "--alg", "RS256"], ["--claims", "list.json"], ["--claims", "twice.json"],
        ["--jwks", "no/such/folder"], ["--rsa-bits", "1024"],
    ])
    func `refuses what it cannot do, with nothing on the standard output`(_ arguments: [String]) throws {
        let folder = try CommandLineFolder()
        _ = try folder.sign()
        try folder.write("[1]", to: "list.json")
        try folder.write(#"{"a":1,"a":2}"#, to: "twice.json")
        let result = try CommandLineRunner.run(["jwt", "sign"] + arguments, in: folder.url)
        #expect(result.exitCode == 2)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }
}
