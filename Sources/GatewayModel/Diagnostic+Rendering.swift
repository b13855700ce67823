extension Diagnostic {
    /// The message, with the place in a text that the provenance does not tell.
    package var wholeMessage: String {
        inside.map { "\(message), at \($0.line):\($0.column) of the text" } ?? message
    }

    /// The finding as people read it: place, message, an excerpt, hint.
    ///
    /// - Parameter excerpt: of the document the provenance names, two lines without secrets; nil where there is none to
    ///   show. Only then the text is shown that the place is inside of: it may be one.
    package func rendered(excerpt line: String?) -> String {
        var text = "\(provenance): \(severity.rawValue): \(wholeMessage) [\(code)]\n"
        if let shown = line ?? inside?.excerpt { text += shown.split(separator: "\n").map { "  \($0)\n" }.joined() }
        if let hint { text += "  hint: \(hint)\n" }
        return text
    }

    /// The finding on one line, for logs.
    package var oneLine: String {
        "\(provenance): \(wholeMessage) [\(code)]" + (hint.map { "; \($0)" } ?? "")
    }
}
