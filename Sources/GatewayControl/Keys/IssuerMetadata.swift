internal import Bytes
internal import GatewayModel

/// What an issuer says of itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2), as far as keys go.
struct IssuerMetadata: Sendable {
    /// Where the issuer's keys are.
    let keySet: HTTPURL

    /// Reads the document that was fetched for an issuer.
    init(_ document: [UInt8], issuer: String, at url: HTTPURL, allowsHTTP: Bool) throws(RemoteFailure) {
        let place = url.withoutQuery
        let limits = JSONLimits(maxBytes: document.count, maxDepth: 16, maxNodes: 16384)
        guard let root = try? JSONDocument(parsing: document, limits: limits).root, root.isObject else {
            throw RemoteFailure("\(place) is no JSON object of unique names")
        }
        // RFC 8414 §3.3: else another issuer's keys would count for this one.
        guard let named = root["issuer"]?.decodedBytes, named == Array(issuer.utf8) else {
            let found = root["issuer"]?.string.map { "`\(TerminalText.line($0))`" } ?? "no issuer"
            throw RemoteFailure("\(place) is of \(found), not of `\(issuer)`")
        }
        guard let text = root["jwks_uri"]?.string else { throw RemoteFailure("\(place) has no jwks_uri") }
        do {
            keySet = try HTTPURL(text)
        } catch {
            throw RemoteFailure("the jwks_uri of \(place) \(error.message)")
        }
        guard keySet.scheme == .https || allowsHTTP else {
            throw RemoteFailure("the jwks_uri of \(place) is not https")
        }
    }
}
