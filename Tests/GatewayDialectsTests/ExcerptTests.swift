import GatewayControl
import GatewayDialects
import GatewayModel
import Testing

/// Lines of documents with a caret under the place that is wrong.
@Suite struct `Excerpts` {
    private func rendered(_ text: String) -> String {
        let (_, diagnostics) = AgentgatewayDialect.decode(text: text, documentName: "a.yaml", environment: [:])
        return AgentgatewayDialect.rendered(diagnostics, text: text, documentName: "a.yaml").joined()
    }

    /// The characters over the carets.
    private func pointedAt(_ rendered: String) -> [Character] {
        let lines = rendered.split(separator: "\n").map(Array.init)
        return lines.indices.dropFirst().compactMap { line in
            let column = lines[line].count - 1
            return lines[line].last == "^" && column < lines[line - 1].count ? lines[line - 1][column] : nil
        }
    }

    @Test(arguments: [0, 60, 90, 400, 5000])
    func `show of a long line what is near the place`(length: Int) {
        let name = String(repeating: "ü", count: length)
        let text = rendered(
            "routes: [{name: \"\(name)\", ?nmae: 1, ruleName: \"\(name)\"}]\n".replacing("?", with: "Z"))
        #expect(pointedAt(text).contains("Z"), "\(text)")
        #expect(text.split(separator: "\n").allSatisfy { $0.count < 200 })
    }

    @Test(arguments: ["\n", "\r\n"])
    func `are of the right line whatever ends lines`(end: String) {
        let text = rendered(["config: {}", "binds:", "- port: 1", "  Zisteners: []", ""].joined(separator: end))
        #expect(text.contains("  4 |   Zisteners: […]\n") || text.contains("  4 |   Zisteners: []\n"), "\(text)")
        #expect(pointedAt(text).contains("Z"))
    }

    @Test func `are of the text without its byte order mark`() {
        #expect(pointedAt(rendered("\u{FEFF}Zinds: []\n")).contains("Z"))
    }

    @Test func `keep the caret under its place behind values that are not shown`() {
        let text = rendered("routes: [{policies: {apiKey: {mode: strict, keys: [{key: abcdefgh, Zetadata: {}}]}}}]\n")
        #expect(text.contains("{key: …, Zetadata: {}}"), "\(text)")
        #expect(pointedAt(text).contains("Z"))
    }

    struct Inside: CustomTestStringConvertible {
        var name: String
        /// A rule, as it is written in the list of rules. The mistake is at the `Z`.
        var rule: String
        var testDescription: String { name }
    }

    @Test(arguments: [
        Inside(name: "plain", rule: "request.Zath == '/'"),
        Inside(name: "plain over two lines", rule: "true &&\n        request.Zath == '/'"),
        Inside(name: "in single quotes", rule: "'\"it''s\" == \"x\" && request.Zath == \"/\"'"),
        Inside(name: "in double quotes", rule: #""'\u00e4\"\x41' == 'x' && request.Zath == '/'""#),
        Inside(
            name: "in double quotes over lines",
            rule: "\"'a' == 'x'\n\n        && true \\\n        && request.Zath == '/'\""),
        Inside(name: "a block", rule: "|\n        true &&\n          // why\n          request.Zath == '/'\n"),
        Inside(name: "a block that keeps its line ends", rule: "|+\n        true &&\n        request.Zath == '/'\n\n"),
        Inside(name: "a block in a field", rule: "allow: |\n          true && request.Zath == '/'"),
        Inside(name: "a folded block in a field", rule: "allow: >\n          true &&\n          request.Zath == '/'"),
        Inside(name: "a folded block", rule: ">-\n        true &&\n        true\n\n        && request.Zath == '/'"),
        Inside(name: "behind variables", rule: "'$WORD == \"$$a\" && ${WORD:-x} == \"b\" && request.Zath == \"/\"'"),
        Inside(name: "in a field", rule: "deny: request.Zath == '/'"),
        Inside(name: "behind letters of several bytes", rule: "'\"ÄÖ😀\" == \"x\" && request.Zath == \"/\"'"),
    ])
    func `show the place inside an expression`(_ written: Inside) throws {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "127.0.0.1:80"}]
              policies:
                authorization:
                  rules:
                  - \(written.rule)
            - backends: [{host: "127.0.0.1:81"}]

            """
        try pointsAtZ(text, environment: ["WORD": "'value'"])
    }

    @Test(arguments: [
        "matches: [{path: {regex: '/a(Z)b)'}}]", "matches:\n  - path:\n      regex: \"/\\\\d+(?<!Z)\"",
        "policies: {cors: {allowOrigins: ['https://a']}}\n  matches: [{headers: [{name: x, value: {regex: '[Z-A]'}}]}]",
    ])
    func `show the place inside a regular expression`(_ field: String) throws {
        let text = """
            gateways: {default: {port: 3000}}
            routes:
            - backends: [{host: "127.0.0.1:80"}]
              \(field)

            """
        let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: [:])
        let problem = try #require(loaded.diagnostics.first { $0.code == "regex_invalid" })
        #expect(problem.inside == nil)
        let line = text.split(separator: "\n")[problem.provenance.line - 1]
        #expect(line.contains("Z") && problem.provenance.column > 10 && problem.provenance.column <= line.count)
    }

    private func pointsAtZ(_ text: String, environment: [String: String]) throws {
        let loaded = ConfigurationFile.compile(text, path: "a.yaml", environment: environment)
        let problem = try #require(loaded.diagnostics.first { $0.message.contains("Zath") }, "\(loaded.diagnostics)")
        let line = Array(
            text.split(separator: "\n", omittingEmptySubsequences: false)[problem.provenance.line - 1].unicodeScalars)
        let column = problem.provenance.column - 1
        // Of a member that is not there the dot is the place.
        #expect(line[column...].prefix(2).contains("Z"), "\(loaded.renderedDiagnostics())")
        #expect(!problem.oneLine.contains("of the text"))
    }
}
