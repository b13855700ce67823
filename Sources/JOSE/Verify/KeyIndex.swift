internal import Bytes

/// The keys of one provider, findable by `kid`. A `kid` means nothing outside its issuer.
final class KeyIndex: Sendable {
    /// At most so many keys of one provider are tried for one token.
    static let maxTries = 8

    private let keys: [VerificationKey]
    /// Offsets into `keys`, chained by hash of the `kid`; -1 ends a chain.
    private let heads: [Int32]
    private let nexts: [Int32]
    private let hash: KeyedHash

    init(_ keys: [VerificationKey]) {
        self.keys = keys
        let hash = KeyedHash.random()
        var size = 1
        while size < keys.count * 2 { size *= 2 }
        var heads = [Int32](repeating: -1, count: size)
        var nexts = [Int32](repeating: -1, count: keys.count)
        // From the last to the first, so that each chain is in the order of the keys.
        for index in keys.indices.reversed() {
            guard let kid = keys[index].kid else { continue }
            let slot = Int(hash(kid.span) & UInt64(size - 1))
            nexts[index] = heads[slot]
            heads[slot] = Int32(index)
        }
        self.heads = heads
        self.nexts = nexts
        self.hash = hash
    }

    /// The key that verifies the signature.
    ///
    /// With a `kid`: the keys of that name, or, if there is none, the keys without a name. Without
    /// one: every key that serves the algorithm, in order. `budget` is how many signatures may still be
    /// checked for this token.
    func verify(
        _ signature: Span<UInt8>, over message: Span<UInt8>, _ algorithm: SignatureAlgorithm,
        kid: JSONValue?, budget: inout Int
    ) throws(TokenError) -> VerificationKey {
        guard !keys.isEmpty else { throw .keysUnavailable }
        var attempt = Attempt(budget: min(budget, Self.maxTries))
        defer { budget -= attempt.tried }
        guard let kid else {
            for key in keys {
                if attempt.tries(key, signature, message, algorithm) { return key }
            }
            throw attempt.tried == 0 ? .noSuitableKey : .signatureInvalid
        }
        if let key = verify(named: kid, signature, message, algorithm, &attempt) { return key }
        if attempt.met > 0 { throw attempt.tried == 0 ? .noSuitableKey : .signatureInvalid }
        for key in keys where key.kid == nil {
            if attempt.tries(key, signature, message, algorithm) { return key }
        }
        throw .keyUnknown
    }

    /// Whether there is a key of that name; a key without a name is none.
    func contains(kid: JSONValue?) -> Bool {
        guard let name = kid?.decodedBytes else { return false }
        var index = heads[Int(hash(name.span) & UInt64(heads.count - 1))]
        while index >= 0 {
            if let known = keys[Int(index)].kid, known.span.equals(name.span) { return true }
            index = nexts[Int(index)]
        }
        return false
    }

    private func verify(
        named kid: JSONValue, _ signature: Span<UInt8>, _ message: Span<UInt8>,
        _ algorithm: SignatureAlgorithm, _ attempt: inout Attempt
    ) -> VerificationKey? {
        guard kid.isPlainString else {
            let name = kid.decodedBytes ?? []
            return verify(named: name.span, signature, message, algorithm, &attempt)
        }
        let bytes = kid.document.bytes
        return verify(named: bytes.span.extracting(kid.range), signature, message, algorithm, &attempt)
    }

    private func verify(
        named kid: Span<UInt8>, _ signature: Span<UInt8>, _ message: Span<UInt8>,
        _ algorithm: SignatureAlgorithm, _ attempt: inout Attempt
    ) -> VerificationKey? {
        var index = heads[Int(hash(kid) & UInt64(heads.count - 1))]
        while index >= 0 {
            let key = keys[Int(index)]
            if let name = key.kid, name.span.equals(kid),
                attempt.tries(key, signature, message, algorithm)
            {
                return key
            }
            index = nexts[Int(index)]
        }
        return nil
    }

    /// Counts what was met and tried, so that a token cannot make the gateway try many keys.
    private struct Attempt {
        let budget: Int
        var met = 0
        var tried = 0

        init(budget: Int) {
            self.budget = budget
        }

        mutating func tries(
            _ key: VerificationKey, _ signature: Span<UInt8>, _ message: Span<UInt8>,
            _ algorithm: SignatureAlgorithm
        ) -> Bool {
            met += 1
            guard key.algorithms.contains(algorithm), tried < budget else { return false }
            tried += 1
            return key.isValid(signature, over: message, algorithm)
        }
    }
}
