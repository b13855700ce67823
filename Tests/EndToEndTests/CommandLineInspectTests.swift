import Foundation
import Testing

@Suite("jwt inspect")
struct CommandLineInspectTests {
    @Test func `shows header, claims and dates, and that nothing is verified`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "https://issuer.test", "--sub", "alice", "--kid", "one")
        let result = try folder.run("jwt", "inspect", token)
        #expect(result.exitCode == 0)
        #expect(result.output.hasPrefix("NOT VERIFIED"))
        #expect(result.output.contains(#""kid": "one""#))
        #expect(result.output.contains(#""sub": "alice""#))
        #expect(result.output.contains("expires in 1 hour"))
        #expect(result.output.contains("64 of them signature"))
        #expect(!result.output.contains("Worth a look"))
    }

    @Test func `says in words how long ago a token expired`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--iss", "i", "--expires-in", "-3h", "--not-before", "-4h")
        let result = try folder.run("jwt", "inspect", token)
        #expect(result.exitCode == 0)
        #expect(result.output.contains("Z, expired 3 hours ago\n"))
        #expect(result.output.contains("warning: The token has expired. [expired]"))
    }

    @Test func `reads the token from a file or the standard input, with blanks and a scheme around it`() throws {
        let folder = try CommandLineFolder()
        let token = try folder.sign("--sub", "alice")
        try folder.write("Bearer \(token)\n", to: "token.txt")
        #expect(try folder.run("jwt", "inspect", "@token.txt").output.contains("alice"))
        #expect(try folder.run("jwt", "inspect", "-", input: "\n \(token)\r\n").output.contains("alice"))
        #expect(try folder.run("jwt", "inspect", "@absent.txt").exitCode == 2)
        #expect(try folder.run("jwt", "inspect", "-", input: " \n").exitCode == 2)
    }

    struct Oddity: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let header: String
        var claims = #"{"iss":"i","exp":99999999999}"#
        var suffix = ".c2ln"
        let codes: [String]
        let refusal: String?

        var token: String { "\(base64url(header)).\(base64url(claims))\(suffix)" }
    }

    static let oddities: [Oddity] = [
        Oddity(
            testDescription: "alg none", header: #"{"alg":"none"}"#, suffix: ".", codes: ["algorithm_none"],
            refusal: "token_algorithm"),
        Oddity(testDescription: "no alg", header: "{}", codes: ["algorithm_missing"], refusal: "token_malformed"),
        Oddity(
            testDescription: "a name twice", header: #"{"alg":"ES256","alg":"none"}"#, codes: ["duplicate_name"],
            refusal: "token_malformed"),
        Oddity(
            testDescription: "its own key", header: #"{"alg":"ES256","jwk":{},"jku":"https://evil.test"}"#,
            codes: ["signature_length", "embedded_key", "embedded_key"], refusal: nil),
        Oddity(
            testDescription: "crit", header: #"{"alg":"ES256","crit":["x"],"x":1}"#,
            codes: ["signature_length", "critical_header"], refusal: "token_critical_header"),
        Oddity(
            testDescription: "padding", header: #"{"alg":"HS256"}"#, suffix: ".c2lnbg==",
            codes: ["not_canonical_base64url", "shared_secret", "signature_length"], refusal: "token_malformed"),
        Oddity(
            testDescription: "five parts", header: #"{"alg":"RSA-OAEP","enc":"A256GCM"}"#, suffix: ".a.b.c",
            codes: ["encrypted"], refusal: "token_encrypted"),
        Oddity(
            testDescription: "two parts", header: #"{"alg":"ES256"}"#, suffix: "", codes: ["part_count"],
            refusal: "token_malformed"),
        Oddity(
            testDescription: "a DPoP proof bound for ever, in milliseconds",
            header: #"{"alg":"HS256","typ":"dpop+jwt"}"#, claims: #"{"iss":"i","iat":1700000000000,"cnf":{}}"#,
            codes: [
                "shared_secret", "signature_length", "type_unusual", "bound", "date_in_milliseconds",
                "expiration_missing",
            ], refusal: nil),
    ]

    @Test(arguments: oddities)
    func `names what is odd`(_ oddity: Oddity) throws {
        let result = try CommandLineRunner.run(["jwt", "inspect", oddity.token, "--json"])
        let shown = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let findings = try #require(shown["findings"] as? [[String: String]])
        #expect(findings.compactMap { $0["code"] } == oddity.codes)
        #expect(shown["refusal"] as? String == oddity.refusal)
        #expect(shown["verified"] as? Bool == false)
        #expect(result.exitCode == (oddity.refusal == nil ? 0 : 1))
    }

    @Test(arguments: [
        "\u{1B}[31mred", "a\u{9B}31m", "left\u{202E}thgir", "bell\u{7}", "line\u{2028}", "zero\u{200B}width", "\u{7F}",
    ])
    func `lets nothing in a token steer the terminal`(_ text: String) throws {
        let json = String(decoding: try JSONEncoder().encode(["alg": text, text: text]), as: UTF8.self)
        // Encoders leave some of them as they are.
        for header in [json, "{\"kid\":\"\(text)", text] {
            let token = "\(base64url(header)).\(base64url(header)).c2ln"
            for arguments in [["jwt", "inspect", token], ["jwt", "inspect", token, "--json"]] {
                let result = try CommandLineRunner.run(arguments)
                for scalar in (result.output + result.errors).unicodeScalars where scalar != "\n" {
                    let category = scalar.properties.generalCategory
                    #expect(![.control, .format, .lineSeparator].contains(category), "U+\(scalar.value)")
                }
            }
        }
    }
}

func base64url(_ text: String) -> String {
    Data(text.utf8).base64EncodedString().replacingOccurrences(of: "+", with: "-")
        .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
}
