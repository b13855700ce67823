internal import GatewayModel

extension Compiler {
    mutating func apiKeyAuthenticator(_ index: Int, _ policy: APIKeyAuthentication) -> APIKeyAuthenticator {
        if let known = apiKeyAuthenticators[index] { return known }
        let authenticator = apiKeyAuthenticator(policy)
        apiKeyAuthenticators[index] = authenticator
        return authenticator
    }

    mutating func apiKeyAuthenticator(_ policy: APIKeyAuthentication) -> APIKeyAuthenticator {
        checkDistinct(policy.keys)
        return APIKeyAuthenticator(policy, locations: policy.handling.locations.compactMap { location($0) })
    }

    /// A key twice, or beside its own hash: whose `metadata` would hold?
    private mutating func checkDistinct(_ keys: [APIKey]) {
        var first: [[UInt8]: Provenance] = [:]
        for key in keys {
            guard let place = first[key.digest] else {
                first[key.digest] = key.provenance
                continue
            }
            report(
                Diagnostic(
                    .error, "key_duplicate", "this key is there already, at \(place)", at: key.provenance,
                    hint: "remove one of them"))
        }
    }
}
