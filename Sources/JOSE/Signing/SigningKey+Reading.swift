internal import Bytes

extension SigningKey {
    /// Reads a private key as JWK or PEM, whichever the text is.
    package static func read(
        _ text: [UInt8], algorithm: SignatureAlgorithm?, kid: String?
    ) throws(SigningError) -> SigningKey {
        let start = text.drop { $0 <= 0x20 }
        return start.first == UInt8(ascii: "{")
            ? try SigningKey(jwk: text, algorithm: algorithm, kid: kid)
            : try SigningKey(pem: text, algorithm: algorithm, kid: kid)
    }
}

extension SigningError {
    /// What is wrong, as a sentence for people.
    package var explanation: String {
        switch self {
        case .malformedKey: "It is neither a private JWK nor an unencrypted private key in PEM."
        case .unsupportedKey: "It is a key of a kind that is not offered."
        case .algorithmMismatch: "The key cannot serve this algorithm."
        case .unsuitableSize: "RSA keys have 2048 to 8192 bits, secrets at least those of their hash."
        case .signingFailed: "The cryptographic library refused to sign."
        }
    }
}
