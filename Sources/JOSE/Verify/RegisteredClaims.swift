internal import Bytes

/// The claims of RFC 7519 §4.1 and those beside them that the gateway reads, found in one pass.
struct RegisteredClaims: Sendable {
    private(set) var issuer: JSONValue?
    private(set) var subject: JSONValue?
    private(set) var audience: JSONValue?
    private(set) var expiration: JSONValue?
    private(set) var notBefore: JSONValue?
    private(set) var issuedAt: JSONValue?
    /// RFC 7800 confirmation: the key the token is bound to.
    private(set) var confirmation: JSONValue?
    private(set) var scope: JSONValue?
    private(set) var scp: JSONValue?

    /// Throws `claimMalformed` where `iss` or `sub` is not a string.
    init(of claims: JSONDocument) throws(TokenError) {
        let bytes = claims.bytes
        for (name, value) in claims.root.members {
            if name.isPlainString {
                note(value, named: bytes.span.extracting(name.range))
            } else if let decoded = name.decodedBytes {
                note(value, named: decoded.span)
            }
        }
        guard issuer?.isString ?? true, subject?.isString ?? true else { throw .claimMalformed }
    }

    private mutating func note(_ value: JSONValue, named name: Span<UInt8>) {
        if name.count == 5, name.equals("scope") { scope = value }
        guard name.count == 3 else { return }
        switch UInt32(name[0]) << 16 | UInt32(name[1]) << 8 | UInt32(name[2]) {
        case 0x69_73_73: issuer = value
        case 0x73_75_62: subject = value
        case 0x61_75_64: audience = value
        case 0x65_78_70: expiration = value
        case 0x6E_62_66: notBefore = value
        case 0x69_61_74: issuedAt = value
        case 0x63_6E_66: confirmation = value
        case 0x73_63_70: scp = value
        default: return
        }
    }
}
