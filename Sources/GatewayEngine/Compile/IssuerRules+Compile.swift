internal import GatewayModel
internal import JOSE

extension IssuerRules {
    /// The rules of an issuer, as the verifier has them.
    init(_ issuer: Issuer, algorithms: AlgorithmSet?, maxTokenBytes: Int) {
        let requirements = issuer.requirements
        self.init(
            issuers: issuer.names, audiences: issuer.audiences, algorithms: algorithms,
            requiredClaims: issuer.requiredClaims, clockSkewSeconds: issuer.clockSkewSeconds,
            maxLifetimeSeconds: requirements.maxLifetimeSeconds, type: .ordinary,
            subjects: requirements.subjects.map(TextMatcher.init), requiredScopes: requirements.scopes,
            claims: requirements.claims.map(ClaimRule.init), maxTokenBytes: maxTokenBytes,
            refusesFutureIssuedAt: requirements.refusesFutureIssuedAt, allowsUnprovenBinding: false,
            fields: issuer.claimHeaders.map(ClaimField.init))
        switch requirements.type {
        case .ordinary: break
        case .accessToken: requireAccessTokenProfile()
        case .exactly(let type): self.type = .exactly(type)
        }
    }
}

extension ClaimField {
    fileprivate init(_ header: ClaimHeader) {
        self.init(
            name: header.name, path: header.path, listFormat: header.listFormat == .csv ? .csv : .json,
            encoding: header.encoding.compiled)
    }
}

extension ClaimHeader.Encoding {
    fileprivate var compiled: ClaimField.Encoding {
        switch self {
        case .plain: .plain
        case .percent: .percent
        case .base64: .base64
        }
    }
}

extension TextMatcher {
    fileprivate init(_ match: TextMatch) {
        switch match {
        case .exact(let text): self = .exact(text)
        case .prefix(let text): self = .prefix(text)
        case .suffix(let text): self = .suffix(text)
        case .contains(let text): self = .contains(text)
        }
    }
}

extension ClaimRule {
    fileprivate init(_ condition: ClaimCondition) {
        switch condition.test {
        case .equals(let value): self.init(path: condition.path, condition: .equals(ClaimValue(value)))
        case .oneOf(let values): self.init(path: condition.path, condition: .oneOf(values.map(ClaimValue.init)))
        case .contains(let value): self.init(path: condition.path, condition: .contains(ClaimValue(value)))
        case .isOrContains(let value):
            self.init(path: condition.path, condition: .isOrContains(ClaimValue(value)))
        }
    }
}

extension ClaimValue {
    fileprivate init(_ scalar: ClaimScalar) {
        switch scalar {
        case .string(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .number(let number): self = .number(number)
        case .boolean(let flag): self = .boolean(flag)
        }
    }
}
