internal import GatewayModel

/// A compiled `CredentialHandling`.
struct CompiledCredential: Sendable {
    let presence: Presence
    let locations: [CompiledTokenLocation]
    let forwardsVerified: Bool
    let forwardsUnverified: Bool
    let realm: String
    /// Nobody is refused: what would have been is logged.
    let logsOnly: Bool
    /// What a request without one dies of, where one must be there.
    let missing: RefusalCode
    /// What one that cannot be read dies of.
    let invalid: RefusalCode

    /// Whether a request without one is refused.
    var refusesStrangers: Bool { presence == .strict && !logsOnly }

    init(
        _ handling: CredentialHandling, locations: [CompiledTokenLocation], missing: RefusalCode, invalid: RefusalCode
    ) {
        presence = handling.presence
        self.locations = locations
        forwardsVerified = handling.forwardsVerified
        forwardsUnverified = handling.forwardsUnverified
        realm = handling.realm
        logsOnly = handling.logsOnly
        self.missing = missing
        self.invalid = invalid
    }
}
