internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import JOSE

/// Finds the facts that explain a verdict: what the policy expects, and what the token has instead.
struct VerdictExplanation {
    let policy: JWTAuthentication
    let keys: GatewayEngine.KeyMaterial
    let header: JSONValue?
    let claims: JSONValue?
    let inspection: TokenInspection
    let now: Int64

    init(policy: JWTAuthentication, keys: GatewayEngine.KeyMaterial, token: [UInt8], now: Int64) {
        inspection = TokenInspection(token, now: now)
        self.policy = policy
        self.keys = keys
        header = inspection.unverifiedHeader.object
        claims = inspection.unverifiedPayload?.object
        self.now = now
    }

    func details(of verdict: Result<VerifiedToken, TokenError>) -> [TokenCheck.Detail] {
        switch verdict {
        case .success(let token): details(of: token)
        case .failure(let error): details(of: error)
        }
    }

    private func details(of token: VerifiedToken) -> [TokenCheck.Detail] {
        var details = [
            text("issuer", "issuer", claims?["iss"]), text("subject", "subject", claims?["sub"]),
            text("algorithm", "algorithm", "\(token.algorithm)"), text("key", "key", token.key.map { describe($0) }),
            text("kid", "kid", token.key?.kid.map { $0.span.text }),
            text("thumbprint", "thumbprint", token.key?.thumbprintText),
        ]
        if let expiresAt = token.expiresAt { details.append(.init("expires", "expiresAt", .date(expiresAt))) }
        let skew = policy.issuers[token.provider].clockSkewSeconds
        if skew > 0 { details.append(.init("clock skew allowed", "clockSkewSeconds", .seconds(skew))) }
        if !policy.issuers[token.provider].claimHeaders.isEmpty {
            let lines = String(decoding: token.fieldLines, as: UTF8.self).split(separator: "\r\n").map(String.init)
            details.append(texts("the backend gets", "headers", lines))
        }
        return details
    }

    private func details(of error: TokenError) -> [TokenCheck.Detail] {
        switch error {
        case .tooLarge:
            [
                text("bytes", "bytes", "\(inspection.byteCount)"),
                text("limit (maxTokenBytes)", "maxTokenBytes", "\(policy.maxTokenBytes)"),
            ]
        case .issuerMissing, .issuerUnknown:
            [
                texts("expected iss", "expectedIssuers", policy.issuers.flatMap(\.names)),
                text("the token's iss", "tokenIssuer", claims?["iss"]),
            ] + nearMiss
        case .unsupportedAlgorithm, .algorithmNotAllowed:
            [
                texts("allowed alg", "allowedAlgorithms", allowedAlgorithms),
                text("the token's alg", "tokenAlgorithm", header?["alg"]),
            ]
        case .criticalHeaderNotUnderstood: [texts("the token's crit", "tokenCritical", shown(header?["crit"]))]
        case .wrongType:
            [
                texts("expected typ", "expectedTypes", issuers.flatMap(\.requirements.type.expectedTypes)),
                text("the token's typ", "tokenType", header?["typ"]),
            ]
        case .keysUnavailable, .keyUnknown, .noSuitableKey, .signatureInvalid: keyDetails
        default: claimDetails(of: error)
        }
    }

    private func claimDetails(of error: TokenError) -> [TokenCheck.Detail] {
        switch error {
        case .audienceMissing, .audienceMismatch: audienceDetails + missingDetails
        case .subjectMissing, .subjectNotAllowed: subjectDetails + missingDetails
        case .expired, .notYetValid, .issuedInFuture: dateDetails
        case .lifetimeTooLong: dateDetails + lifetimeDetails
        case .tokenBound: [text("the token's cnf", "tokenConfirmation", claims?["cnf"])]
        case .expirationMissing, .notBeforeMissing, .issuedAtMissing, .claimMissing, .claimMismatch:
            [
                texts("required claims", "requiredClaims", required),
                texts("the token's claims", "tokenClaims", claims?.members.compactMap { $0.name.string } ?? []),
                texts("missing", "missingClaims", missing),
            ] + conditionDetails + lifetimeDetails
        case .claimUnforwardable:
            [texts("claims that are headers", "claimHeaders", issuers.flatMap(\.claimHeaders).map(\.inWords))]
        case .scopeInsufficient:
            [
                texts("required scope", "requiredScopes", issuers.flatMap(\.requirements.scopes)),
                texts("the token's scope", "tokenScope", shown(claims?["scope"]) + shown(claims?["scp"])),
            ]
        default:
            // The form is bad: the tolerant reader can say where.
            [
                .init(
                    "what is odd", "findings",
                    .sentences(inspection.findings.filter { $0.severity == .warning }.map(\.message)))
            ]
        }
    }

    private var audienceDetails: [TokenCheck.Detail] {
        let expected = issuers.flatMap(\.audiences)
        guard !expected.isEmpty else { return [] }
        return [
            texts("expected aud", "expectedAudiences", expected),
            texts("the token's aud", "tokenAudiences", shown(claims?["aud"])),
        ]
    }

    private var subjectDetails: [TokenCheck.Detail] {
        let expected = issuers.flatMap(\.requirements.subjects).map(\.inWords)
        guard !expected.isEmpty else { return [] }
        return [
            texts("expected sub", "expectedSubjects", expected),
            text("the token's sub", "tokenSubject", claims?["sub"]),
        ]
    }

