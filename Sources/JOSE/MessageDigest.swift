internal import Crypto

/// Plain digests, for expressions. What signs or compares secrets has code of its own.
package enum MessageDigest: String, CaseIterable, Sendable {
    case sha256, sha1, md5

    package func digest(_ bytes: [UInt8]) -> [UInt8] {
        switch self {
        case .sha256: Array(SHA256.hash(data: bytes))
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .md5: Array(Insecure.MD5.hash(data: bytes))
        }
    }
}
