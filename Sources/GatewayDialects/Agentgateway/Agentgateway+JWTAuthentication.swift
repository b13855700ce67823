import GatewayModel

extension AgentgatewayShapes {
    /// Fields of `jwtAuth` in both of its forms.
    private static let jwtCommon: [FieldShape] = [
        .optional(
            "mode", .choice(["strict", "optional", "permissive"]),
            "What becomes of a request without a valid token. `strict`: refused. `optional`: passes without a token; "
                + "one that is there must be valid. `permissive`: always passes; only a valid token yields claims. "
                + "Default: `optional`, with a warning."),
        .optional(
            "location", .object(tokenLocation),
            "Where the token stands. Default: the header `Authorization` with the prefix `Bearer `."),
        .ours(
            "locations", .list(of: .object(tokenLocation)),
            "In place of `location`: all places where the token may stand. A request with tokens in two of them is "
                + "refused."),
        .ours(
            "forward", .boolean,
            "Whether a token that was verified stays in the request that is forwarded. Default: false."),
        logOnly,
        .ours(
            "resourceMetadata", .object(resourceMetadata),
            "What clients are told about the resource that the tokens are for (RFC 9728): the challenge names the "
                + "document, and the listener serves it to everybody at its well-known path. Default: nothing."),
        .ours("maxTokenBytes", .integer(256...1_048_576), "Longer tokens are refused unread. Default: 16384."),
    ]

    /// Fields of an issuer that may also stand beside `providers`, for all of them.
    private static let jwtVerification: [FieldShape] =
        [
            .ours(
                "algorithms", .list(of: .choice(jwsAlgorithms)),
                "The signature algorithms a token may use. Default: what the keys are for, HMAC excepted."),
            .ours(
                "clockSkew", .duration,
                "How far clocks may differ when `exp`, `nbf` and `iat` are checked, up to 1h. Default: 60s."),
            .ours(
                "allowWeak", .boolean,
                "Whether keys too weak for their algorithm are used all the same. Default: false."),
            .ours(
                "claimsToHeaders", .list(of: .object(claimHeader)),
                "Claims of a verified token that the backend gets as headers. Default: none."),
        ] + tokenRequirements

    private static let jwtIssuer: [FieldShape] = [
        .optional("issuer", .string, "The `iss` of the tokens, exactly."),
        .ours("issuers", .list(of: .string), "In place of `issuer`: any of these is the `iss` of the tokens, exactly."),
        .optional(
            "audiences", .list(of: .string),
            "Any of these has to be in the token's `aud`. Default: `aud` is not looked at."),
        .required(
            "jwks", .either([.secret, .object(keySet), .ours(.list(of: .either([.secret, .object(keySet)])))]),
            "The issuer's public keys: a JWK Set as text, a `file` that holds one, a `url` to fetch one from, or "
                + "`discovery` through the issuer's metadata. A list of these is ours: the keys of all of them are the "
                + "issuer's."),
        .optional("jwtValidationOptions", .object(jwtValidationOptions), "What claims a token must have."),
    ]

    private static let issuerNames = ["issuer", "issuers"]

    static let jwtSingle = ObjectShape(
        "a jwtAuth with one issuer", jwtCommon + jwtIssuer + jwtVerification, exactlyOne: issuerNames)

    static let jwtMulti = ObjectShape(
        "a jwtAuth with providers",
        jwtCommon + [
            .required("providers", .list(of: .object(jwtProvider)), "The issuers whose tokens are taken.")
        ] + jwtVerification)

    static let jwtProvider = ObjectShape("a provider", jwtIssuer + jwtVerification, exactlyOne: issuerNames)

    static let jwtValidationOptions = ObjectShape(
        "a jwtValidationOptions",
        [
            .optional(
                "requiredClaims",
                .list(of: .either([.choice(["exp", "nbf", "aud", "iss", "sub"]), .ours(.string)])),
                """
                Claims that must be in the token. agentgateway ignores any but these five: a file with others is refused \
                where it has to work with both. Default: `exp`.
                """)
        ])

    static let jwsAlgorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
        "ML-DSA-65", "ML-DSA-87", "HS256", "HS384", "HS512",
    ]
}

/// How tokens of an issuer are verified, as far as it may be said once for all providers.
private struct JWTVerification {
    var algorithms: [String]?
    var clockSkewSeconds: Int64 = 60
    var allowsWeakKeys = false
    var requirements = AgentgatewayDecoder.noRequirements
    var claimHeaders: [ClaimHeader] = []
}

extension AgentgatewayDecoder {
    static var defaultMaxTokenBytes: Int { 16384 }
    static var realm: String { "tollgate" }

    /// The form is told by `providers`, as agentgateway does.
    ///
    /// - Parameter isPart: of a combination, which says what becomes of requests.
    func jwtAuthentication(_ entry: DocumentEntry, isPart: Bool = false) -> JWTAuthentication? {
        var shape = AgentgatewayShapes.jwtSingle
        if case .mapping(let entries) = entry.value.content, entries.contains(where: { $0.key == "providers" }) {
            shape = AgentgatewayShapes.jwtMulti
        }
        guard
            let reader = MappingReader(entry.value, shape, introducedAt: entry.keyProvenance, findings: findings)
        else { return nil }
        let presence = presence(reader, "jwtAuth", isPart: isPart)
        var policy = JWTAuthentication(
            presence: presence,
            locations: tokenLocations(reader) ?? [.header(name: "authorization", prefix: "Bearer ")],
            issuers: issuers(reader), forwardsToken: reader.boolean("forward") ?? false,
            forwardsUnverifiedToken: presence == .permissive,
            realm: Self.realm, maxTokenBytes: reader.integer("maxTokenBytes") ?? Self.defaultMaxTokenBytes)
        policy.logsOnly = logsOnly(reader, "jwtAuth", isPart: isPart)
        policy.resourceMetadata = reader.mapping("resourceMetadata").flatMap { resourceMetadata($0, of: policy) }
        return policy
    }

