/// A file that a configuration names, and where it does.
package struct NamedFile: Hashable, Sendable {
    /// As it is written; empty in what was read of a document with errors.
    package var path: String
    package var provenance: Provenance

    package init(_ path: String, at provenance: Provenance) {
        self.path = path
        self.provenance = provenance
    }
}
