internal import Bytes
internal import Crypto

// ECDSA of RFC 7518 §3.4: r and s side by side, each of the full length of the field. The library
// refuses r and s outside 1..<n.

struct P256Checker: SignatureChecker {
    private let key: P256.Signing.PublicKey

    init?(_ point: [UInt8]) {
        guard let key = try? P256.Signing.PublicKey(x963Representation: point) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithm == .es256, signature.count == 64,
            let signature = unsafe signature.withBytes({
                unsafe try? P256.Signing.ECDSASignature(rawRepresentation: $0)
            })
        else { return false }
        return key.isValidSignature(signature, for: message.digest(SHA256.self))
    }
}

struct P384Checker: SignatureChecker {
    private let key: P384.Signing.PublicKey

    init?(_ point: [UInt8]) {
        guard let key = try? P384.Signing.PublicKey(x963Representation: point) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithm == .es384, signature.count == 96,
            let signature = unsafe signature.withBytes({
                unsafe try? P384.Signing.ECDSASignature(rawRepresentation: $0)
            })
        else { return false }
        return key.isValidSignature(signature, for: message.digest(SHA384.self))
    }
}

struct P521Checker: SignatureChecker {
    private let key: P521.Signing.PublicKey

    init?(_ point: [UInt8]) {
        guard let key = try? P521.Signing.PublicKey(x963Representation: point) else { return nil }
        self.key = key
    }

    func isValid(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm
    ) -> Bool {
        guard algorithm == .es512, signature.count == 132,
            let signature = unsafe signature.withBytes({
                unsafe try? P521.Signing.ECDSASignature(rawRepresentation: $0)
            })
        else { return false }
        return key.isValidSignature(signature, for: message.digest(SHA512.self))
    }
}
