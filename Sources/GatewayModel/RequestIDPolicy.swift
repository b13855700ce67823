/// A name for each request, by which client, gateway and backend speak of the same one. No secret.
package struct RequestIDPolicy: Equatable, Sendable {
    /// Whose names for requests are taken over.
    package enum Trust: String, Hashable, Sendable {
        case never, trustedProxies, anyone
    }

    /// What one that is made looks like.
    package enum Form: Hashable, Sendable {
        /// RFC 9562 §5.4.
        case uuid
        /// So many of these characters, by chance; 2 to 256 of them, all ASCII.
        case characters(String, count: Int)
    }

    package var form: Form
    /// The header that has it.
    package var header: String
    package var trust: Trust
    /// Whether the backend gets it.
    package var tellsBackend: Bool
    /// Whether the client gets it.
    package var tellsClient: Bool
    /// Further names in headers of their own, which nobody reads here.
    package var others: [RequestIDPolicy] = []
    package var provenance: Provenance

    package init(
        form: Form = .uuid, header: String, trust: Trust, tellsBackend: Bool, tellsClient: Bool, provenance: Provenance
    ) {
        self.form = form
        self.header = header
        self.trust = trust
        self.tellsBackend = tellsBackend
        self.tellsClient = tellsClient
        self.provenance = provenance
    }
}
