extension Diagnostic {
    /// The finding as people read it: place, message, the line with a caret, hint.
    ///
    /// `source` is the text of the document the provenance names, or nil to leave the excerpt out.
    package func rendered(source: String?) -> String {
        var text = "\(provenance): \(severity.rawValue): \(message) [\(code)]\n"
        if let excerpt {
            text += excerpt.split(separator: "\n").map { "  \($0)\n" }.joined()
        } else if let line = line(of: source) {
            text += line
        }
        if let hint { text += "  hint: \(hint)\n" }
        return text
    }

    /// The finding on one line, for logs.
    package var oneLine: String {
        "\(provenance): \(message) [\(code)]" + (hint.map { "; \($0)" } ?? "")
    }

    private func line(of source: String?) -> String? {
        guard let source, provenance.line > 0 else { return nil }
        let lines = source.split(separator: "\n", maxSplits: provenance.line, omittingEmptySubsequences: false)
        guard provenance.line <= lines.count else { return nil }
        let line = lines[provenance.line - 1].prefix { $0 != "\r" }.prefix(Self.longestExcerpt)
        let number = String(provenance.line)
        let gutter = String(repeating: " ", count: number.count)
        // Tabs stay tabs, so that the caret stands below its character.
        let indent = line.prefix(max(0, provenance.column - 1)).map { $0 == "\t" ? "\t" : " " }.joined()
        return "  \(number) | \(line)\n  \(gutter) | \(indent)^\n"
    }

    private static var longestExcerpt: Int { 200 }
}
