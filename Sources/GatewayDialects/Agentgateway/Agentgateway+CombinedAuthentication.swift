import GatewayModel

extension AgentgatewayShapes {
    static let combinedAuthentication = ObjectShape(
        "an authentication",
        [
            .ours(
                "mode", .choice(["strict", "optional", "permissive"]),
                "What becomes of a request that does not prove what is asked for. `strict`: refused. `optional`: passes "
                    + "where it has none of the credentials. `permissive`: always passes. Default: `strict`."),
            .ours("anyOf", .list(of: .object(alternative)), "One of these has to hold; the first that does counts."),
            .ours("allOf", .list(of: .object(combinedCondition)), "All of these have to hold."),
            logOnly,
        ], exactlyOne: ["anyOf", "allOf"])

    /// The ways to prove who sent a request, as parts of a combination.
    private static let proofs: [FieldShape] = [
        .ours(
            "jwtAuth", .either([.object(jwtSingle), .object(jwtMulti)]), "A token, as in `jwtAuth`; without `mode`."),
        .ours("apiKey", .object(apiKeys), "An API key, as in `apiKey`; without `mode`."),
        .ours("basicAuth", .object(basicAuthentication), "User and password, as in `basicAuth`; without `mode`."),
    ]
    private static let proofNames = proofs.map(\.name)

    private static let proof = ObjectShape("a credential", proofs, exactlyOne: proofNames)
    private static let alternative = ObjectShape(
        "an alternative", proofs + [.ours("allOf", .list(of: .object(proof)), "All of these have to hold.")],
        exactlyOne: proofNames + ["allOf"])
    private static let combinedCondition = ObjectShape(
        "a condition",
        proofs + [
            .ours("anyOf", .list(of: .object(proof)), "One of these has to hold; the first that does counts.")
        ], exactlyOne: proofNames + ["anyOf"])

    /// The objects inside `combined`, each with what may stand in its list.
    static func parts(of shape: ObjectShape, _ field: String) -> ObjectShape? {
        guard case .list(.object(let part))? = shape.field(field)?.kind else { return nil }
        return part
    }
}

extension AgentgatewayDecoder {
    func combinedAuthentication(_ reader: MappingReader) -> CombinedAuthentication? {
        let presence = reader.choice("mode").flatMap(Presence.init(rawValue:)) ?? .strict
        let logsOnly = logsOnly(reader, "authentication", isPart: false)
        return requirement(reader).map {
            CombinedAuthentication(presence: presence, requirement: $0, logsOnly: logsOnly)
        }
    }

    private func requirement(_ reader: MappingReader) -> AuthenticationRequirement? {
        guard let entry = reader.theOne() else { return nil }
        switch entry.key {
        case "jwtAuth": return jwtAuthentication(entry, isPart: true).map { .token($0, entry.keyProvenance) }
        case "apiKey": return reader.mapping("apiKey").map { .apiKey(apiKeys($0, isPart: true)) }
        case "basicAuth":
            return reader.mapping("basicAuth").flatMap { basicAuthentication($0, isPart: true) }.map { .password($0) }
        default: return parts(reader, entry.key)
        }
    }

    private func parts(_ reader: MappingReader, _ field: String) -> AuthenticationRequirement? {
        guard let shape = AgentgatewayShapes.parts(of: reader.shape, field) else { return nil }
        let items = reader.nonEmptyItems(field, hint: "name the credentials that are asked for") ?? []
        let parts = items.compactMap { item in
            MappingReader(item, shape, findings: findings).flatMap(requirement)
        }
        return field == "anyOf" ? .anyOf(parts) : .allOf(parts)
    }
}
