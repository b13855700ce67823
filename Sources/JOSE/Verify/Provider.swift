internal import Bytes

/// One provider, compiled: its rules as bytes and its keys in one index.
final class Provider: Sendable {
    private let index: Int
    let identity: VerificationIdentity
    private let rules: IssuerRules
    private let issuers: [[UInt8]]
    private let algorithms: AlgorithmSet
    private let keys: KeyIndex
    private let claims: ClaimChecks
    private let fields: ClaimFields

    init(index: Int, rules: IssuerRules, keySets: [KeySet]) {
        self.index = index
        identity = VerificationIdentity(ofProvider: index, rules, keySets)
        self.rules = rules
        issuers = rules.issuers.map { Array($0.utf8) }
        algorithms = rules.algorithms ?? .publicKey
        keys = KeyIndex(keySets.flatMap(\.keys))
        claims = ClaimChecks(rules)
        fields = ClaimFields(rules.fields)
    }

    /// Whether a token of this issuer is this provider's to judge.
    func answers(for issuer: JSONValue?) -> Bool {
        guard !issuers.isEmpty else { return true }
        guard let issuer else { return false }
        return issuers.contains { issuer.equals($0.span) }
    }

    var requiredScopes: [String] { rules.requiredScopes }

    /// Whether the token's claims fail this provider's rules in this way.
    func refuses(claimsOf unverified: UnverifiedToken, for failure: TokenError, now: Int64) -> Bool {
        do {
            _ = try claims.check(unverified, now: now)
            return false
        } catch {
            return error == failure
        }
    }

    /// Names of the claims that have to be there and are not; of nested ones with dots between.
    func missingClaims(of unverified: UnverifiedToken) -> [String] { claims.missing(in: unverified) }

    /// Whether a token with this header would be this provider's to verify, had it the key.
    func lacksKey(of header: JWSHeader) -> Bool {
        algorithms.contains(header.algorithm) && rules.type.admits(header.type) && !keys.contains(kid: header.kid)
    }

    func verify(
        _ unverified: UnverifiedToken, _ token: Span<UInt8>, now: Int64, budget: inout Int
    ) throws(TokenError) -> VerifiedToken {
        let header = unverified.unverifiedHeader
        guard token.count <= rules.maxTokenBytes else { throw .tooLarge }
        guard algorithms.contains(header.algorithm) else { throw .algorithmNotAllowed }
        guard rules.type.admits(header.type) else { throw .wrongType }
        let key = try keys.verify(
            unverified.signature.span, over: token.extracting(unverified.jws.signingInput),
            header.algorithm, kid: header.kid, budget: &budget)
        let times = try claims.check(unverified, now: now)
        return VerifiedToken(
            claims: unverified.unverifiedClaims, fieldLines: try fields.lines(of: unverified.unverifiedClaims),
            times: times, identity: identity, provider: index, algorithm: header.algorithm, key: key)
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
