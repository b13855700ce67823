import GatewayModel

extension AgentgatewayShapes {
    static let headerModifier = ObjectShape(
        "a header modifier",
        [
            .optional("add", .map(of: .string), "Headers that come in beside those of their name."),
            .optional("set", .map(of: .string), "Headers that replace those of their name."),
            .optional("remove", .list(of: .string), "Names of headers that leave."),
        ])
}

extension AgentgatewayDecoder {
    func headerMutation(_ reader: MappingReader) -> HeaderMutation {
        let fields = ["add", "set"].map { name in
            (reader.entries(name) ?? []).compactMap { entry in
                entry.value.text(allowingEmpty: true, findings).map {
                    HeaderMutation.Field(name: entry.key, value: $0, provenance: entry.keyProvenance)
                }
            }
        }
        let removed = (reader.items("remove") ?? []).compactMap { item in
            item.text(findings).map { HeaderMutation.Field(name: $0, value: "", provenance: item.provenance) }
        }
        if fields.allSatisfy(\.isEmpty), removed.isEmpty, reader.isSound {
            findings.error(
                "field_missing", "the header modifier changes nothing", at: reader.place,
                hint: "it may have \(Suggestion.inWords(AgentgatewayShapes.headerModifier.fields.map(\.name)))")
        }
        return HeaderMutation(add: fields[0], set: fields[1], remove: removed)
    }
}