    /// - Parameters:
    ///   - name: the policy's.
    ///   - isPart: of a combination, which says what becomes of requests.
    func presence(_ reader: MappingReader, _ name: String, isPart: Bool) -> Presence {
        guard !isPart else {
            if let entry = reader.entry("mode") {
                findings.error(
                    "field_unused", "what becomes of a request is said once for all of `authentication`",
                    at: entry.keyProvenance, hint: "write `mode` beside `anyOf` or `allOf`")
            }
            return .strict
        }
        let credential = name == "jwtAuth" ? "token" : "credential"
        guard reader.has("mode") else {
            findings.warning(
                "mode_omitted", "`\(name)` without `mode` is optional: requests without a \(credential) pass",
                at: reader.place, hint: "write `mode: strict` to refuse them, or `mode: optional` if it is meant")
            return .optional
        }
        let presence = reader.choice("mode").flatMap(Presence.init(rawValue:)) ?? .strict
        if presence == .permissive, let place = reader.node("mode")?.provenance {
            findings.warning(
                "unverified_token_forwarded",
                "permissive mode forwards \(credential)s that failed: the backend must not take them for verified",
                at: place)
        }
        return presence
    }

    private func issuers(_ reader: MappingReader) -> [Issuer] {
        let verification = verification(reader, defaults: JWTVerification())
        guard reader.shape.field("providers") != nil else { return [issuer(reader, verification)] }
        let items = reader.nonEmptyItems("providers") ?? []
        return items.compactMap { item in
            MappingReader(item, AgentgatewayShapes.jwtProvider, findings: findings).map {
                issuer($0, self.verification($0, defaults: verification))
            }
        }
    }

    private func verification(_ reader: MappingReader, defaults: JWTVerification) -> JWTVerification {
        var verification = defaults
        if let items = reader.nonEmptyItems("algorithms", hint: "remove it to take what the keys are for") {
            verification.algorithms = items.compactMap(algorithm)
        }
        if let seconds = reader.node("clockSkew").flatMap(clockSkew) { verification.clockSkewSeconds = seconds }
        if let allowsWeakKeys = reader.boolean("allowWeak") { verification.allowsWeakKeys = allowsWeakKeys }
        if let items = reader.nonEmptyItems("claimsToHeaders", hint: "remove it to hand on none") {
            verification.claimHeaders = items.compactMap(claimHeader)
        }
        verification.requirements = tokenRequirements(reader, defaults: defaults.requirements)
        return verification
    }

    private func issuer(_ reader: MappingReader, _ verification: JWTVerification) -> Issuer {
        let type = verification.requirements.type
        let names = issuerNames(reader)
        let sources = reader.entry("jwks").map { keySources($0, issuers: names) } ?? []
        checkAlgorithms(sources, verification.algorithms, at: reader.place)
        return Issuer(
            names: names, audiences: audiences(reader, type), keySources: sources,
            algorithms: verification.algorithms, requiredClaims: requiredClaims(reader, type),
            clockSkewSeconds: verification.clockSkewSeconds, allowsWeakKeys: verification.allowsWeakKeys,
            requirements: verification.requirements, claimHeaders: verification.claimHeaders, provenance: reader.place)
    }

    private func issuerNames(_ reader: MappingReader) -> [String] {
        guard let entry = reader.theOne() else { return [] }
        if entry.key == "issuer" { return entry.value.text(findings).map { [$0] } ?? [] }
        let items = reader.nonEmptyItems("issuers") ?? []
        return items.compactMap { $0.text(findings) }
    }

    private func audiences(_ reader: MappingReader, _ type: TokenType) -> [String] {
        guard let node = reader.node("audiences"), let audiences = node.texts(findings) else {
            if type == .accessToken, !reader.has("audiences") {
                findings.warning(
                    "audience_not_checked", "access tokens for any audience are taken (RFC 9068 §4)", at: reader.place,
                    hint: "add `audiences`")
            }
            return []
        }
        if audiences.isEmpty, case .sequence(let items) = node.content, items.isEmpty {
            findings.warning(
                "audiences_empty", "`audiences` is an empty list: tokens for any audience are taken",
                at: node.provenance)
        }
        return audiences
    }

    private func requiredClaims(_ reader: MappingReader, _ type: TokenType) -> [String] {
        guard let options = reader.mapping("jwtValidationOptions"), let node = options.node("requiredClaims"),
            let claims = node.texts(findings)
        else { return ["exp"] }
        if !claims.contains("exp"), type != .accessToken {
            findings.warning(
                "expiry_not_required", "tokens without `exp` are taken, and never expire", at: node.provenance,
                hint: "add `exp` to `requiredClaims`")
        }
        return claims
    }
}

extension AgentgatewayDecoder {
    private func algorithm(_ node: DocumentNode) -> String? {
        if case .scalar(let scalar) = node.content, scalar.text.lowercased() == "none" {
            findings.error("algorithm_none", "tokens without a signature are never taken", at: node.provenance)
            return nil
        }
        return node.choice(AgentgatewayShapes.jwsAlgorithms, findings)
    }

    private func clockSkew(_ node: DocumentNode) -> Int64? {
        wholeSeconds(node, 0...3600, "0s and 1h")
    }
}
