/// A name for each request, by which client, gateway and backend speak of the same one. No secret.
package struct RequestIDPolicy: Equatable, Sendable {
    /// Whose names for requests are taken over.
    package enum Trust: String, Hashable, Sendable {
        case never, trustedProxies, anyone
    }

    /// The header that has it.
    package var header: String
    package var trust: Trust
    /// Whether the backend gets it.
    package var tellsBackend: Bool
    /// Whether the client gets it.
    package var tellsClient: Bool
    package var provenance: Provenance

    package init(header: String, trust: Trust, tellsBackend: Bool, tellsClient: Bool, provenance: Provenance) {
        self.header = header
        self.trust = trust
        self.tellsBackend = tellsBackend
        self.tellsClient = tellsClient
        self.provenance = provenance
    }
}
