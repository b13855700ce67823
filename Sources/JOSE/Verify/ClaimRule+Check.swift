internal import Bytes

/// The claims a rule demands to be there; those with a code of their own as bits, others by name.
struct RequiredClaims: Sendable {
    private var names: Set<String> = []
    private var others: [[UInt8]] = []
    private static let withOwnCode: Set<String> = ["iss", "aud", "sub", "exp", "nbf", "iat"]

    init(_ claims: [String]) {
        for claim in claims {
            if Self.withOwnCode.contains(claim) {
                names.insert(claim)
            } else {
                others.append(Array(claim.utf8))
            }
        }
        issuer = names.contains("iss")
        audience = names.contains("aud")
        subject = names.contains("sub")
        expiration = names.contains("exp")
        notBefore = names.contains("nbf")
        issuedAt = names.contains("iat")
    }

    private let issuer, audience, subject, expiration, notBefore, issuedAt: Bool

    func check(_ claims: RegisteredClaims) throws(TokenError) {
        if issuer, claims.issuer == nil { throw .issuerMissing }
        if audience, claims.audience?.isNull ?? true { throw .audienceMissing }
        if subject, claims.subject == nil { throw .subjectMissing }
        if expiration, claims.expiration == nil { throw .expirationMissing }
        if notBefore, claims.notBefore == nil { throw .notBeforeMissing }
        if issuedAt, claims.issuedAt == nil { throw .issuedAtMissing }
    }

    /// Names of those that are missing, in alphabetical order.
    func missing(in claims: JSONDocument) -> [String] {
        let all = names.sorted() + others.map { $0.span.text }
        return all.filter { claims.root[$0]?.isNull ?? true }
    }

    func checkOthers(_ claims: JSONDocument) throws(TokenError) {
        for name in others {
            guard let value = claims.root[name.span], !value.isNull else { throw .claimMissing }
        }
    }
}

/// A claim rule with its path and texts as bytes.
struct CompiledClaimRule: Sendable {
    private let path: [[UInt8]]
    private let condition: ClaimRule.Condition

    init(_ rule: ClaimRule) {
        path = rule.path.map { Array($0.utf8) }
        condition = rule.condition
    }

    /// The claim's name, with dots between the names of a nested one; nil where the claim is there.
    func missing(in claims: JSONDocument) -> String? {
        var value: JSONValue? = claims.root
        for name in path { value = value?[name.span] }
        return value?.isNull ?? true ? path.map { $0.span.text }.joined(separator: ".") : nil
    }

    func check(_ claims: JSONDocument) throws(TokenError) {
        var value = claims.root
        for name in path {
            guard let member = value[name.span] else { throw .claimMissing }
            value = member
        }
        guard !value.isNull else { throw .claimMissing }
        guard holds(value) else { throw .claimMismatch }
    }

    private func holds(_ value: JSONValue) -> Bool {
        switch condition {
        case .present: return true
        case .equals(let expected): return value.isEqual(to: expected)
        case .oneOf(let expected): return expected.contains(where: value.isEqual(to:))
        case .contains(let expected): return value.contains(expected)
        case .isOrContains(let expected): return value.isEqual(to: expected) || value.contains(expected)
        }
    }
}

extension JSONValue {
    fileprivate func contains(_ expected: ClaimValue) -> Bool {
        for element in elements where element.isEqual(to: expected) { return true }
        return false
    }

    /// Whether this is that scalar; `1` and `1.0` are one number, nothing else is converted.
    fileprivate func isEqual(to expected: ClaimValue) -> Bool {
        switch expected {
        case .string(let text):
            let bytes = Array(text.utf8)
            return equals(bytes.span)
        case .integer(let number): return integer.map { $0 == number } ?? (double == Double(number))
        case .number(let number): return double == number
        case .boolean(let flag): return boolean == flag
        }
    }
}
