package import Bytes

/// A token taken apart but not verified: for choosing a key, and for nothing else.
package struct UnverifiedToken: Sendable {
    package let jws: CompactJWS
    package let unverifiedHeader: JWSHeader
    package let unverifiedClaims: JSONDocument
    let registered: RegisteredClaims
    let signature: [UInt8]

    /// Parses strictly: canonical base64url, JSON objects of unique names in valid UTF-8, no byte left over.
    package init(parsing token: Span<UInt8>, maxBytes: Int) throws(TokenError) {
        let jws = try CompactJWS(parsing: token, maxBytes: maxBytes)
        self.jws = jws
        unverifiedHeader = try JWSHeader(decoding: token.extracting(jws.header))
        let claims = try Self.claims(decoding: token.extracting(jws.payload))
        unverifiedClaims = claims
        registered = RegisteredClaims(of: claims)
        do {
            signature = try Base64URL.decode(token.extracting(jws.signature))
        } catch {
            throw .invalidBase64URL
        }
    }

    /// Throws `claimMalformed` where `iss`, `sub` or `jti` is not a string, which most rules ask for.
    package func checkNames() throws(TokenError) { try registered.checkNames() }

    /// The length was bounded with the token's.
    private static let limits = JSONLimits(
        maxBytes: Int(UInt32.max), maxDepth: JSONLimits.token.maxDepth, maxNodes: JSONLimits.token.maxNodes)

    private static func claims(decoding part: Span<UInt8>) throws(TokenError) -> JSONDocument {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: try Base64URL.decode(part), limits: limits)
        } catch let error as JSONError {
            throw error.reason == .duplicateName ? .duplicateName : .invalidPayloadJSON
        } catch {
            throw .invalidBase64URL
        }
        guard document.root.isObject else { throw .payloadNotObject }
        return document
    }
}
