import GatewayModel
import Yams

extension DocumentReader {
    /// The entries of a mapping in the order written, merge keys (`<<`) applied.
    ///
    /// A key written in the mapping wins over a merged one, an earlier merge over a later.
    mutating func entries(
        of mapping: Node.Mapping, depth: Int, at place: Provenance
    ) -> [DocumentEntry]? {
        var entries: [DocumentEntry] = []
        var merged: [DocumentEntry] = []
        var places: [String: Provenance] = [:]
        for (keyNode, valueNode) in mapping {
            guard let key = key(keyNode, at: place) else { continue }
            let keyPlace = provenance(keyNode.mark, fallback: place)
            if key.isMerge {
                guard let more = mergedEntries(valueNode, depth: depth, at: keyPlace) else { return nil }
                merged += more
                continue
            }
            guard var value = node(valueNode, name: key.text, depth: depth + 1, fallback: keyPlace) else { return nil }
            // An absent value has no place of its own: libYAML puts it at the next token.
            if value.isNull { value.provenance = keyPlace }
            if let first = places.updateValue(keyPlace, forKey: key.text) {
                reportDuplicate(key.text, at: keyPlace, first: first)
            } else {
                entries.append(DocumentEntry(key: key.text, keyProvenance: keyPlace, value: value))
            }
        }
        for entry in merged where places.updateValue(entry.keyProvenance, forKey: entry.key) == nil {
            entries.append(entry)
        }
        return entries
    }

    private func key(_ node: Node, at place: Provenance) -> (text: String, isMerge: Bool)? {
        guard case .scalar(let scalar) = node else {
            findings.error(
                "yaml_key", "a key has to be a name, not a list or mapping",
                at: provenance(node.mark, fallback: place),
                hint: "put quotes around a text that begins with [ or {")
            return nil
        }
        return (scalar.string, scalar.string == "<<" && scalar.style == .plain)
    }

    /// The entries behind a merge key: of one mapping, or of several in order.
    private mutating func mergedEntries(
        _ value: Node, depth: Int, at place: Provenance
    ) -> [DocumentEntry]? {
        guard let merged = node(value, name: "<<", depth: depth + 1, fallback: place) else { return nil }
        let sources: [DocumentNode] = if case .sequence(let items) = merged.content { items } else { [merged] }
        var entries: [DocumentEntry] = []
        for source in sources {
            guard case .mapping(let more) = source.content else {
                findings.error("yaml_merge", "`<<` takes a mapping or a list of mappings", at: place)
                continue
            }
            entries += more
        }
        return entries
    }

    func reportDuplicate(_ key: String, at place: Provenance, first: Provenance) {
        findings.error(
            "duplicate_key", "`\(key)` stands twice in one mapping, first at line \(first.line)", at: place,
            hint: "keep one of them")
    }
}
