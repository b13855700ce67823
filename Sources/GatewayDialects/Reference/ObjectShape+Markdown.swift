extension ObjectShape {
    /// A section per object: its fields, and what of the original dialect is not offered.
    ///
    /// - Parameter reasons: what will never be offered, with what it belongs to.
    package func markdown(reasons: [String: String]) -> String {
        let shapes = collected
        return shapes.entries.enumerated().map { index, entry in
            index == 0
                ? "## configuration\n\nThe document.\n\n" + entry.shape.fieldTable(shapes, reasons)
                : "### \(entry.name)\n\nAt `\(entry.path)`.\n\n" + entry.shape.fieldTable(shapes, reasons)
        }.joined(separator: "\n")
    }

    private func fieldTable(_ shapes: CollectedShapes, _ reasons: [String: String]) -> String {
        var text = ""
        let offered = fields.filter { $0.status != .notOffered }
        if !offered.isEmpty { text += "| field | value | |\n|---|---|---|\n" }
        for field in offered {
            text += "| `\(field.name)`\(field.mark) | \(field.kind.inWords(shapes)) | \(field.documentation) |\n"
        }
        let forms = exactlyOne.filter { field($0).map { $0.status != .notOffered } ?? false }
        if forms.count > 1 { text += "\nExactly one of \(Suggestion.inWords(forms)).\n" }
        let refused = fields.filter { $0.status == .notOffered }.map(\.name)
        let later = refused.filter { reasons[$0] == nil }.map { "`\($0)`" }
        let never = refused.filter { reasons[$0] != nil }.map { "`\($0)`" }
        if !later.isEmpty { text += "\nNot offered yet: \(later.joined(separator: ", ")).\n" }
        if !never.isEmpty { text += "\nOut of scope: \(never.joined(separator: ", ")).\n" }
        return text
    }

    /// The fields that the original dialect does not have, by object, in the order they are met.
    var extensions: [(object: String, fields: [String])] {
        collected.entries.compactMap { name, _, shape in
            let fields = shape.fields.filter { $0.status == .ours }.map(\.name)
            return fields.isEmpty ? nil : (name, fields)
        }
    }
}

extension FieldShape {
    fileprivate var mark: String {
        switch status {
        case .required: " (required)"
        case .ours: " **ours**"
        case .optional, .notOffered: ""
        }
    }
}

extension FieldShape.Kind {
    fileprivate func inWords(_ shapes: CollectedShapes) -> String {
        switch self {
        case .string: return "text"
        case .secret: return "text (secret)"
        case .integer(let range):
            return "number, \(range.lowerBound)" + (range.upperBound == .max ? " or more" : " to \(range.upperBound)")
        case .number: return "number"
        case .boolean: return "true or false"
        case .duration: return "duration"
        case .choice(let names, _): return Suggestion.inWords(names)
        case .object(let shape):
            let name = shapes.name(of: shape)
            return "[\(name)](#\(name.lowercased()))"
        case .list(let item): return "list: " + item.inWords(shapes)
        case .map(let item): return "mapping of names: " + item.inWords(shapes)
        case .either(let kinds): return kinds.map { $0.inWords(shapes) }.joined(separator: "; or ")
        case .ours(let kind): return kind.inWords(shapes) + " (**ours**)"
        case .anything: return "anything"
        }
    }
}
