/// The few DER structures (X.690) that the crypto library takes as input.
enum DERWriter {
    /// A SubjectPublicKeyInfo (RFC 5280 §4.1) of an RSA key.
    static func rsaPublicKeyInfo(modulus: [UInt8], exponent: [UInt8]) -> [UInt8] {
        let algorithm = element(0x30, element(0x06, ObjectIdentifier.rsaEncryption) + element(0x05, []))
        let key = element(0x30, integer(modulus) + integer(exponent))
        return element(0x30, algorithm + element(0x03, [0] + key))
    }

    /// A non-negative INTEGER of big-endian bytes without leading zeros.
    static func integer(_ magnitude: [UInt8]) -> [UInt8] {
        let needsSign = (magnitude.first ?? 0x80) >= 0x80
        return element(0x02, needsSign ? [0] + magnitude : magnitude)
    }

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
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
