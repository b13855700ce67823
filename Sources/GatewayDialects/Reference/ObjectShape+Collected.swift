extension ObjectShape {
    /// The name without its article, in one word: `jwtAuthWithProviders`.
    fileprivate var definitionName: String {
        let words = name.replacing("'s ", with: " ").split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }.drop {
            ["a", "an", "the"].contains($0)
        }
        return words.enumerated().map { index, word in
            index == 0 ? String(word) : word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
    }

    /// This object and those below it, in the order they are first met, each with a name of its own.
    package var collected: CollectedShapes {
        var shapes = CollectedShapes()
        shapes.add(self, path: "")
        return shapes
    }
}

/// The objects of a dialect by name, each with the first place it may stand at.
package struct CollectedShapes {
    package private(set) var entries: [(name: String, path: String, shape: ObjectShape)] = []
    private var indices: [ShapeKey: Int] = [:]

    /// Two objects are the same one where name and fields are.
    private struct ShapeKey: Hashable {
        var name: String
        var fields: [String]

        init(_ shape: ObjectShape) {
            name = shape.name
            fields = shape.fields.map { "\($0.name) \($0.status)" }
        }
    }

    /// The name of an object that was collected.
    package func name(of shape: ObjectShape) -> String {
        indices[ShapeKey(shape)].map { entries[$0].name } ?? shape.definitionName
    }

    fileprivate mutating func add(_ shape: ObjectShape, path: String) {
        let key = ShapeKey(shape)
        guard indices[key] == nil else { return }
        indices[key] = entries.count
        let alike = entries.count { $0.shape.definitionName == shape.definitionName }
        entries.append((shape.definitionName + (alike == 0 ? "" : String(alike + 1)), path, shape))
        for field in shape.fields { add(field.kind, path: path.isEmpty ? field.name : "\(path).\(field.name)") }
    }

    private mutating func add(_ kind: FieldShape.Kind, path: String) {
        switch kind {
        case .object(let shape): add(shape, path: path)
        case .list(let item): add(item, path: path + "[]")
        case .map(let item): add(item, path: path + ".NAME")
        case .ours(let kind): add(kind, path: path)
        case .either(let kinds): for kind in kinds { add(kind, path: path) }
        case .string, .secret, .integer, .number, .boolean, .duration, .choice, .anything: break
        }
    }
}
