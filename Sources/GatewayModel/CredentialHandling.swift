/// Where a credential of a client stands, and what becomes of a request without a valid one.
package struct CredentialHandling: Equatable, Sendable {
    package var presence: Presence
    /// One place or more, in order.
    package var locations: [TokenLocation]
    /// Whether a credential that was verified stays in the request that is forwarded.
    package var forwardsVerified: Bool
    /// Whether one that failed does (only where presence lets it pass).
    package var forwardsUnverified: Bool
    /// The realm of the challenge (RFC 9110 §11.5).
    package var realm: String
    /// Nobody is refused: what would have been is logged.
    package var logsOnly = false

    package init(
        presence: Presence, locations: [TokenLocation], forwardsVerified: Bool, forwardsUnverified: Bool, realm: String
    ) {
        self.presence = presence
        self.locations = locations
        self.forwardsVerified = forwardsVerified
        self.forwardsUnverified = forwardsUnverified
        self.realm = realm
    }
}
