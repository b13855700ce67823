import Foundation
import GatewayDialects
import GatewayModel

/// As much of JSON Schema (draft 2020-12) as the schemas of the dialects use, on documents as they were read.
struct SchemaValidator {
    private let root: [String: Any]
    private let definitions: [String: Any]

    init(_ text: String) throws {
        root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
        definitions = root["$defs"] as? [String: Any] ?? [:]
    }

    /// What of a document the schema does not allow; empty where it is valid.
    func problems(of node: DocumentNode) -> [String] { problems(of: node, root) }

    private func problems(of node: DocumentNode, _ schema: Any) -> [String] {
        guard let schema = schema as? [String: Any] else {
            return schema as? Bool == false ? ["\(node.provenance): nothing may stand here"] : []
        }
        var problems: [String] = []
        if let reference = schema["$ref"] as? String {
            problems += self.problems(of: node, definitions[String(reference.dropFirst("#/$defs/".count))] ?? false)
        }
        problems += combined(node, schema) + value(node, schema)
        switch node.content {
        case .mapping(let entries): problems += mapping(node, entries, schema)
        case .sequence(let items):
            if let schema = schema["items"] { problems += items.flatMap { self.problems(of: $0, schema) } }
        case .scalar: break
        }
        return problems
    }

    private func combined(_ node: DocumentNode, _ schema: [String: Any]) -> [String] {
        var problems: [String] = []
        let place = node.provenance
        if let not = schema["not"], self.problems(of: node, not).isEmpty { problems.append("\(place): not allowed") }
        for form in schema["allOf"] as? [Any] ?? [] { problems += self.problems(of: node, form) }
        if let forms = schema["anyOf"] as? [Any] {
            let found = forms.map { self.problems(of: node, $0) }
            if let least = found.min(by: { $0.count < $1.count }), !least.isEmpty { problems += least }
        }
        if let forms = schema["oneOf"] as? [Any] {
            let found = forms.map { self.problems(of: node, $0) }
            let hits = found.count(where: \.isEmpty)
            if hits == 0 { problems += found.min { $0.count < $1.count } ?? [] }
            if hits > 1 { problems.append("\(place): several forms at once") }
        }
        return problems
    }

    private func value(_ node: DocumentNode, _ schema: [String: Any]) -> [String] {
        let place = node.provenance
        var problems: [String] = []
        let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] } ?? []
        if !types.isEmpty, !types.contains(where: { Self.isOf($0, node) }) {
            problems.append("\(place): \(node.kindInWords) is no \(types)")
        }
        guard case .scalar(let scalar) = node.content else { return problems }
        if let names = schema["enum"] as? [Any] {
            let isListed = names.contains { ($0 as? String) == scalar.text }
            if !isListed { problems.append("\(place): \(scalar.text) is none of \(names)") }
        }
        if let constant = schema["const"] as? String, constant != scalar.text {
            problems.append("\(place): not \(constant)")
        }
        if let pattern = schema["pattern"] as? String,
            scalar.text.range(of: pattern, options: .regularExpression) == nil
        {
            problems.append("\(place): \(scalar.text) does not match \(pattern)")
        }
        if let number = scalar.integer {
            if let minimum = schema["minimum"] as? Int, number < minimum { problems.append("\(place): too small") }
            if let maximum = schema["maximum"] as? Int, number > maximum { problems.append("\(place): too large") }
        }
        return problems
    }

    private static func isOf(_ type: String, _ node: DocumentNode) -> Bool {
        switch (type, node.content) {
        case ("object", .mapping), ("array", .sequence): true
        case ("string", .scalar(let scalar)): scalar.value == .text
        case ("integer", .scalar(let scalar)): scalar.integer != nil
        case ("number", .scalar(let scalar)): scalar.integer != nil || scalar.value == .otherNumber
        case ("boolean", .scalar(let scalar)): scalar.boolean != nil
        case ("null", .scalar(let scalar)): scalar.value == .null
        default: false
        }
    }

    private func mapping(_ node: DocumentNode, _ entries: [DocumentEntry], _ schema: [String: Any]) -> [String] {
        var problems: [String] = []
        for name in schema["required"] as? [String] ?? [] where !entries.contains(where: { $0.key == name }) {
            problems.append("\(node.provenance): `\(name)` is missing")
        }
        let properties = schema["properties"] as? [String: Any] ?? [:]
        for entry in entries {
            if let property = properties[entry.key] {
                problems += self.problems(of: entry.value, property)
            } else if let others = schema["additionalProperties"] {
                problems += self.problems(of: entry.value, others)
            } else if let others = schema["unevaluatedProperties"], !evaluated(by: schema).contains(entry.key) {
                problems += self.problems(of: entry.value, others)
            }
        }
        return problems
    }

    /// The names that a schema knows in whichever of its forms.
    private func evaluated(by schema: [String: Any]) -> Set<String> {
        var names = Set((schema["properties"] as? [String: Any] ?? [:]).keys)
        if let reference = schema["$ref"] as? String,
            let referred = definitions[String(reference.dropFirst("#/$defs/".count))] as? [String: Any]
        {
            names.formUnion(evaluated(by: referred))
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            for form in schema[key] as? [[String: Any]] ?? [] { names.formUnion(evaluated(by: form)) }
        }
        return names
    }
}
