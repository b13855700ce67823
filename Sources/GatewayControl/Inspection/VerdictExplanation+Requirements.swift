internal import Bytes
internal import GatewayModel
internal import JOSE

// What the configuration asks for, in words.

extension TokenType {
    /// The values of `typ` that pass.
    var expectedTypes: [String] {
        switch self {
        case .ordinary: ["(absent)", "JWT", "at+jwt"]
        case .accessToken: ["at+jwt"]
        case .exactly(let type): [type]
        }
    }

    /// Claims that have to be there because of the type.
    var requiredClaims: [String] {
        self == .accessToken ? IssuerRules.accessTokenClaims : []
    }
}

extension TextMatch {
    var inWords: String {
        switch self {
        case .exact(let text): text
        case .prefix(let text): "prefix \(text)"
        case .suffix(let text): "suffix \(text)"
        case .contains(let text): "contains \(text)"
        }
    }
}

extension ClaimCondition {
    /// The condition and what the token has there, as a sentence.
    func inWords(_ claims: JSONValue?) -> String {
        let name = "`\(path.joined(separator: "."))`"
        let condition =
            switch test {
            case .equals(let value): "has to be \(value.inWords)"
            case .oneOf(let values): "has to be one of \(values.map(\.inWords).joined(separator: ", "))"
            case .contains(let value): "has to be a list with \(value.inWords)"
            case .isOrContains(let value): "has to be \(value.inWords), or a list with it"
            }
        var found = claims
        for name in path { found = found?[name] }
        guard let found else { return "\(name) \(condition); the token does not have it." }
        let bytes = found.document.bytes
        let text = bytes.span.extracting(found.range).text
        return "\(name) \(condition); the token has \(found.isString ? "\"\(text)\"" : text)."
    }
}

extension ClaimScalar {
    fileprivate var inWords: String {
        switch self {
        case .string(let text): "\"\(text)\""
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .boolean(let flag): "\(flag)"
        }
    }
}
