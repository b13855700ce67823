internal import GatewayModel

/// What proves who sent a request beside a token: one field of a policy for all of it, so that a route without it
/// looks at one.
package final class FurtherAuthentication: Sendable {
    let apiKeys: APIKeyAuthenticator?

    init?(apiKeys: APIKeyAuthenticator?) {
        guard apiKeys != nil else { return nil }
        self.apiKeys = apiKeys
    }

    /// Whether a request without credentials is refused.
    var refusesStrangers: Bool { apiKeys?.credential.presence == .strict }
}
