internal import GatewayModel

extension Compiler {
    mutating func apiKeyAuthenticator(_ index: Int, _ policy: APIKeyAuthentication) -> APIKeyAuthenticator {
        shared(\.apiKeyAuthenticators, index) { $0.apiKeyAuthenticator(policy) }
    }

    mutating func apiKeyAuthenticator(_ policy: APIKeyAuthentication) -> APIKeyAuthenticator {
        checkDistinct(policy.keys)
        return APIKeyAuthenticator(policy, locations: locations(policy.handling, of: .apiKey))
    }

    mutating func locations(_ handling: CredentialHandling, of credential: AttributeFiller) -> [CompiledTokenLocation] {
        handling.locations.compactMap { location($0, of: credential, staysByWish: handling.forwardsVerified) }
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
