import GatewayModel

extension AgentgatewayShapes {
    static let claimHeader = ObjectShape(
        "a claim header",
        [
            FieldShape(
                "header", .string, .required,
                "The header that the backend gets. No client can send it, in whatever spelling, on any route of the "
                    + "document."),
            FieldShape(
                "claim", .string, .required,
                "The claim's name; of a nested one, the names from outside to inside. Without the claim there is no "
                    + "header."),
            nestedClaimDelimiter,
            .ours(
                "format", .choice(ClaimHeader.ListFormat.allCases.map(\.rawValue)),
                "How a list is written: `csv`, its elements with commas between, or `json`. Objects are always JSON. "
                    + "Default: `csv`."),
            .ours(
                "encoding", .choice(ClaimHeader.Encoding.allCases.map(\.rawValue)),
                "`plain`: as it is; a token whose claim is not visible ASCII is refused. `percent`: all but letters, "
                    + "digits and `-._~` as `%` and two digits. `base64`: all of it, a list as JSON. Default: `plain`."),
        ])
}

extension AgentgatewayDecoder {
    func claimHeader(_ node: DocumentNode) -> ClaimHeader? {
        guard let reader = MappingReader(node, AgentgatewayShapes.claimHeader, findings: findings) else { return nil }
        let path = claimPath(reader, "claim")
        let format = reader.choice("format").flatMap(ClaimHeader.ListFormat.init(rawValue:)) ?? .csv
        let encoding = reader.choice("encoding").flatMap(ClaimHeader.Encoding.init(rawValue:)) ?? .plain
        guard let header = reader.node("header"), let name = header.text(findings), let path else { return nil }
        return ClaimHeader(
            name: name, path: path, listFormat: format, encoding: encoding, provenance: header.provenance)
    }
}
