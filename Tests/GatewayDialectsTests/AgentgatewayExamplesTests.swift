import Foundation
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
import Testing

@Suite(.enabled(if: Conformance.isPresent)) struct `The examples of agentgateway` {
    /// Errors that say a feature is missing, or that keys over http need a word of the user's; any other would
    /// claim that a good file is bad.
    private static let notOffered: Set = [
        "field_not_offered", "value_not_offered", "field_out_of_scope", "value_out_of_scope", "insecure_url",
    ]
    /// Keys and certificates that an example names are not published with it.
    private static let missingFiles: Set = ["tls_file_unreadable", "key_file_unreadable"]

    @Test(arguments: Conformance.examples)
    func `run, or are refused for what is not offered and nothing else`(_ example: String) throws {
        let loaded = try Self.loaded(example)
        let errors = loaded.diagnostics.filter { $0.severity == .error }
        let unexpected = errors.filter { !Self.notOffered.union(Self.missingFiles).contains($0.code) }
        #expect(unexpected.isEmpty, "\(unexpected.map(\.oneLine))")
        #expect((loaded.snapshot == nil) == !errors.isEmpty)
    }

    @Test func `are there`() {
        #expect(Conformance.examples.count >= 35)
        #expect(Conformance.examples.contains("traffic-http/config.yaml"))
    }

    @Test func `stand in the table of the docs`() throws {
        let text = try Self.table()
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Docs/Reference/AgentgatewayExamples.md")
        if GoldenCase.isRecording { try Data(text.utf8).write(to: page) }
        #expect(try String(contentsOf: page, encoding: .utf8) == text, "record it anew with TOLLGATE_RECORD=1")
    }

    @Test(arguments: Set(Conformance.files).subtracting(Conformance.examples).sorted())
    func `for other programs are refused without a crash`(_ file: String) throws {
        let (_, diagnostics) = AgentgatewayDialect.decode(
            text: try Conformance.read("examples/\(file)"), documentName: file, environment: [:])
        #expect(diagnostics.hasErrors)
    }

    /// What is served is read by the published schema as well.
    @Test(arguments: Conformance.examples)
    func `that run are valid by our schema`(_ example: String) throws {
        let loaded = try Self.loaded(example)
        guard loaded.configuration != nil, let text = loaded.text else { return }
        let node = try #require(
            DocumentReader.read(
                text: text, documentName: example, environment: Self.environment(naming: text),
                findings: Findings(dialectName: "agentgateway")))
        #expect(try SchemaValidator(AgentgatewayDialect.jsonSchema).problems(of: node) == [])
    }

    private static func loaded(_ example: String) throws -> ConfigurationFile {
        let text = try Conformance.read("examples/\(example)")
        return ConfigurationFile.compile(text, path: example, environment: environment(naming: text))
    }

    /// Every variable the text could mean, so that none is missing.
    private static func environment(naming text: String) -> [String: String] {
        let names = text.split { !($0.isASCII && ($0.isLetter || $0.isNumber)) && $0 != "_" }
        return Dictionary(names.map { (String($0), "value") }) { first, _ in first }
    }
}

extension `The examples of agentgateway` {
    /// The page: HTTP traffic and authentication first, then what is for models and agents.
    private static func table() throws -> String {
        let own = Conformance.examples.filter { $0.hasPrefix("traffic-") || $0.hasPrefix("fault-") }
        return """
            # The examples of agentgateway

            Made by a test (`TOLLGATE_RECORD=1 swift test --filter GatewayDialectsTests`) from the example files of
            agentgateway; do not edit. A file runs, or it is refused for what stands in the last column and nothing
            else. Where a word is given, it is why the field will not be offered; the others may be one day.

            ## HTTP traffic, authentication and authorization

            \(try rows(own))

            ## Models, tools and agents

            \(try rows(Conformance.examples.filter { !own.contains($0) }))

            """
    }

    private static func rows(_ examples: [String]) throws -> String {
        var lines = ["| example | | refused for |", "|---|---|---|"]
        for example in examples {
            let loaded = try loaded(example)
            var reasons: [String] = []
            for error in loaded.diagnostics
            where error.severity == .error && !missingFiles.contains(error.code) {
                let reason = try Self.reason(error)
                if !reasons.contains(reason) { reasons.append(reason) }
            }
            lines.append(
                "| `\(example)` | \(loaded.snapshot == nil ? "refused" : "**runs**") | \(reasons.joined(separator: ", ")) |"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The field or value that a finding is about, which every message names first, and why it is refused.
    private static func reason(_ error: Diagnostic) throws -> String {
        if error.code == "insecure_url" { return "keys over plain HTTP, which need `allowHTTP: true`" }
        let words = error.message.split(separator: "`", omittingEmptySubsequences: false)
        let field = "`\(try #require(words.count > 2 ? words[1] : nil, "\(error) names no field"))`"
        switch error.code {
        case "field_not_offered": return field
        case "value_not_offered": return "a value of \(field)"
        default:
            let why = error.message.split(separator: "scope: ").last.map(String.init) ?? error.message
            return "\(field): \(why)"
        }
    }
}

/// The key and the tokens that agentgateway publishes, whose time is long.
@Suite(.enabled(if: Conformance.isPresent)) struct `The tokens of agentgateway` {
    /// Between their beginning and 2030.
    private static let now: Int64 = 1_790_000_000

    private func check(_ token: String, issuer: String, audience: String) throws -> [TokenCheck] {
        let keys = Conformance.agentgateway.appending(path: "jwt/pub-key").path
        let loaded = ConfigurationFile.compile(
            """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "127.0.0.1:80"}]
              policies:
                jwtAuth:
                  mode: strict
                  issuer: \(issuer)
                  audiences: [\(audience)]
                  jwks: {file: \(keys)}
            """, path: "a.yaml", environment: [:])
        let configuration = try #require(loaded.configuration)
        let snapshot = try #require(loaded.snapshot, "\(loaded.diagnostics)")
        let places = try PlaceSelection().places(in: configuration, snapshot)
        return TokenCheck.run(Array(token.utf8), at: places, of: configuration, snapshot, remote: nil, now: Self.now)
    }

    private func token(_ name: String) throws -> String {
        try Conformance.read("jwt/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(arguments: ["example1.key", "example2.key"])
    func `pass`(_ name: String) throws {
        let checks = try check(try token(name), issuer: "agentgateway.dev", audience: "test.agentgateway.dev")
        #expect(!checks.isEmpty)
        for check in checks { #expect(check.passes, "\(String(describing: check.failure))") }
    }

    @Test(arguments: ["example1.key", "example2.key"])
    func `are refused by another issuer, for another audience, and when damaged`(_ name: String) throws {
        let good = try token(name)
        #expect(try check(good, issuer: "another", audience: "test.agentgateway.dev").allSatisfy { !$0.passes })
        #expect(try check(good, issuer: "agentgateway.dev", audience: "another").allSatisfy { !$0.passes })
        let damaged = good.dropLast(5) + (good.hasSuffix("AAAAA") ? "BBBBB" : "AAAAA")
        #expect(
            try check(String(damaged), issuer: "agentgateway.dev", audience: "test.agentgateway.dev")
                .allSatisfy { !$0.passes })
    }
}
