import GatewayModel

extension AgentgatewayShapes {
    static let keySet = ObjectShape(
        "a jwks",
        [
            .optional(
                "file", .string,
                "The file that holds the keys. A relative path starts at the folder the process runs in, "
                    + "not at the configuration file's.")
        ],
        exactlyOne: ["file", "url"], notOffered: ["url"])
}

extension AgentgatewayDecoder {
    /// Keys as text, or where to find them.
    func keySource(_ entry: DocumentEntry) -> KeySource? {
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
                let file = reader.theOne(), let path = file.value.text(findings)
            else { return nil }
            return KeySource(origin: .file(path), provenance: file.value.provenance)
        }
    }
}