    private var missing: [String] { required.filter { claims?[$0]?.isNull ?? true } }

    private var missingDetails: [TokenCheck.Detail] {
        missing.isEmpty ? [] : [texts("missing", "missingClaims", missing)]
    }

    private var keyDetails: [TokenCheck.Detail] {
        let held = issuers.flatMap(\.keySources).compactMap { keys.keySets[$0] }.flatMap(\.keys)
        return [
            text("the token's kid", "tokenKid", header?["kid"]),
            text("the token's alg", "tokenAlgorithm", header?["alg"]),
            texts("the issuer's keys", "issuerKeys", held.prefix(Self.shownKeys).map(describeWithName)),
        ]
    }

    private var conditionDetails: [TokenCheck.Detail] {
        let conditions = issuers.flatMap(\.requirements.claims)
        guard !conditions.isEmpty else { return [] }
        return [.init("condition", "conditions", .sentences(conditions.map { $0.inWords(claims) }))]
    }

    private var lifetimeDetails: [TokenCheck.Detail] {
        guard let seconds = issuers.compactMap(\.requirements.maxLifetimeSeconds).max() else { return [] }
        return [.init("longest life allowed", "maxLifetimeSeconds", .seconds(seconds))]
    }

    private var dateDetails: [TokenCheck.Detail] {
        var details: [TokenCheck.Detail] = []
        for (claim, label, name) in [
            ("iat", "issued (iat)", "issuedAt"), ("nbf", "valid from (nbf)", "notBefore"),
            ("exp", "expires (exp)", "expiresAt"),
        ] {
            guard let value = claims?[claim], let date = TokenInspection.date(value) else { continue }
            details.append(.init(label, name, .date(date)))
        }
        details.append(.init("the clock here", "now", .date(now)))
        if let skew = issuers.map(\.clockSkewSeconds).max() {
            details.append(.init("clock skew allowed", "clockSkewSeconds", .seconds(skew)))
        }
        return details
    }
}

extension Issuer {
    fileprivate var claimsThatMustBeThere: [String] {
        requiredClaims + requirements.type.requiredClaims + (audiences.isEmpty ? [] : ["aud"])
            + (requirements.subjects.isEmpty ? [] : ["sub"])
    }
}

extension ClaimHeader {
    fileprivate var inWords: String {
        "\(name) from \(path.joined(separator: " / ")) (encoding: \(encoding.rawValue), format: \(listFormat.rawValue))"
    }
}

extension VerdictExplanation {
    /// The issuers that the token names; all of them where it names none of ours.
    private var issuers: [Issuer] {
        let named = policy.issuers.filter { issuer in
            issuer.names.isEmpty
                || issuer.names.contains { claims?["iss"]?.string?.utf8.elementsEqual($0.utf8) ?? false }
        }
        return named.isEmpty ? policy.issuers : named
    }

    private var required: [String] {
        var names: [String] = []
        for name in issuers.flatMap(\.claimsThatMustBeThere)
        where !names.contains(name) {
            names.append(name)
        }
        return names
    }

    private var allowedAlgorithms: [String] {
        issuers.flatMap { $0.algorithms ?? AlgorithmSet.publicKey.algorithms.map { "\($0)" } }
    }

    private func describe(_ key: VerificationKey) -> String {
        let kind = [key.type.rawValue, key.curve ?? "\(key.bits) bits"].joined(separator: " ")
        return "\(kind) for \(key.algorithms.algorithms.map { "\($0)" }.joined(separator: ", "))"
    }

    private static var shownKeys: Int { 16 }

    private func describeWithName(_ key: VerificationKey) -> String {
        key.kid.map { "\($0.span.text): \(describe(key))" } ?? "\(describe(key)), without kid"
    }

    /// The mistake that is made most often with issuers.
    private var nearMiss: [TokenCheck.Detail] {
        guard let issuer = claims?["iss"]?.string else { return [] }
        let plain = Self.withoutSlash(issuer)
        let isNear = policy.issuers.flatMap(\.names).contains { Self.withoutSlash($0) == plain }
        guard isNear else { return [] }
        return [.init("note", "notes", .sentences(["They differ only in case or in a slash at the end."]))]
    }

    private static func withoutSlash(_ issuer: String) -> String {
        issuer.hasSuffix("/") ? String(issuer.dropLast()).lowercased() : issuer.lowercased()
    }

    private func text(_ label: String, _ name: String, _ value: JSONValue?) -> TokenCheck.Detail {
        text(label, name, shown(value).first)
    }

    private func text(_ label: String, _ name: String, _ text: String?) -> TokenCheck.Detail {
        TokenCheck.Detail(label, name, .text(text))
    }

    private func texts(_ label: String, _ name: String, _ texts: [String]) -> TokenCheck.Detail {
        TokenCheck.Detail(label, name, .texts(texts))
    }

    /// A value of the token: strings as they are, everything else as JSON; none where it is absent.
    private func shown(_ value: JSONValue?) -> [String] {
        guard let value else { return [] }
        if let text = value.string { return [text] }
        if value.isArray, value.elements.allSatisfy(\.isString) { return value.elements.compactMap(\.string) }
        let bytes = value.document.bytes
        return [bytes.span.extracting(value.range).text]
    }
}
