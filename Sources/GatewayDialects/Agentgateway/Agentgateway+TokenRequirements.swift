import Bytes
import GatewayModel

extension AgentgatewayShapes {
    /// What tokens must say beyond agentgateway's fields; for one issuer or, beside `providers`, for all.
    static let tokenRequirements: [FieldShape] = [
        .ours(
            "typ", .string,
            "The `typ` a token must have in its header. `at+jwt`: an access token of RFC 9068, whose claims `iss`, "
                + "`exp`, `aud`, `sub`, `client_id`, `iat` and `jti` are then required, too. Default: none, `JWT` or "
                + "`at+jwt`."),
        .ours(
            "maxLifetime", .duration,
            "How long a token may live, from its `iat` to its `exp`; without `iat`, from now. Default: no limit."),
        .ours(
            "subjects", .list(of: .either([.string, .object(subjectMatch)])),
            "Any of these has to match the token's `sub`: a text that it is, or a `prefix`, `suffix` or part that it "
                + "`contains`. Default: `sub` is not looked at."),
        .ours(
            "requiredScopes", .list(of: .string),
            "All of these have to be in the token's `scope` or `scp`, a list or a text with blanks between. A token "
                + "that lacks one is answered 403 `insufficient_scope`. Default: none."),
        .ours(
            "claims", .list(of: .object(claimCondition)),
            "Conditions on other claims; all have to hold. A claim that is missing holds none. Default: none."),
    ]

    static let subjectMatch = ObjectShape(
        "a subject",
        [
            .ours("exact", .string, "The `sub` is this text."),
            .ours("prefix", .string, "The `sub` begins with this text."),
            .ours("suffix", .string, "The `sub` ends in this text."),
            .ours("contains", .string, "The `sub` has this text in it."),
        ],
        exactlyOne: ["exact", "prefix", "suffix", "contains"])

    private static let scalar = FieldShape.Kind.either([.string, .number, .boolean])

    static let nestedClaimDelimiter = FieldShape.ours(
        "nestedClaimDelimiter", .string,
        "What separates names in the claim's, such as a period. Default: it is one name, dots included.")

    static let claimCondition = ObjectShape(
        "a claim condition",
        [
            FieldShape(
                "key", .string, .required, "The claim's name; of a nested one, the names from outside to inside."),
            nestedClaimDelimiter,
            .ours("value", scalar, "The claim is this text, number or boolean; `3` and `\"3\"` are different."),
            .ours("oneOf", .list(of: scalar), "The claim is one of these."),
            .ours("contains", scalar, "The claim is a list that has this in it."),
        ],
        exactlyOne: ["value", "oneOf", "contains"])
}

extension AgentgatewayDecoder {
    static var noRequirements: TokenRequirements {
        TokenRequirements(
            type: .ordinary, maxLifetimeSeconds: nil, refusesFutureIssuedAt: true, subjects: [], scopes: [], claims: [])
    }

    /// Each field that is there replaces what `defaults` say.
    func tokenRequirements(_ reader: MappingReader, defaults: TokenRequirements) -> TokenRequirements {
        var requirements = defaults
        if let type = reader.node("typ").flatMap(tokenType) { requirements.type = type }
        if let node = reader.node("maxLifetime"), let seconds = wholeSeconds(node, 1...31_536_000, "1s and 8760h") {
            requirements.maxLifetimeSeconds = seconds
        }
        let hint = "remove it to ask for nothing"
        if let items = reader.nonEmptyItems("subjects", hint: hint) {
            requirements.subjects = items.compactMap(subjectMatch)
        }
        if let items = reader.nonEmptyItems("requiredScopes", hint: hint) {
            requirements.scopes = items.compactMap(scope)
        }
        if let items = reader.nonEmptyItems("claims", hint: hint) {
            requirements.claims = items.compactMap(claimCondition)
        }
        return requirements
    }

    /// A length of time that has to be whole seconds of a range.
    func wholeSeconds(_ node: DocumentNode, _ range: ClosedRange<Int64>, _ inWords: String) -> Int64? {
        guard let duration = node.duration(findings) else { return nil }
        let (seconds, fraction) = duration.components
        guard fraction == 0, range.contains(seconds) else {
            findings.error(
                "out_of_range", "\(node.label) has to be whole seconds between \(inWords)", at: node.provenance)
            return nil
        }
        return seconds
    }

