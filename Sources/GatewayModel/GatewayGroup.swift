/// Gateways that share routes, consumers and all else of the Admin API, and nothing with those of another group.
package struct GatewayGroup: Equatable, Sendable {
    package var id: String
    /// Where it takes traffic; empty: nowhere yet.
    package var addresses: [ListenAddress]

    /// The one that is always there.
    package static let standardID = "default"

    package init(id: String, addresses: [ListenAddress]) {
        self.id = id
        self.addresses = addresses
    }
}
