import GatewayModel

extension AgentgatewayShapes {
    static let keySet = ObjectShape(
        "a jwks",
        [
            .optional(
                "file", .string,
                "The file that holds the keys. A relative path starts at the folder the process runs in, "
                    + "not at the configuration file's."),
            .optional(
                "url", .string,
                "Where the keys are fetched from while the gateway runs: `https`, or `http` with `allowHTTP`."),
            .ours(
                "discovery", .string,
                "The keys are where the issuer's metadata says. `oidc`: at `.well-known/openid-configuration` behind "
                    + "the issuer (OpenID Connect Discovery). `oauth`: at `.well-known/oauth-authorization-server` "
                    + "before the issuer's path (RFC 8414). Or the URL of the metadata. Its `issuer` has to be that "
                    + "of the provider, byte for byte."),
        ] + remoteKeys,
        exactlyOne: ["file", "url", "discovery"])
}

extension AgentgatewayDecoder {
    /// One set of keys or a list of them.
    ///
    /// - Parameter issuers: what `iss` may be; empty where that was not readable.
    func keySources(_ entry: DocumentEntry, issuers: [String]) -> [KeySource] {
        guard case .sequence(let items) = entry.value.content else {
            return keySource(entry.value, at: entry.keyProvenance, issuers: issuers).map { [$0] } ?? []
        }
        if items.isEmpty {
            findings.error("list_empty", "`jwks` is an empty list: no token would pass", at: entry.value.provenance)
        }
        return items.compactMap { keySource($0, at: $0.provenance, issuers: issuers) }
    }

    /// Keys as text, or where to find them.
    private func keySource(_ node: DocumentNode, at place: Provenance, issuers: [String]) -> KeySource? {
        switch node.content {
        case .scalar:
            return node.text(findings).map { KeySource(origin: .inline($0), provenance: node.provenance) }
        case .mapping(let entries) where entries.contains { $0.key == "keys" || $0.key == "kty" }:
            findings.error(
                "wrong_type", "`jwks` has its keys as YAML, and takes them as text", at: place,
                hint: "write the JSON in single quotes: '{\"keys\": [...]}'")
            return nil
        default:
            guard
                let reader = MappingReader(
                    node, AgentgatewayShapes.keySet, introducedAt: place, findings: findings),
                let entry = reader.theOne()
            else { return nil }
            return keySource(entry, reader, issuers: issuers)
        }
    }

    private func keySource(_ entry: DocumentEntry, _ reader: MappingReader, issuers: [String]) -> KeySource? {
        guard let text = entry.value.text(findings) else { return nil }
        let provenance = entry.value.provenance
        switch entry.key {
        case "file":
            reportRemoteFields(reader)
            return KeySource(origin: .file(text), provenance: provenance)
        default:
            let request = requestSettings(reader)
            let refresh = refreshSettings(reader)
            let place =
                entry.key == "url"
                ? url(text, entry.value).map { RemoteKeys.Place.keySet($0) }
                : discovery(text, entry.value, issuers: issuers)
            guard let place else { return nil }
            checkScheme(place.url, request, entry.value)
            return KeySource(
                origin: .remote(RemoteKeys(place: place, request: request, refresh: refresh)), provenance: provenance)
        }
    }
}
