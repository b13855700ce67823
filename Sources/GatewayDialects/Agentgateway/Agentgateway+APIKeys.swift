import Bytes
import GatewayModel

extension AgentgatewayShapes {
    static let apiKeys = ObjectShape(
        "an apiKey",
        [
            .required("keys", .list(of: .object(apiKey)), "The keys that are taken."),
            .optional(
                "mode", .choice(["strict", "optional", "permissive"]),
                "What becomes of a request without a valid key, as in `jwtAuth`. Default: `optional`, with a warning."),
            .optional(
                "location", .object(tokenLocation),
                "Where the key stands. Default: the header `Authorization` with the prefix `Bearer `."),
        ] + furtherCredentialFields("key") + [logOnly])

    static let apiKey = ObjectShape(
        "an API key",
        [
            .optional("key", .secret, "The key, as clients send it."),
            .optional(
                "keyHash", .secret,
                "In place of the key: its SHA-256, `sha256:` and 64 hexadecimal digits. The key itself need not be in "
                    + "the file then."),
            .optional(
                "metadata", .anything, "What is known of whoever sends the key: a mapping, which rules see as `apiKey`."
            ),
        ],
        exactlyOne: ["key", "keyHash"], notOffered: ["allowedModels"])

    /// What we add to credentials that are not tokens.
    static func furtherCredentialFields(_ name: String) -> [FieldShape] {
        [
            .ours(
                "locations", .list(of: .object(tokenLocation)),
                "In place of one place: all those where the \(name) may stand. Two in one request are refused."),
            .ours(
                "forward", .boolean,
                "Whether a \(name) that was verified stays in the request that is forwarded. Default: false."),
        ]
    }
}

extension AgentgatewayDecoder {
    func apiKeys(_ reader: MappingReader, isPart: Bool = false) -> APIKeyAuthentication {
        var handling = credentialHandling(
            reader, "apiKey", single: "location", standard: .header(name: "authorization", prefix: "Bearer "),
            realm: Self.realm, isPart: isPart)
        handling.logsOnly = logsOnly(reader, "apiKey", isPart: isPart)
        let items = reader.nonEmptyItems("keys", hint: "no request would have a valid key") ?? []
        let keys = items.compactMap { item in
            MappingReader(item, AgentgatewayShapes.apiKey, findings: findings).flatMap(apiKey)
        }
        return APIKeyAuthentication(handling: handling, keys: keys)
    }

    /// - Parameters:
    ///   - name: the policy's.
    ///   - single: its field for one place.
    ///   - isPart: of a combination.
    func credentialHandling(
        _ reader: MappingReader, _ name: String, single: String, standard: TokenLocation, realm: String,
        isPart: Bool
    ) -> CredentialHandling {
        let presence = presence(reader, name, isPart: isPart)
        return CredentialHandling(
            presence: presence, locations: tokenLocations(reader, single: single) ?? [standard],
            forwardsVerified: reader.boolean("forward") ?? false, forwardsUnverified: presence == .permissive,
            realm: realm)
    }

    private func apiKey(_ reader: MappingReader) -> APIKey? {
        let metadata = reader.node("metadata").map(metadata) ?? Array("{}".utf8)
        guard let entry = reader.theOne(), let text = entry.value.text(findings) else { return nil }
        let secret: APIKey.Secret? = entry.key == "key" ? .text(text) : digest(text, entry.value).map { .sha256($0) }
        guard let secret, let metadata else { return nil }
        return APIKey(secret: secret, metadata: metadata, provenance: entry.value.provenance)
    }

    private func metadata(_ node: DocumentNode) -> [UInt8]? {
        guard case .mapping(let entries) = node.content else {
            node.reportShape("a mapping", findings)
            return nil
        }
        if let entry = entries.first(where: { $0.key == "key" }) {
            findings.error(
                "name_taken", "`apiKey.key` is the key itself, `metadata` cannot have it too", at: entry.keyProvenance,
                hint: "give it another name")
        }
        return node.json(findings)
    }

    private func digest(_ text: String, _ node: DocumentNode) -> [UInt8]? {
        let digits = text.hasPrefix("sha256:") ? text.dropFirst(7).utf8.compactMap(\.hexDigitValue) : []
        guard text.utf8.count == 71, digits.count == 64 else {
            findings.error(
                "hash_invalid", "`keyHash` has to be `sha256:` and 64 hexadecimal digits", at: node.provenance,
                hint: "printf %s KEY | sha256sum")
            return nil
        }
        return stride(from: 0, to: 64, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }
}
