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
    /// Keys as text, or where to find them.
    ///
    /// - Parameter issuers: what `iss` may be; empty where that was not readable.
    func keySource(_ entry: DocumentEntry, issuers: [String]) -> KeySource? {
        let node = entry.value
        switch node.content {
        case .scalar:
            return node.text(findings).map { KeySource(origin: .inline($0), provenance: node.provenance) }
        case .mapping(let entries) where entries.contains { $0.key == "keys" || $0.key == "kty" }:
            findings.error(
                "wrong_type", "`jwks` has its keys as YAML, and takes them as text", at: entry.keyProvenance,
                hint: "write the JSON in single quotes: jwks: '{\"keys\": [...]}'")
            return nil
        default:
            guard
                let reader = MappingReader(
                    node, AgentgatewayShapes.keySet, introducedAt: entry.keyProvenance, findings: findings),
                let place = reader.theOne()
            else { return nil }
            return keySource(place, reader, issuers: issuers)
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
