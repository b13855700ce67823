internal import Bytes

/// `user:password` as a client sends it (RFC 7617 §2): the user has no colon, the password may have.
struct BasicCredentials {
    let user: [UInt8]
    let password: [UInt8]

    /// Nil where it is no base64 or has no colon.
    init?(base64 text: Span<UInt8>) {
        guard let pair = Base64Text.decode(text), let colon = pair.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        user = Array(pair[..<colon])
        password = Array(pair[(colon + 1)...])
    }

    /// Whether there are characters in it that RFC 7617 allows in neither part.
    var hasControlCharacters: Bool { [user, password].contains { $0.contains { $0 < 0x20 || $0 == 0x7F } } }
}
