import GatewayModel

extension AgentgatewayShapes {
    static let backendAuth = ObjectShape(
        "a backendAuth",
        [
            .optional(
                "passthrough", .object(passthrough),
                "The token that `jwtAuth` has verified goes on to the backend; where there was none, nothing does."),
            .optional(
                "key", .either([.secret, .object(secretFile), .object(backendKey)]),
                "A secret, which the backend gets in `Authorization` as `Bearer`, or where `location` says."),
            .optional("jwtSign", .object(jwtSign), "A token that the gateway signs itself."),
            .optional("credentials", .list(of: .object(backendCredential)), "Further secrets, each at its own place."),
        ],
        notOffered: ["gcp", "aws", "azure", "oauthTokenExchange", "crossAppAccess"])

    static let passthrough = ObjectShape("a passthrough", [credentialLocation])

    static let backendKey = ObjectShape(
        "a backend's key",
        [.required("value", .either([.secret, .object(secretFile)]), "The secret."), credentialLocation])

    static let backendCredential = ObjectShape(
        "a credential",
        [
            .required("key", .either([.secret, .object(secretFile)]), "The secret."),
            .required("location", .object(tokenLocation), "Where the backend looks for it. Not an expression."),
        ])

    static let secretFile = ObjectShape(
        "a secret",
        [
            .required(
                "file", .string,
                "The file that holds it; blanks and line ends around it do not count. A relative path starts at the "
                    + "folder the process runs in. Read again when it changes.")
        ])

    static let jwtSign = ObjectShape(
        "a jwtSign",
        [
            .required(
                "signingKey", .either([.secret, .object(secretFile)]),
                "The private key in PEM, RSA or EC as `alg` needs it; or, which agentgateway does not take, as JWK."),
            .optional("alg", .choice(signingAlgorithms), "Default: `RS256`."),
            .optional("kid", .string, "The `kid` of the token's header. Default: none."),
            .optional(
                "claims", .map(of: .anything),
                "What every token says: any JSON. `iat` and `exp` are the gateway's; neither they nor `nbf` can be "
                    + "written here."),
            .optional(
                "ttl", .duration,
                "From `iat` to `exp`, in whole seconds. A token serves all requests of its time but the last fifth. "
                    + "Default: 300s."),
            credentialLocation,
        ])

    static let signingAlgorithms = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]

    private static let credentialLocation = FieldShape.optional(
        "location", .object(tokenLocation),
        "Where the backend looks for it; what a client sent there leaves. Not an expression. Default: the header "
            + "`Authorization` with the prefix `Bearer `.")
}

extension AgentgatewayDecoder {
    func backendAuthentication(_ entry: DocumentEntry) -> BackendAuthentication? {
        if case .scalar(let scalar) = entry.value.content, scalar.text == "copilot" {
            findings.valueNotOffered("copilot", of: entry.value.label, at: entry.value.provenance)
            return nil
        }
        guard
            let reader = MappingReader(
                entry.value, AgentgatewayShapes.backendAuth, introducedAt: entry.keyProvenance, findings: findings)
        else { return nil }
        let first = [passthrough(reader), key(reader), signedToken(reader)].compactMap(\.self)
        let further = (reader.items("credentials") ?? []).compactMap { item in
            MappingReader(item, AgentgatewayShapes.backendCredential, findings: findings).flatMap(credential)
        }
        if first.count > 1 {
            findings.error(
                "several_of_one", "a backendAuth has only one of `passthrough`, `key` or `jwtSign`", at: reader.place,
                hint: "further secrets go under `credentials`")
        } else if first.isEmpty, further.isEmpty, reader.isSound {
            findings.error(
                "field_missing", "a backendAuth needs `passthrough`, `key`, `jwtSign` or `credentials`",
                at: reader.place)
        }
        let credentials = first + further
        for (index, credential) in credentials.enumerated()
        where credentials[..<index].contains(where: { $0.location == credential.location }) {
            findings.error(
                "location_duplicate", "another credential stands at this place already", at: credential.provenance,
                hint: "give each a `location` of its own")
        }
        return BackendAuthentication(credentials: credentials)
    }

