internal import Bytes

/// One provider, compiled: its rules and its keys in one index.
final class Provider: Sendable {
    private let index: Int
    let identity: VerificationIdentity
    let rules: CompiledRules
    private let keys: KeyIndex

    init(index: Int, identity: VerificationIdentity, rules: CompiledRules, keySets: [KeySet]) {
        self.index = index
        self.identity = identity
        self.rules = rules
        keys = KeyIndex(keySets.flatMap(\.keys))
    }

    /// The only one of its verifier.
    convenience init(rules: CompiledRules, _ keys: KeySet) {
        self.init(
            index: 0, identity: VerificationIdentity(ofProvider: 0, rules.rules, [keys]), rules: rules, keySets: [keys])
    }

    /// Whether a token with this header would be this provider's to verify, had it the key.
    func lacksKey(of header: JWSHeader) -> Bool { rules.admits(header) && !keys.contains(kid: header.kid) }

    func verify(
        _ unverified: UnverifiedToken, _ token: Span<UInt8>, now: Int64, budget: inout Int
    ) throws(TokenError) -> VerifiedToken {
        try rules.admit(unverified, token)
        let header = unverified.unverifiedHeader
        let key = try keys.verify(
            unverified.signature.span, over: token.extracting(unverified.jws.signingInput),
            header.algorithm, kid: header.kid, budget: &budget)
        return try rules.accept(unverified, by: key, identity, provider: index, now: now)
    }
}

extension TypeRule {
    /// Compares media types: ASCII case does not matter, `application/` may be left out (RFC 7515 §4.1.9).
    func admits(_ type: JSONValue?) -> Bool {
        switch self {
        case .any: return true
        case .ordinary:
            guard let type else { return true }
            return Self.isSame(type, "JWT") || Self.isSame(type, "at+jwt")
        case .exactly(let expected):
            guard let type else { return false }
            return Self.isSame(type, expected)
        }
    }

    private static func isSame(_ type: JSONValue, _ expected: String) -> Bool {
        guard let type = type.decodedBytes else { return false }
        let expected = Array(expected.utf8)
        return type.span.extracting(subtype(of: type.span)..<type.count)
            .equalsIgnoringASCIICase(expected.span.extracting(subtype(of: expected.span)..<expected.count))
    }

    /// Where the name begins behind `application/`, if that is there.
    private static func subtype(of type: Span<UInt8>) -> Int {
        let prefix = "application/".utf8.count
        guard type.count > prefix,
            type.extracting(0..<prefix).equalsIgnoringASCIICase("application/")
        else { return 0 }
        return prefix
    }
}
