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
}
