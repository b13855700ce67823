/// Keys that clients are known by: one text for each, shared with its client.
package struct APIKeyAuthentication: Equatable, Sendable {
    package var handling: CredentialHandling
    package var keys: [APIKey]

    package init(handling: CredentialHandling, keys: [APIKey]) {
        self.handling = handling
        self.keys = keys
    }
}

package struct APIKey: Equatable, Sendable {
    package enum Secret: Hashable, Sendable {
        case text(String)
        /// The SHA-256 of the text, 32 bytes.
        case sha256([UInt8])
    }

    package var secret: Secret
    /// What is known of whoever sends the key: the text of a JSON object.
    package var metadata: [UInt8]
    package var provenance: Provenance

    package init(secret: Secret, metadata: [UInt8], provenance: Provenance) {
        self.secret = secret
        self.metadata = metadata
        self.provenance = provenance
    }
}
