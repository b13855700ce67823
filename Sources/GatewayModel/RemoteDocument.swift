/// A request for a remote document: what whoever fetches it is told.
package struct RemoteRequest: Sendable {
    package var url: HTTPURL
    package var settings: RemoteRequestSettings
    /// The version that is there already (RFC 9110 §13.1.2), as the server named it.
    package var entityTag: String?

    package init(url: HTTPURL, settings: RemoteRequestSettings, entityTag: String?) {
        self.url = url
        self.settings = settings
        self.entityTag = entityTag
    }
}

/// What a server answered.
package struct RemoteDocument: Sendable {
    package enum Content: Sendable {
        case bytes([UInt8])
        /// The version that was asked with is the current one.
        case notModified
    }

    package var content: Content
    package var entityTag: String?
    /// How long it is fresh (RFC 9111 §4.2.1); nil where the server does not say.
    package var lifetime: Duration?

    package init(content: Content, entityTag: String?, lifetime: Duration?) {
        self.content = content
        self.entityTag = entityTag
        self.lifetime = lifetime
    }
}

/// Why a document could not be had, in words for the operator.
package struct RemoteFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