    private func passthrough(_ reader: MappingReader) -> BackendAuthentication.Credential? {
        guard let policy = reader.mapping("passthrough") else { return nil }
        return credential(.verifiedToken, policy)
    }

    private func key(_ reader: MappingReader) -> BackendAuthentication.Credential? {
        guard let entry = reader.entry("key") else { return nil }
        if case .mapping(let entries) = entry.value.content, entries.contains(where: { $0.key != "file" }) {
            let shape = AgentgatewayShapes.backendKey
            guard
                let policy = MappingReader(
                    entry.value, shape, introducedAt: entry.keyProvenance, findings: findings)
            else { return nil }
            let secret = policy.entry("value").flatMap(secret)
            return credential(secret.map { .secret($0) }, policy)
        }
        return secret(entry).map {
            .init(proof: .secret($0), location: Self.bearer, provenance: entry.keyProvenance)
        }
    }

    private func credential(_ reader: MappingReader) -> BackendAuthentication.Credential? {
        let credential = credential(reader.entry("key").flatMap(secret).map { .secret($0) }, reader)
        return reader.has("location") ? credential : nil
    }

    private func signedToken(_ reader: MappingReader) -> BackendAuthentication.Credential? {
        guard let policy = reader.mapping("jwtSign") else { return nil }
        let key = policy.entry("signingKey").flatMap(secret)
        let algorithm = policy.choice("alg") ?? "RS256"
        let kid = policy.text("kid")
        let claims = policy.node("claims").flatMap(claims) ?? Array("{}".utf8)
        let lifetime = policy.node("ttl").flatMap(lifetime) ?? 300
        return credential(
            key.map {
                .signedToken(
                    TokenSigning(
                        key: $0, algorithm: algorithm, kid: kid, claims: claims, lifetimeSeconds: lifetime))
            }, policy)
    }

    private func claims(_ node: DocumentNode) -> [UInt8]? {
        guard case .mapping(let entries) = node.content else {
            node.reportShape("a mapping", findings)
            return nil
        }
        for entry in entries where ["iat", "exp", "nbf"].contains(entry.key) {
            findings.error(
                "name_taken", "`\(entry.key)` is written when a token is signed", at: entry.keyProvenance,
                hint: "`ttl` says how long a token is valid")
        }
        return node.json(findings)
    }

    private func lifetime(_ node: DocumentNode) -> Int64? {
        guard let duration = node.duration(findings) else { return nil }
        guard duration >= .seconds(1), duration.components.attoseconds == 0 else {
            findings.error("value_invalid", "`ttl` has to be whole seconds, at least one", at: node.provenance)
            return nil
        }
        return duration.components.seconds
    }

    // MARK: -

    private static var bearer: TokenLocation { .header(name: "authorization", prefix: "Bearer ") }

    private func credential(
        _ proof: BackendAuthentication.Proof?, _ reader: MappingReader
    ) -> BackendAuthentication.Credential? {
        let written = reader.mapping("location").flatMap(tokenLocation)
        if case .expression(let expression) = written {
            findings.error(
                "location_read_only", "a credential cannot be put where an expression looks for it",
                at: expression.provenance, hint: "name a `header`, `queryParameter` or `cookie`")
        }
        return proof.map { .init(proof: $0, location: written ?? Self.bearer, provenance: reader.place) }
    }

    /// A text, or the file it stands in.
    private func secret(_ entry: DocumentEntry) -> TextSource? {
        textSource(entry, file: AgentgatewayShapes.secretFile)
    }

    func textSource(_ entry: DocumentEntry, file: ObjectShape) -> TextSource? {
        if case .scalar = entry.value.content {
            return entry.value.text(findings).map {
                TextSource(origin: .inline($0), provenance: entry.value.provenance)
            }
        }
        guard
            let reader = MappingReader(entry.value, file, introducedAt: entry.keyProvenance, findings: findings),
            let node = reader.node("file")
        else { return nil }
        return node.text(findings).map { TextSource(origin: .file($0), provenance: node.provenance) }
    }
}
