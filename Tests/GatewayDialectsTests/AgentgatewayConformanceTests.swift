import Foundation
import GatewayDialects
import GatewayModel
import Testing

/// agentgateway's own examples and schema, where they lie beside the checkout.
///
/// They are looked for in the folder `TOLLGATE_CONFORMANCE_DIR` names, by default
/// `../shared/conformance`, and are no part of this repository.
enum Conformance {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["TOLLGATE_CONFORMANCE_DIR"] { return URL(filePath: path) }
        var root = URL(filePath: #filePath)
        for _ in 0..<3 { root.deleteLastPathComponent() }
        return root.deletingLastPathComponent().appending(path: "shared/conformance")
    }()

    static let agentgateway = folder.appending(path: "agentgateway")

    static let isPresent: Bool = {
        let isPresent = FileManager.default.fileExists(atPath: agentgateway.path)
        if !isPresent { print("SKIPPED: agentgateway's examples are not at \(agentgateway.path)") }
        return isPresent
    }()

    /// All YAML files of the examples.
    static let files: [String] = {
        let examples = agentgateway.appending(path: "examples")
        guard isPresent, let paths = FileManager.default.enumerator(atPath: examples.path) else { return [] }
        return paths.compactMap { $0 as? String }.filter { $0.hasSuffix(".yaml") }.sorted()
    }()

    /// Those for agentgateway itself; the others are manifests and files for compose and helm.
    static let examples = files.filter { path in
        path.hasSuffix("/config.yaml")
            || (try? read("examples/\(path)"))?.contains("agentgateway.dev/schema/config") == true
    }

    static func read(_ path: String) throws -> String {
        try String(contentsOf: agentgateway.appending(path: path), encoding: .utf8)
    }
}

@Suite(.enabled(if: Conformance.isPresent)) struct `The schema of agentgateway` {
    /// Our objects and the definitions of theirs that they read.
    static let pairs: [(shape: ObjectShape, definition: String)] = AgentgatewayDialect.shapesByDefinition

    @Test func `has no field that we take for unknown`() throws {
        let data = Data(try Conformance.read("config.schema.json").utf8)
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let definitions = try #require(schema["$defs"] as? [String: [String: Any]])
        for (shape, name) in Self.pairs {
            let object = name.isEmpty ? schema : try #require(definitions[name], "no definition \(name)")
            let theirs = Self.properties(of: object)
            let known = Set(shape.fields.map(\.name))
            #expect(!theirs.isEmpty, "\(name)")
            #expect(theirs.subtracting(known).isEmpty, "\(name)")
            let claimed = shape.fields.filter { $0.status != .ours }.map(\.name)
            #expect(Set(claimed).subtracting(theirs).isEmpty, "\(name): these are ours")
            let needed = Set(object["required"] as? [String] ?? [])
            let asked =
                shape.fields.filter { $0.status == .required }.map(\.name) + shape.requiredByOriginal + shape.exactlyOne
            #expect(needed.subtracting(asked).isEmpty, "\(name): a file without these can't go back")
        }
    }

    /// Each field and value of theirs, wherever it may stand, is read or refused by name; what they do not have is
    /// marked as ours, so that `--strict-schema` refuses it.
    @Test func `has nothing that is unknown to us, and lacks nothing that we do not mark`() throws {
        let data = Data(try Conformance.read("config.schema.json").utf8)
        let schema = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var walk = SchemaWalk(schema)
        walk.compare([(.object(AgentgatewayDialect.documentShape), false)], schema, at: "")
        #expect(walk.visited > 100)
        #expect(walk.problems.sorted().joined(separator: "\n") == "")
    }

    /// The names of an object's fields, in whichever of its forms.
    private static func properties(of object: [String: Any]) -> Set<String> {
        var names = Set((object["properties"] as? [String: Any] ?? [:]).keys)
        for key in ["oneOf", "anyOf", "allOf"] {
            for form in object[key] as? [[String: Any]] ?? [] { names.formUnion(properties(of: form)) }
        }
        return names
    }
}

/// Our shapes and their schema, side by side.
private struct SchemaWalk {
    let root: [String: Any]
    var problems: Set<String> = []
    var visited = 0
    private var seen: Set<String> = []

    /// Values that stand for something else in their schema, or are refused in decoding rather than by a table.
    private static let exceptions: Set = [
        // Where their reader puts what it could not read.
        "path: invalid", "value: invalid",
        // A golden case holds that it is refused by name.
        "backendAuth: copilot",
    ]

    init(_ root: [String: Any]) { self.root = root }

    /// The plain forms of a schema, without references and alternatives.
    private func forms(_ schema: Any, depth: Int = 0) -> [[String: Any]] {
        guard let schema = schema as? [String: Any], depth < 12 else { return [] }
        var forms: [[String: Any]] = []
        if let name = (schema["$ref"] as? String)?.split(separator: "/").last,
            let definition = (root["$defs"] as? [String: Any])?[String(name)]
        {
            forms += self.forms(definition, depth: depth + 1)
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            for form in schema[key] as? [Any] ?? [] { forms += self.forms(form, depth: depth + 1) }
        }
        if forms.isEmpty || schema["properties"] != nil || schema["type"] != nil { forms.append(schema) }
        return forms
    }

