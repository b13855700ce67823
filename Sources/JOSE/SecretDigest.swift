internal import Bytes
internal import Crypto

/// SHA-256 of secrets that are looked up by it: whoever sends one cannot steer its digest, so that the time a look-up
/// takes tells nothing of the secrets that are there.
package enum SecretDigest {
    package static func of(_ text: String) -> [UInt8] { of(Array(text.utf8)) }

    package static func of(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// Lends the digest of `secret`, 32 bytes. Allocates nothing.
    package static func with<Answer>(_ secret: Span<UInt8>, _ body: (Span<UInt8>) -> Answer) -> Answer {
        var hasher = SHA256()
        unsafe secret.withUnsafeBytes { unsafe hasher.update(bufferPointer: $0) }
        return unsafe hasher.finalize().withUnsafeBytes { digest in
            unsafe digest.withMemoryRebound(to: UInt8.self) { unsafe body($0.span) }
        }
    }
}
