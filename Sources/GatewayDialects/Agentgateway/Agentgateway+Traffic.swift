import GatewayModel

extension AgentgatewayShapes {
    /// Policies of a route that stand behind authorization.
    static let trafficPolicies: [FieldShape] = [
        .optional("requestRedirect", .object(requestRedirect), "Send the client elsewhere instead of forwarding."),
        .optional("urlRewrite", .object(urlRewrite), "Another path or `Host` for the upstream."),
        .optional(
            "directResponse", .either([.object(directResponse), .object(conditionalPolicy)]),
            "An answer that is given instead of forwarding."),
    ]
}

extension AgentgatewayDecoder {
    func decodedTrafficPolicies(_ reader: MappingReader) -> [(Policy, Provenance)] {
        var decoded: [(Policy, Provenance)] = []
        if let policy = reader.mapping("urlRewrite") {
            decoded.append((.urlRewrite(urlChange(policy)), policy.place))
        }
        if let policy = reader.mapping("requestRedirect") {
            decoded.append((.requestRedirect(requestRedirect(policy)), policy.place))
        }
        if let entry = reader.entry("directResponse"), let response = directResponse(entry) {
            decoded.append((.directResponse(response), entry.keyProvenance))
        }
        return decoded
    }
}
