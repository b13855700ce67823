internal import Bytes
internal import Crypto

/// HMAC (RFC 2104) of messages that are no tokens, by the names that signed requests have for it.
package enum MessageAuthentication: String, CaseIterable, Sendable {
    case sha1 = "hmac-sha1"
    case sha256 = "hmac-sha256"
    case sha512 = "hmac-sha512"

    /// The whole code. Whoever compares it does so in constant time.
    package func code(of message: Span<UInt8>, secret: Span<UInt8>) -> [UInt8] {
        let (message, key) = (message.copied, SymmetricKey(data: secret.copied))
        return switch self {
        case .sha1: Array(HMAC<Insecure.SHA1>.authenticationCode(for: message, using: key))
        case .sha256: Array(HMAC<SHA256>.authenticationCode(for: message, using: key))
        case .sha512: Array(HMAC<SHA512>.authenticationCode(for: message, using: key))
        }
    }
}
