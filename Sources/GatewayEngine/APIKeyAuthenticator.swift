internal import Bytes
internal import GatewayModel
internal import JOSE

/// A compiled `APIKeyAuthentication`. The keys themselves are not kept, only their digests.
package final class APIKeyAuthenticator: Sendable {
    let credential: CompiledCredential
    /// From the SHA-256 of a key to its index.
    private let digests: ByteTable
    private let keys: [KnownAPIKey]
    /// How many there are.
    var count: Int { keys.count }

    init(_ policy: APIKeyAuthentication, locations: [CompiledTokenLocation]) {
        credential = CompiledCredential(
            policy.handling, locations: locations, missing: .apiKeyMissing, invalid: .apiKeyInvalid)
        keys = policy.keys.map { KnownAPIKey(metadata: $0.metadata) }
        digests = ByteTable(policy.keys.enumerated().map { ($0.element.digest, $0.offset) })
    }

    /// Whose key that is; nil where nobody's.
    func key(_ text: Span<UInt8>) -> KnownAPIKey? {
        SecretDigest.with(text) { digests.find($0) }.map { keys[$0] }
    }
}

extension APIKey {
    /// Its SHA-256.
    var digest: [UInt8] {
        switch secret {
        case .text(let text): SecretDigest.of(text)
        case .sha256(let digest): digest
        }
    }
}

/// An API key of the configuration: what is known of whoever sends it.
package final class KnownAPIKey: Sendable {
    let metadata: JSONDocument?

    init(metadata: [UInt8]) {
        // The dialect made it; what is no object would only hide what is known.
        self.metadata = try? JSONDocument(parsing: metadata, limits: .document)
    }
}
