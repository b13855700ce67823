internal import Bytes

/// The claim rules of one provider, compiled to bytes.
final class ClaimChecks: Sendable {
    private let rules: IssuerRules
    private let audiences: [[UInt8]]
    private let scopes: [[UInt8]]
    private let required: RequiredClaims
    private let claims: [CompiledClaimRule]
    private let readsAudience: Bool
    private let readsIssuedAt: Bool

    init(_ rules: IssuerRules) {
        self.rules = rules
        audiences = rules.audiences.map { Array($0.utf8) }
        scopes = rules.requiredScopes.map { Array($0.utf8) }
        required = RequiredClaims(rules.requiredClaims)
        claims = rules.claims.map(CompiledClaimRule.init)
        readsAudience = !rules.ignoresUnaskedClaims || !rules.audiences.isEmpty
        readsIssuedAt =
            !rules.ignoresUnaskedClaims || rules.maxLifetimeSeconds != nil || rules.refusesFutureIssuedAt
    }

    /// Checks everything a rule says about claims; the order is that of `TokenError`.
    func check(_ token: UnverifiedToken, now: Int64) throws(TokenError) -> TokenTimes {
        let registered = token.registered
        if readsAudience { try check(audience: registered.audience) }
        try check(subject: registered.subject)
        try required.check(registered)
        let times = try times(registered)
        try times.check(now: now)
        if let confirmation = registered.confirmation, !confirmation.isNull, !rules.allowsUnprovenBinding {
            throw .tokenBound
        }
        try required.checkOthers(token.unverifiedClaims)
        for claim in claims { try claim.check(token.unverifiedClaims) }
        try checkScopes(registered)
        return times
    }

    /// Names of the claims that have to be there and are not, each once.
    func missing(in token: UnverifiedToken) -> [String] {
        let registered = token.registered
        var names: [String] = []
        if !audiences.isEmpty, registered.audience?.isNull ?? true { names.append("aud") }
        if !rules.subjects.isEmpty, registered.subject == nil { names.append("sub") }
        let isUnlimited = registered.expiration == nil && registered.issuedAt == nil
        if rules.maxLifetimeSeconds != nil, isUnlimited { names.append("exp") }
        names += required.missing(in: token.unverifiedClaims)
        names += claims.compactMap { $0.missing(in: token.unverifiedClaims) }
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }

    private func times(_ registered: RegisteredClaims) throws(TokenError) -> TokenTimes {
        var times = TokenTimes(
            clockSkewSeconds: max(0, rules.clockSkewSeconds), maxLifetimeSeconds: rules.maxLifetimeSeconds,
            refusesFutureIssuedAt: rules.refusesFutureIssuedAt)
        if let expiration = registered.expiration, !rules.ignoresExpiration {
            times.expiresAt = try NumericDate.seconds(expiration)
        }
        if let notBefore = registered.notBefore, !rules.ignoresNotBefore {
            times.notBefore = try NumericDate.seconds(notBefore)
        }
        if readsIssuedAt, let issuedAt = registered.issuedAt { times.issuedAt = try NumericDate.seconds(issuedAt) }
        return times
    }

    /// RFC 7519 §4.1.3: a string or a list of strings, any one of which is ours where it matters.
    private func check(audience: JSONValue?) throws(TokenError) {
        guard let audience, !audience.isNull else {
            if audiences.isEmpty { return }
            throw .audienceMissing
        }
        if audience.isString {
            guard isOurs(audience) else { throw .audienceMismatch }
            return
        }
        guard audience.isArray else { throw .claimMalformed }
        var isOurs = audiences.isEmpty
        for element in audience.elements {
            guard element.isString else { throw .claimMalformed }
            isOurs = isOurs || self.isOurs(element)
        }
        guard isOurs else { throw .audienceMismatch }
    }

    /// Every audience is where none is asked for.
    private func isOurs(_ audience: JSONValue) -> Bool {
        audiences.isEmpty || audiences.contains { audience.equals($0.span) }
    }

    private func check(subject: JSONValue?) throws(TokenError) {
        guard !rules.subjects.isEmpty else { return }
        guard let subject else { throw .subjectMissing }
        guard let text = subject.string else { throw .claimMalformed }
        guard rules.subjects.contains(where: { $0.matches(text) }) else { throw .subjectNotAllowed }
    }

    private func checkScopes(_ registered: RegisteredClaims) throws(TokenError) {
        for scope in scopes {
            let isGranted =
                registered.scope?.grants(scope.span) == true || registered.scp?.grants(scope.span) == true
            guard isGranted else { throw .scopeInsufficient }
        }
    }
}

extension TextMatcher {
    /// Swift's `==` equates canonically equivalent texts; identities are compared as bytes.
    func matches(_ text: String) -> Bool {
        switch self {
        case .exact(let expected): text.utf8.elementsEqual(expected.utf8)
        case .prefix(let prefix): text.utf8.starts(with: prefix.utf8)
        case .suffix(let suffix): text.utf8.reversed().starts(with: suffix.utf8.reversed())
        case .contains(let part): part.isEmpty || Self.offers(part, in: text)
        }
    }

    private static func offers(_ part: String, in text: String) -> Bool {
        let part = Array(part.utf8)
        let text = Array(text.utf8)
        guard text.count >= part.count else { return false }
        return (0...text.count - part.count).contains { text[$0...].starts(with: part) }
    }
}

extension JSONValue {
    /// Whether this `scope` or `scp` holds the scope: a list of strings, or one string of scopes
    /// separated by blanks (RFC 8693 §4.2).
    fileprivate func grants(_ scope: Span<UInt8>) -> Bool {
        if isArray {
            for element in elements where element.equals(scope) { return true }
            return false
        }
        guard let text = decodedBytes else { return false }
        var start = 0
        while start <= text.count {
            let end = text.span.firstIndex(of: ASCII.space, from: start) ?? text.count
            if text.span.extracting(start..<end).equals(scope) { return end > start }
            start = end + 1
        }
        return false
    }
}