    private func flat(_ kind: FieldShape.Kind, _ isOurs: Bool) -> [(FieldShape.Kind, Bool)] {
        switch kind {
        case .either(let kinds): kinds.flatMap { flat($0, isOurs) }
        case .ours(let kind): flat(kind, true)
        default: [(kind, isOurs)]
        }
    }

    mutating func compare(_ kinds: [(FieldShape.Kind, Bool)], _ schema: Any, at path: String) {
        let ours = kinds.flatMap { flat($0.0, $0.1) }
        if ours.contains(where: { if case .anything = $0.0 { true } else { false } }) { return }
        let theirs = forms(schema)
        visited += 1
        compareValues(ours, theirs, at: path)
        compareFields(ours, theirs, at: path)
        let (lists, maps) = (
            ours.compactMap { $0.0.item(ofList: true, $0.1) }, ours.compactMap { $0.0.item(ofList: false, $0.1) }
        )
        let items = theirs.compactMap { $0["items"] }
        if !items.isEmpty, !lists.isEmpty { compare(lists, ["anyOf": items], at: path + "[]") }
        let values = theirs.compactMap { $0["additionalProperties"] as? [String: Any] }
        if !values.isEmpty, !maps.isEmpty { compare(maps, ["anyOf": values], at: path + ".NAME") }
    }

    private mutating func compareValues(_ ours: [(FieldShape.Kind, Bool)], _ theirs: [[String: Any]], at path: String) {
        let values = theirs.flatMap { form in
            (form["enum"] as? [Any] ?? [form["const"]].compactMap(\.self)).compactMap { $0 as? String }
        }
        let types = Set(
            theirs.filter { $0["enum"] == nil && $0["const"] == nil }.flatMap { form in
                form["type"] as? [String] ?? [form["type"] as? String].compactMap(\.self)
            })
        let name = path.split(separator: ".").last.map(String.init) ?? ""
        var known: Set<String> = []
        var accepted: Set<String> = []
        for (kind, isOurs) in ours {
            accepted.formUnion(kind.types)
            guard case .choice(let names, let notOffered) = kind else { continue }
            known.formUnion(names + notOffered)
            guard !isOurs, !types.contains("string") else { continue }
            for value in names where !values.contains(value) { problems.insert("\(path): `\(value)` is ours") }
        }
        let isFree = accepted.contains("text")
        for value in values where !known.contains(value) && !isFree {
            if Self.exceptions.contains("\(name): \(value)") { continue }
            problems.insert("\(path): their value `\(value)` is unknown")
        }
        for type in types.subtracting(["null"]) where !accepted.contains(type) {
            problems.insert("\(path): theirs may be \(type)")
        }
    }

    private mutating func compareFields(_ ours: [(FieldShape.Kind, Bool)], _ theirs: [[String: Any]], at path: String) {
        let shapes = ours.compactMap { kind, isOurs in kind.object.map { ($0, isOurs) } }
        var properties: [String: [Any]] = [:]
        for form in theirs {
            for (name, schema) in form["properties"] as? [String: Any] ?? [:] {
                properties[name, default: []].append(schema)
            }
        }
        let key = shapes.map(\.0.name).joined() + properties.keys.sorted().joined(separator: ",")
        guard !shapes.isEmpty, !properties.isEmpty, seen.insert(key).inserted else { return }
        for (name, schemas) in properties {
            let fields = shapes.compactMap { shape, isOurs in
                shape.fields.first { $0.name == name }.map { ($0, isOurs) }
            }
            if fields.isEmpty { problems.insert("\(path).\(name): theirs is unknown") }
            guard !fields.contains(where: { $0.0.status == .notOffered }) else { continue }
            compare(fields.map { ($0.0.kind, $0.1 || $0.0.status == .ours) }, ["anyOf": schemas], at: "\(path).\(name)")
        }
        for (shape, isOurs) in shapes where !isOurs {
            for field in shape.fields where field.status != .ours && properties[field.name] == nil {
                problems.insert("\(path).\(field.name): is ours")
            }
        }
    }
}

extension FieldShape.Kind {
    fileprivate var object: ObjectShape? { if case .object(let shape) = self { shape } else { nil } }

    fileprivate func item(ofList isList: Bool, _ isOurs: Bool) -> (FieldShape.Kind, Bool)? {
        switch self {
        case .list(let item) where isList: (item, isOurs)
        case .map(let item) where !isList: (item, isOurs)
        default: nil
        }
    }

    /// The types of JSON it takes; `text`: any string.
    fileprivate var types: Set<String> {
        switch self {
        case .string, .secret, .duration: ["string", "text"]
        case .choice: ["string"]
        case .integer: ["integer", "number"]
        case .number: ["integer", "number"]
        case .boolean: ["boolean"]
        case .object, .map: ["object"]
        case .list: ["array"]
        default: []
        }
    }
}
