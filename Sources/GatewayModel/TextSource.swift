/// A text that stands in the configuration or in a file of its own.
package struct TextSource: Hashable, Sendable {
    package enum Origin: Hashable, Sendable {
        /// The text itself.
        case inline(String)
        /// A path as the user wrote it, relative to the folder the process runs in.
        case file(String)
    }

    package var origin: Origin
    package var provenance: Provenance

    package init(origin: Origin, provenance: Provenance) {
        self.origin = origin
        self.provenance = provenance
    }
}
