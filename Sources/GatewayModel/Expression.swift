/// A CEL expression as it was written, and where.
package struct Expression: Hashable, Sendable {
    package var text: String
    package var provenance: Provenance

    package init(_ text: String, at provenance: Provenance) {
        self.text = text
        self.provenance = provenance
    }
}
