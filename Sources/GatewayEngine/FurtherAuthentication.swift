internal import GatewayModel

/// What proves who sent a request beside a `jwtAuth` of its own: one field of a policy for all of it, so that a route
/// without it looks at one.
package final class FurtherAuthentication: Sendable {
    let consumers: ConsumerAuthenticator?
    let combined: CombinedAuthenticator?
    let basic: BasicAuthenticator?
    let apiKeys: APIKeyAuthenticator?

    init?(
        consumers: ConsumerAuthenticator?, combined: CombinedAuthenticator?, basic: BasicAuthenticator?,
        apiKeys: APIKeyAuthenticator?
    ) {
        guard consumers != nil || combined != nil || basic != nil || apiKeys != nil else { return nil }
        self.consumers = consumers
        self.combined = combined
        self.basic = basic
        self.apiKeys = apiKeys
    }

    /// The same with other verifiers of tokens.
    func replacingTokens(_ body: (inout JWTAuthenticator) -> Void) -> FurtherAuthentication? {
        guard let combined, !combined.tokenAuthenticators.isEmpty else { return self }
        let replaced = combined.replacingTokens { old in
            var new = old
            body(&new)
            return new
        }
        return FurtherAuthentication(consumers: consumers, combined: replaced, basic: basic, apiKeys: apiKeys)
    }

    /// Whether a request without credentials is refused.
    var refusesStrangers: Bool {
        combined?.refusesStrangers ?? false || basic?.credential.refusesStrangers ?? false
            || apiKeys?.credential.refusesStrangers ?? false || consumers?.refusesStrangers ?? false
    }
}
