internal import Bytes

/// Imported keys of one source: immutable, all public or all shared secrets.
package final class KeySet: Sendable {
    package let keys: [VerificationKey]
    /// Whether the keys are shared secrets.
    package let isSymmetric: Bool

    init(keys: [VerificationKey]) {
        self.keys = keys
        isSymmetric = keys.first?.type == .oct
    }

    /// No keys: what an issuer has before its first successful fetch.
    package static let empty = KeySet(keys: [])

    /// The set as a clean JWKS, for storing and showing; nil for shared secrets.
    package var publicJWKS: [UInt8]? {
        isSymmetric ? nil : JWKWriter.writeSet(keys.map(\.publicMembers))
    }

    /// Whether both hold the same keys, of the same names and for the same algorithms, in the same order.
    package func isEquivalent(to other: KeySet) -> Bool {
        var (mine, theirs) = (FieldWriter(), FieldWriter())
        write(to: &mine)
        other.write(to: &theirs)
        return mine.bytes == theirs.bytes
    }

    /// All that decides a verdict, for the verification identity.
    func write(to writer: inout FieldWriter) {
        writer.write(UInt64(keys.count))
        for key in keys {
            writer.write((key.kid == nil ? 0 : 1) as UInt64)
            writer.write(key.kid ?? [])
            writer.write(UInt64(key.algorithms.rawValue))
            writer.write(key.thumbprint)
        }
    }
}

extension KeySet {
    /// Verifies a JWS with the keys of this set alone, asking nothing of its payload: the layer below
    /// tokens. Answers the key that verified it.
    package func verify(
        jws token: Span<UInt8>, maxBytes: Int, algorithms: AlgorithmSet? = nil
    ) throws(TokenError) -> VerificationKey {
        let jws = try CompactJWS(parsing: token, maxBytes: maxBytes)
        let header = try JWSHeader(decoding: token.extracting(jws.header))
        let signature: [UInt8]
        do {
            _ = try Base64URL.decode(token.extracting(jws.payload))
            signature = try Base64URL.decode(token.extracting(jws.signature))
        } catch {
            throw .invalidBase64URL
        }
        let admitted = algorithms ?? (isSymmetric ? .symmetric : .publicKey)
        guard admitted.contains(header.algorithm) else { throw .algorithmNotAllowed }
        var budget = KeyIndex.maxTries
        return try KeyIndex(keys).verify(
            signature.span, over: token.extracting(jws.signingInput), header.algorithm, kid: header.kid,
            budget: &budget)
    }
}
