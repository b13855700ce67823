internal import Bytes

/// The few DER structures (X.690) that the crypto library takes as input, and those of a certificate.
package enum DERWriter {
    /// A SubjectPublicKeyInfo (RFC 5280 §4.1) of an RSA key.
    static func rsaPublicKeyInfo(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        let algorithm = element(0x30, element(0x06, ObjectIdentifier.rsaEncryption) + element(0x05, []))
        let key = rsaPublicKey(modulus: modulus, exponent: exponent)
        return element(0x30, algorithm + element(0x03, [0] + key))
    }

    /// An RSAPublicKey (RFC 8017 appendix A.1.1).
    static func rsaPublicKey(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        element(0x30, integer(modulus) + integer(exponent))
    }

    /// A non-negative INTEGER of big-endian bytes without leading zeros.
    package static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let needsSign = (magnitude.first ?? 0x80) >= 0x80
        return element(0x02, needsSign ? [0] + magnitude : magnitude)
    }

    package static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var bytes = [tag]
        if content.count < 0x80 {
            bytes.append(UInt8(content.count))
        } else {
            var length: [UInt8] = []
            var left = content.count
            while left > 0 {
                length.insert(UInt8(truncatingIfNeeded: left), at: 0)
                left >>= 8
            }
            bytes.append(0x80 | UInt8(length.count))
            bytes.append(contentsOf: length)
        }
        bytes.append(contentsOf: content)
        return bytes
    }
}

// What certificates are made of (RFC 5280 §4.1).
extension DERWriter {
    package static func sequence(_ content: [UInt8]) -> [UInt8] { element(0x30, content) }

    package static func text(_ text: String) -> [UInt8] { element(0x0C, Array(text.utf8)) }

    /// Of its arcs, two at least.
    package static func objectIdentifier(_ arcs: [Int]) -> [UInt8] {
        var content = [UInt8(arcs[0] * 40 + arcs[1])]
        for arc in arcs.dropFirst(2) {
            var groups = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                groups.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            content += groups
        }
        return element(0x06, content)
    }

    /// A UTCTime of RFC 3339 text in UTC, for years up to 2049.
    package static func time(_ rfc3339: String) -> [UInt8] {
        let digits = rfc3339.utf8.filter { $0.isASCIIDigit }
        return element(0x17, digits.dropFirst(2) + [UInt8(ascii: "Z")])
    }
}
