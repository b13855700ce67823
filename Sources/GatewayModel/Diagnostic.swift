/// One finding about a configuration. Findings are collected, never thrown one at a time.
package struct Diagnostic: Hashable, Sendable {
    package enum Severity: String, Comparable, Sendable {
        /// The configuration is refused.
        case error
        /// It is taken, but somebody should look.
        case warning

        package static func < (a: Severity, b: Severity) -> Bool { a == .warning && b == .error }
    }

    package var severity: Severity
    /// A stable snake_case name: what a test or a script compares.
    package var code: String
    /// What is wrong, naming the field as its own dialect spells it.
    package var message: String
    package var provenance: Provenance
    /// What to do about it.
    package var hint: String?
    /// Where in the text that stands at the provenance, or below it, such as an expression; nil where that is all the
    /// provenance, or there is no such text.
    package var inside: TextPlace?

    package init(
        _ severity: Severity, _ code: String, _ message: String, at provenance: Provenance, hint: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.message = message
        self.provenance = provenance
        self.hint = hint
    }
}

/// A place in a text that is a value of a document.
package struct TextPlace: Hashable, Sendable {
    package var text: String
    /// In its UTF-8.
    package var offset: Int
    /// Both from 1.
    package var line: Int
    package var column: Int
    /// The line, with a caret under the place.
    package var excerpt: String

    package init(_ offset: Int, in text: String, line: Int, column: Int, excerpt: String) {
        self.text = text
        self.offset = offset
        self.line = line
        self.column = column
        self.excerpt = excerpt
    }
}

extension [Diagnostic] {
    package var hasErrors: Bool { contains { $0.severity == .error } }

    /// As a reader comes by them: by document, that one first, then by line and column; what stands at one place keeps
    /// its order.
    package func inOrderOfPlace(beginningWith document: String) -> [Diagnostic] {
        func key(_ index: Int) -> (Int, String, Int, Int, Int) {
            let place = self[index].provenance
            return (place.document == document ? 0 : 1, place.document, place.line, place.column, index)
        }
        return indices.sorted { key($0) < key($1) }.map { self[$0] }
    }
}
