internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

// Who may pass, as operators see it: settings in the words of the configuration, keys by where they are.

extension JWTAuthenticator {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", presence.rawValue)
        object.add("logOnly", logsOnly)
        object.add("place", "\(provenance)")
        object.add("locations", locations.map(\.json))
        object.add("forward", forwardsToken)
        object.add("forwardUnverified", forwardsUnverifiedToken)
        object.add("realm", realm)
        object.add("maxTokenBytes", Int64(maxTokenBytes))
        object.add("resourceMetadata", resourceMetadata?.url)
        object.add("providers", issuers.map(\.json))
        return object.text
    }
}

extension JWTAuthenticator.Issuer {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("issuers", rules.issuers)
        object.add("audiences", rules.audiences)
        object.add("keys", keySources.map(\.placeInWords))
        if let algorithms = rules.algorithms { object.add("algorithms", algorithms.algorithms.map { "\($0.name)" }) }
        object.add("requiredClaims", rules.requiredClaims)
        object.add("clockSkewSeconds", rules.clockSkewSeconds)
        object.add("maxLifetimeSeconds", rules.maxLifetimeSeconds)
        if case .exactly(let type) = rules.type { object.add("typ", type) }
        if !rules.subjects.isEmpty { object.add("subjects", rules.subjects.map(\.json)) }
        if !rules.requiredScopes.isEmpty { object.add("requiredScopes", rules.requiredScopes) }
        if !rules.claims.isEmpty { object.add("claims", rules.claims.map(\.json)) }
        if !rules.fields.isEmpty { object.add("claimsToHeaders", rules.fields.map(\.json)) }
        if rules.ignoresExpiration { object.add("ignoresExpiration", true) }
        if rules.ignoresNotBefore { object.add("ignoresNotBefore", true) }
        return object.text
    }
}

extension TextMatcher {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        switch self {
        case .exact(let text): object.add("exact", text)
        case .prefix(let text): object.add("prefix", text)
        case .suffix(let text): object.add("suffix", text)
        case .contains(let text): object.add("contains", text)
        }
        return object.text
    }
}

extension ClaimRule {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("key", path.joined(separator: "."))
        switch condition {
        case .present: object.add("present", true)
        case .equals(let value): object.add("value", value.json)
        case .oneOf(let values): object.add("oneOf", values.map(\.json))
        case .contains(let value): object.add("contains", value.json)
        case .isOrContains(let value): object.add("valueOrContains", value.json)
        }
        return object.text
    }
}

extension ClaimValue {
    fileprivate var json: [UInt8] {
        switch self {
        case .string(let text):
            var json: [UInt8] = []
            JSONString.write(text, to: &json)
            return json
        case .integer(let number): return Array("\(number)".utf8)
        case .number(let number): return Array("\(number)".utf8)
        case .boolean(let value): return Array("\(value)".utf8)
        }
    }
}

extension ClaimField {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("header", name)
        object.add("claim", path.joined(separator: "."))
        return object.text
    }
}

extension CompiledTokenLocation {
    fileprivate var json: [UInt8] {
        var object = JSONObjectWriter()
        switch self {
        case .authorizationHeader(let prefix): Self.add("authorization", prefix, to: &object)
        case .header(let name, let prefix): Self.add(String(decoding: name, as: UTF8.self), prefix, to: &object)
        case .queryParameter(let name): object.add("queryParameter", String(decoding: name, as: UTF8.self))
        case .cookie(let name): object.add("cookie", String(decoding: name, as: UTF8.self))
        case .expression: object.add("expression", true)
        }
        return object.text
    }

    private static func add(_ name: String, _ prefix: [UInt8], to object: inout JSONObjectWriter) {
        object.add("header", name)
        if !prefix.isEmpty { object.add("prefix", String(decoding: prefix, as: UTF8.self)) }
    }
}

extension CombinedAuthenticator {
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", presence.rawValue)
        object.add("logOnly", logsOnly)
        object.add("requirement", json(requirement))
        return object.text
    }

    /// A tree of `anyOf` and `allOf`, as it was written.
    private func json(_ requirement: Requirement) -> [UInt8] {
        var object = JSONObjectWriter()
        switch requirement {
        case .proof(let index):
            switch proofs[index] {
            case .token(let token): object.add("jwtAuth", token.json)
            case .apiKey(let keys): object.add("apiKey", keys.json)
            case .password(let users): object.add("basicAuth", users.json)
            }
        case .anyOf(let parts): object.add("anyOf", parts.map(json))
        case .allOf(let parts): object.add("allOf", parts.map(json))
        }
        return object.text
    }
}

extension APIKeyAuthenticator {
    var json: [UInt8] { credential.json("keys", count) }
}

extension BasicAuthenticator {
    var json: [UInt8] { credential.json("users", count) }
}

extension CompiledCredential {
    /// - Parameter kind: what there are `count` of, none of which is shown.
    fileprivate func json(_ kind: String, _ count: Int) -> [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", presence.rawValue)
        object.add("logOnly", logsOnly)
        object.add("locations", locations.map(\.json))
        object.add("forward", forwardsVerified)
        object.add("forwardUnverified", forwardsUnverified)
        object.add("realm", realm)
        object.add(kind, Int64(count))
        return object.text
    }
}

extension ConsumerAuthenticator {
    /// How many ways to prove it each step has.
    var json: [UInt8] {
        var object = JSONObjectWriter()
        object.add("mode", refusesStrangers ? "strict" : "optional")
        object.add("proofs", steps.map { "one of \($0.schemes.count)" })
        return object.text
    }
}

extension KeySource {
    fileprivate var placeInWords: String {
        switch origin {
        case .inline: "inline"
        case .file(let path): path
        case .remote(let keys): keys.place.url.withoutQuery
        }
    }
}
