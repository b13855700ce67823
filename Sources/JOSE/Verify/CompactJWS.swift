internal import Bytes

/// Where the three parts of a compact JWS lie in its text (RFC 7515 §7.1).
package struct CompactJWS: Sendable, Equatable {
    /// Offset of the first dot.
    package let headerEnd: Int
    /// Offset of the second dot; everything before it is the signing input.
    package let payloadEnd: Int
    /// Length of the whole text.
    package let count: Int

    package var header: Range<Int> { 0..<headerEnd }
    package var payload: Range<Int> { headerEnd + 1..<payloadEnd }
    package var signature: Range<Int> { payloadEnd + 1..<count }
    package var signingInput: Range<Int> { 0..<payloadEnd }

    /// Finds the parts; decodes nothing. A header part may not be empty, the others may:
    /// an empty payload is a JWS (of no bytes), an empty signature dies of its length.
    package init(parsing token: Span<UInt8>, maxBytes: Int) throws(TokenError) {
        guard token.count <= maxBytes else { throw .tooLarge }
        let dot = UInt8(ascii: ".")
        guard let first = token.offset(of: dot, from: 0), first > 0,
            let second = token.offset(of: dot, from: first + 1)
        else { throw .notCompactJWS }
        if let third = token.offset(of: dot, from: second + 1) {
            // Exactly five parts in base64url are a JWE; more, fewer or two tokens in a list are nothing.
            guard let fourth = token.offset(of: dot, from: third + 1),
                token.offset(of: dot, from: fourth + 1) == nil, token.offset(of: UInt8(ascii: ","), from: first) == nil
            else { throw .notCompactJWS }
            throw .encrypted
        }
        headerEnd = first
        payloadEnd = second
        count = token.count
    }
}
