import GatewayModel

extension AgentgatewayShapes {
    static let headerModifier = ObjectShape(
        "a header modifier",
        [
            .optional("add", .map(of: .secret), "Headers that come in beside those of their name."),
            .optional("set", .map(of: .secret), "Headers that replace those of their name."),
            .optional("remove", .list(of: .string), "Names of headers that leave."),
        ])
}

extension AgentgatewayDecoder {
    func headerMutation(_ reader: MappingReader) -> HeaderMutation {
        let changes = headerChanges(reader, by: "the header modifier") { entry in
            entry.value.text(allowingEmpty: true, findings).map {
                HeaderMutation.Field(name: entry.key, value: $0, provenance: entry.keyProvenance)
            }
        }
        return HeaderMutation(add: changes.add, set: changes.set, remove: changes.remove)
    }

    /// What `add`, `set` and `remove` say, whatever a field's value is. One of them has to say something.
    ///
    /// - Parameters:
    ///   - what: what says it, for the error.
    ///   - saysMore: whether something else is said there that will do.
    func headerChanges<Field>(
        _ reader: MappingReader, by what: String, orElse saysMore: Bool = false, field: (DocumentEntry) -> Field?
    ) -> (add: [Field], set: [Field], remove: [HeaderMutation.Field]) {
        let added = (reader.entries("add") ?? []).compactMap(field)
        let set = (reader.entries("set") ?? []).compactMap(field)
        let removed = (reader.items("remove") ?? []).compactMap { item in
            item.text(findings).map { HeaderMutation.Field(name: $0, value: "", provenance: item.provenance) }
        }
        if added.isEmpty, set.isEmpty, removed.isEmpty, !saysMore, reader.isSound {
            findings.error(
                "field_missing", "\(what) changes nothing", at: reader.place,
                hint: "it may have \(Suggestion.inWords(reader.shape.fields.map(\.name)))")
        }
        return (added, set, removed)
    }
}
