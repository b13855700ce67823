import Foundation
import Testing

@Suite("The command line")
struct CommandLineUsageTests {
    @Test(arguments: [
        ["nonsense"], ["run"], ["run", "--nonsense"], ["validate"], ["validate", "-f"], ["jwt", "nonsense"],
        ["jwt", "sign", "x"],
        ["jwt", "inspect"], ["jwt", "verify", "--token", "x"], ["jwks", "check"], ["jwks", "check", "absent.json"],
        ["demo", "--port", "0"], ["cel", "eval"], ["cel", "check"], ["cel", "conformance"], ["cel", "nonsense"],
    ])
    func `ends with 2 where it is used wrongly`(_ arguments: [String]) throws {
        let result = try CommandLineRunner.run(arguments)
        #expect(result.exitCode == 2)
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }

    @Test(arguments: [
        [], ["--help"], ["--version"], ["version"], ["refusals"], ["help", "jwt", "sign"], ["jwt"], ["jwks"], ["cel"],
        ["cel", "reference"], ["cel", "eval", "1"], ["cel", "check", "true"],
        ["--generate-completion-script", "bash"],
    ])
    func `ends with 0 where it did what was asked`(_ arguments: [String]) throws {
        let result = try CommandLineRunner.run(arguments)
        #expect(result.exitCode == 0)
        #expect(!result.output.isEmpty)
        #expect(result.errors.isEmpty)
    }

    @Test(arguments: [
        ["jwt", "--help"], ["jwt", "sign", "--help"], ["jwt", "inspect", "--help"], ["jwt", "verify", "--help"],
        ["jwks", "--help"], ["jwks", "check", "--help"], ["cel", "--help"], ["cel", "eval", "--help"],
        ["cel", "check", "--help"],
        ["cel", "conformance", "--help"],
    ])
    func `teaches with an example that stands on lines of its own`(_ arguments: [String]) throws {
        let help = try CommandLineRunner.run(arguments).output
        let examples = help.split(separator: "\n").filter {
            $0.hasPrefix("  ") && ["tollgate j", "tollgate cel"].contains(where: $0.contains)
        }
        #expect(!examples.isEmpty)
        // A longer line would have been broken, and no longer paste.
        #expect(examples.allSatisfy { $0.count <= 80 && !$0.hasSuffix(" ") })
    }

    @Test func `says what is wrong with a configuration from its first line to its last`() throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            binds:
            - port: 3000
              listeners:
              - routes:
                - policies: {jwtAuth: {issuer: https://issuer.test, audiences: [], jwks: {file: absent.json}}}
                  backends: [{host: "localhost:8080"}]
                - matches: [{path: {regex: "("}}]
                  policies:
                    jwtAuth: {mode: permissive, issuer: https://issuer.test, jwks: {url: "http://a", allowHTTP: true}}
                    authorization: {rules: [{allow: 'nothing.at("all"'}]}
                  backends: [{host: "localhost:8080"}]
            """, to: "config.yaml")
        let lines = try folder.run("validate", "-f", "config.yaml").errors.split(separator: "\n").compactMap { line in
            line.hasPrefix("config.yaml:")
                ? line.split(separator: ":").dropFirst().prefix(2).compactMap { Int($0) } : nil
        }
        #expect(Set(lines.map(\.first)) == [5, 7, 9, 10])
        #expect(lines.count >= 6)
        #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) || $0 == $1 }, "\(lines)")
    }

    @Test func `ends with 1 where a configuration is not valid`() throws {
        let folder = try CommandLineFolder()
        try folder.write("binds: []\n", to: "config.yaml")
        #expect(try folder.run("validate", "-f", "config.yaml").exitCode == 1)
        #expect(try folder.run("run", "-f", "config.yaml").exitCode == 1)
    }
}
