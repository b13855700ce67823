/// Why an expression does not compile: one or more issues and the source they point into.
package struct CELCompileError: Error, Sendable, CustomStringConvertible {
    package let source: String
    /// At least one, in the order of the source.
    package let issues: [CELIssue]

    init(_ source: String, _ issues: [CELIssue]) {
        self.source = source
        self.issues = issues
    }

    package var message: String { issues.first?.message ?? "" }
    /// Byte offset in the source.
    package var offset: Int { issues.first?.offset ?? 0 }
    /// From 1.
    package var line: Int { CELSourceLocation(offset, in: source).line }
    /// From 1, in Unicode scalars.
    package var column: Int { CELSourceLocation(offset, in: source).column }

    /// Every issue with its place, the line it stands in and a caret.
    package var description: String { issues.map { $0.rendered(in: source) }.joined(separator: "\n") }
}

extension CELIssue {
    /// The message with its place in the source, the line it stands in, a caret and the hint.
    package func rendered(in source: String) -> String {
        let location = CELSourceLocation(offset, in: source)
        return "\(location.line):\(location.column): \(message)\n\(location.excerpt)" + (hint.map { "\n  \($0)" } ?? "")
    }
}

extension CELEvaluationError {
    /// The message with its place in the source, the line it stands in and a caret.
    package func rendered(in source: String) -> String {
        guard offset >= 0 else { return message }
        let location = CELSourceLocation(Int(offset), in: source)
        return "\(location.line):\(location.column): \(message)\n\(location.excerpt)"
    }
}

/// A byte offset of a source as people count.
package struct CELSourceLocation: Sendable {
    package let line: Int
    package let column: Int
    private let lineText: String

    package init(_ offset: Int, in source: String) {
        let bytes = Array(source.utf8)
        let offset = min(max(offset, 0), bytes.count)
        let start = bytes[..<offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let end = bytes[offset...].firstIndex(of: 0x0A) ?? bytes.count
        line = bytes[..<offset].count { $0 == 0x0A } + 1
        column = bytes[start..<offset].count { $0 & 0xC0 != 0x80 } + 1
        lineText = String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// The line, and under it a caret at the column.
    package var excerpt: String {
        // Tabs stay tabs, so that the caret stands where the terminal shows the column.
        let indent = lineText.unicodeScalars.prefix(column - 1).map { $0 == "\t" ? "\t" : " " }.joined()
        return " | \(lineText)\n | \(indent)^"
    }
}
