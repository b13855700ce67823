internal import GatewayModel

/// What proves who sent a request beside a token: one field of a policy for all of it, so that a route without it
/// looks at one.
package final class FurtherAuthentication: Sendable {
    let basic: BasicAuthenticator?
    let apiKeys: APIKeyAuthenticator?

    init?(basic: BasicAuthenticator?, apiKeys: APIKeyAuthenticator?) {
        guard basic != nil || apiKeys != nil else { return nil }
        self.basic = basic
        self.apiKeys = apiKeys
    }

    /// Whether a request without credentials is refused.
    var refusesStrangers: Bool {
        basic?.credential.presence == .strict || apiKeys?.credential.presence == .strict
    }
}