    private func tokenType(_ node: DocumentNode) -> TokenType? {
        guard let text = node.text(findings) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenCharacter) }) else {
            findings.error(
                "type_invalid", "`typ` has to be the name of a media type", at: node.provenance,
                hint: "such as at+jwt or JWT")
            return nil
        }
        let name = text.lowercased()
        return name == "at+jwt" || name == "application/at+jwt" ? .accessToken : .exactly(text)
    }

    private func subjectMatch(_ node: DocumentNode) -> TextMatch? {
        guard case .mapping = node.content else { return node.text(findings).map(TextMatch.exact) }
        guard let reader = MappingReader(node, AgentgatewayShapes.subjectMatch, findings: findings),
            let entry = reader.theOne(), let text = entry.value.text(findings)
        else { return nil }
        return switch entry.key {
        case "prefix": .prefix(text)
        case "suffix": .suffix(text)
        case "contains": .contains(text)
        default: .exact(text)
        }
    }

    /// A scope-token of RFC 6749 §3.3: it is written into challenges.
    private func scope(_ node: DocumentNode) -> String? {
        guard let scope = node.text(findings) else { return nil }
        let isToken = scope.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C }
        guard isToken else {
            findings.error(
                "scope_invalid", "a scope is one word of ASCII without quotes and backslashes", at: node.provenance,
                hint: scope.contains(" ") ? "write several scopes as items of the list" : nil)
            return nil
        }
        return scope
    }
}

// Conditions on claims.
extension AgentgatewayDecoder {
    private func claimCondition(_ node: DocumentNode) -> ClaimCondition? {
        guard let reader = MappingReader(node, AgentgatewayShapes.claimCondition, findings: findings) else {
            return nil
        }
        let path = claimPath(reader, "key")
        guard let entry = reader.theOne(), let test = claimTest(entry), let path else { return nil }
        return ClaimCondition(path: path, test: test)
    }

    /// The names in a field that names a claim.
    func claimPath(_ reader: MappingReader, _ field: String) -> [String]? {
        let delimiter = reader.text("nestedClaimDelimiter")
        guard let node = reader.node(field), let key = node.text(findings) else { return nil }
        guard let delimiter else { return [key] }
        var path: [String] = []
        var rest = Substring(key)
        while let range = rest.firstRange(of: delimiter) {
            path.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        path.append(String(rest))
        guard !path.contains("") else {
            findings.error(
                "claim_path_invalid", "`\(field)` has an empty name between two delimiters or at an end",
                at: node.provenance)
            return nil
        }
        return path
    }

    private func claimTest(_ entry: DocumentEntry) -> ClaimCondition.Test? {
        switch entry.key {
        case "value": return claimScalar(entry.value).map(ClaimCondition.Test.equals)
        case "contains": return claimScalar(entry.value).map(ClaimCondition.Test.contains)
        default:
            guard let items = entry.value.items(findings) else { return nil }
            if items.isEmpty {
                findings.error(
                    "list_empty", "`oneOf` is an empty list: no token would pass", at: entry.value.provenance)
            }
            return .oneOf(items.compactMap(claimScalar))
        }
    }

    /// What stands there decides the type; what a variable holds is text.
    private func claimScalar(_ node: DocumentNode) -> ClaimScalar? {
        guard case .scalar(let scalar) = node.content else {
            node.reportType("a text, a number or a boolean", findings)
            return nil
        }
        switch scalar.value {
        case .text: return node.text(allowingEmpty: true, findings).map(ClaimScalar.string)
        case .boolean(let flag): return .boolean(flag)
        case .integer(let number): return .integer(Int64(number))
        case .otherNumber:
            // An integer beyond 64 bits would be rounded, and equal its neighbours.
            guard scalar.text.contains(where: { ".eE".contains($0) }), let number = Double(scalar.text), number.isFinite
            else { fallthrough }
            return .number(number)
        case .null, .ambiguousNumber:
            node.reportType(
                "a text, a number or a boolean", findings, hint: "put quotes around it if it is a text")
            return nil
        }
    }
}
