package import Bytes

extension ObjectShape {
    /// The object and all below it as a JSON Schema (draft 2020-12).
    ///
    /// Values may hold variables (`$NAME`), which are strings wherever they stand. A field of the original dialect
    /// that is not offered has a schema that nothing satisfies, so that an editor can say why. Fields of ours have
    /// `x-tollgate: true`.
    package func jsonSchema(title: String, reasons: [String: String]) -> JSONOutput {
        let shapes = collected
        var members: [(String, JSONOutput)] = [
            ("$schema", .text("https://json-schema.org/draft/2020-12/schema")), ("title", .text(title)),
        ]
        members += body(shapes, reasons)
        let definitions = shapes.entries.dropFirst().map { name, _, shape in
            (name, JSONOutput.object(shape.body(shapes, reasons)))
        }
        members.append(("$defs", .object(Self.ownDefinitions + definitions)))
        return .object(members)
    }

    private static let ownDefinitions: [(String, JSONOutput)] = [
        (
            "variable",
            .object([
                ("description", .text("A value with environment variables in it.")), ("type", .text("string")),
                ("pattern", .text("\\$")),
            ])
        ),
        (
            "duration",
            .object([
                ("description", .text("A length of time such as 500ms, 60s, 1m30s or 12h.")), ("type", .text("string")),
                ("pattern", .text("^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$")), ("minLength", .number(2)),
            ])
        ),
    ]

    private func body(_ shapes: CollectedShapes, _ reasons: [String: String]) -> [(String, JSONOutput)] {
        var members: [(String, JSONOutput)] = [
            ("type", .text("object")),
            ("properties", .object(fields.map { ($0.name, $0.schema(shapes, reasons)) })),
        ]
        let required = fields.filter { $0.status == .required }.map(\.name)
        if !required.isEmpty { members.append(("required", .texts(required))) }
        if !exactlyOne.isEmpty {
            let forms = exactlyOne.filter { field($0).map { $0.status != .notOffered } ?? false }
            members.append(("oneOf", .array(forms.map { .object([("required", .texts([$0]))]) })))
        }
        members.append(("additionalProperties", .boolean(false)))
        return members
    }
}

extension FieldShape {
    fileprivate func schema(_ shapes: CollectedShapes, _ reasons: [String: String]) -> JSONOutput {
        guard status != .notOffered else {
            let reason = reasons[name].map { "out of scope: \($0)" } ?? "not offered yet"
            return .object([("description", .text("Part of the original dialect, \(reason).")), ("not", .object([]))])
        }
        var members = [("description", JSONOutput.text(documentation))]
        if status == .ours { members.append(("x-tollgate", .boolean(true))) }
        return .object(members + kind.schema(shapes))
    }
}

extension FieldShape.Kind {
    fileprivate func schema(_ shapes: CollectedShapes) -> [(String, JSONOutput)] {
        switch self {
        case .string: return [("type", .text("string"))]
        case .secret: return [("type", .text("string")), ("writeOnly", .boolean(true))]
        case .integer(let range):
            var members: [(String, JSONOutput)] = [("type", .text("integer")), ("minimum", .number(range.lowerBound))]
            if range.upperBound != .max { members.append(("maximum", .number(range.upperBound))) }
            return Self.orVariable(members)
        case .number: return Self.orVariable([("type", .text("number"))])
        case .boolean: return Self.orVariable([("type", .text("boolean"))])
        case .duration: return Self.orVariable([("$ref", .text("#/$defs/duration"))])
        case .choice(let names, _): return Self.orVariable([("enum", .texts(names))])
        case .object(let shape): return [("$ref", .text("#/$defs/\(shapes.name(of: shape))"))]
        case .list(let item): return [("type", .text("array")), ("items", .object(item.schema(shapes)))]
        case .map(let item): return [("type", .text("object")), ("additionalProperties", .object(item.schema(shapes)))]
        case .either(let kinds): return [("anyOf", .array(kinds.map { .object($0.schema(shapes)) }))]
        case .ours(let kind): return [("x-tollgate", .boolean(true))] + kind.schema(shapes)
        case .anything: return []
        }
    }

    private static func orVariable(_ members: [(String, JSONOutput)]) -> [(String, JSONOutput)] {
        [("anyOf", .array([.object(members), .object([("$ref", .text("#/$defs/variable"))])]))]
    }
}
