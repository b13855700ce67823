internal import Bytes

/// The claims of RFC 7519 §4.1 and those beside them that the gateway reads, found in one pass.
struct RegisteredClaims: Sendable {
    private let document: JSONDocument
    // Indexes into the document: nine values would count nine references.
    private var issuerIndex: Int32 = -1
    private var subjectIndex: Int32 = -1
    private var audienceIndex: Int32 = -1
    private var expirationIndex: Int32 = -1
    private var notBeforeIndex: Int32 = -1
    private var issuedAtIndex: Int32 = -1
    private var identifierIndex: Int32 = -1
    private var confirmationIndex: Int32 = -1
    private var scopeIndex: Int32 = -1
    private var scpIndex: Int32 = -1

    var issuer: JSONValue? { value(issuerIndex) }
    var subject: JSONValue? { value(subjectIndex) }
    var audience: JSONValue? { value(audienceIndex) }
    var expiration: JSONValue? { value(expirationIndex) }
    var notBefore: JSONValue? { value(notBeforeIndex) }
    var issuedAt: JSONValue? { value(issuedAtIndex) }
    /// `jti`, the token's own name.
    var identifier: JSONValue? { value(identifierIndex) }
    /// RFC 7800 confirmation: the key the token is bound to.
    var confirmation: JSONValue? { value(confirmationIndex) }
    var scope: JSONValue? { value(scopeIndex) }
    var scp: JSONValue? { value(scpIndex) }

    init(of claims: JSONDocument) {
        document = claims
        claims.forEachRootMember { name, value in note(Int32(value), named: name) }
    }

    /// Throws `claimMalformed` where `iss`, `sub` or `jti` is not a string.
    func checkNames() throws(TokenError) {
        guard issuer?.isString ?? true, subject?.isString ?? true, identifier?.isString ?? true else {
            throw .claimMalformed
        }
    }

    private func value(_ index: Int32) -> JSONValue? {
        index < 0 ? nil : document.value(at: Int(index))
    }

    private mutating func note(_ value: Int32, named name: Span<UInt8>) {
        if name.count == 5, name.equals("scope") { scopeIndex = value }
        guard name.count == 3 else { return }
        switch UInt32(name[0]) << 16 | UInt32(name[1]) << 8 | UInt32(name[2]) {
        case 0x69_73_73: issuerIndex = value
        case 0x73_75_62: subjectIndex = value
        case 0x61_75_64: audienceIndex = value
        case 0x65_78_70: expirationIndex = value
        case 0x6E_62_66: notBeforeIndex = value
        case 0x69_61_74: issuedAtIndex = value
        case 0x6A_74_69: identifierIndex = value
        case 0x63_6E_66: confirmationIndex = value
        case 0x73_63_70: scpIndex = value
        default: return
        }
    }
}
