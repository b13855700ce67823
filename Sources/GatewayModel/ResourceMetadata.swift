/// What clients are told about a protected resource (RFC 9728).
package struct ResourceMetadata: Equatable, Sendable {
    /// Where the document is, for the challenge (§5.1): an absolute URL.
    package var url: String
    /// The path of that URL, at which the listeners answer.
    package var path: String
    /// A JSON object (§2).
    package var document: [UInt8]
    package var provenance: Provenance

    package init(url: String, path: String, document: [UInt8], provenance: Provenance) {
        self.url = url
        self.path = path
        self.document = document
        self.provenance = provenance
    }
}
