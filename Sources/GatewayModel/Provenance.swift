/// Where in what the user wrote something stands.
package struct Provenance: Hashable, Sendable {
    /// The file's path as the user gave it, or a store document's name.
    package var document: String
    /// Line and column from 1; both 0 where the document has no lines (an API call).
    package var line: Int
    package var column: Int
    /// The path to the value inside a document without lines; empty where there are lines, as a model of many
    /// thousand routes would be mostly paths.
    package var path: String

    package init(document: String, line: Int = 0, column: Int = 0, path: String = "") {
        self.document = document
        self.line = line
        self.column = column
        self.path = path
    }
}

extension Provenance: CustomStringConvertible {
    /// `file:line:column`, or `document: path` where there are no lines.
    package var description: String {
        if line > 0 { return "\(document):\(line):\(column)" }
        return path.isEmpty ? document : "\(document): \(path)"
    }
}
