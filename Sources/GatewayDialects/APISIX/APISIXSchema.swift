package import Bytes

/// What a value of a document has to look like: one table that documents are checked against and that is published.
///
/// The messages are those of the JSON Schema library that Apache APISIX is built on, as scripts compare them.
package indirect enum APISIXSchema: Sendable {
    case string(Text = Text())
    case integer(min: Int? = nil, max: Int? = nil, default: Int? = nil)
    /// 1 or 0.
    case flag(default: Int? = nil)
    case number(moreThan: Double? = nil, min: Double? = nil)
    case boolean(default: Bool? = nil)
    case array(
        of: APISIXSchema, minItems: Int = 0, maxItems: Int? = nil, isUnique: Bool = false, default: JSONTree? = nil)
    case object(Object)
    /// Any one of these.
    case either([APISIXSchema])
    /// Any one of these, which exclude each other.
    case one([APISIXSchema])
    case anything
    /// An object whose content is checked elsewhere.
    case plugins
    /// Part of APISIX; refused by name.
    case notOffered(String)
    /// What APISIX does not have.
    case ours(APISIXSchema)

    package struct Text: Sendable {
        package var minLength: Int?
        package var maxLength: Int?
        package var pattern: Pattern?
        /// Empty: any text.
        package var choices: [String] = []
        /// Of these the ones that this version offers; empty: all.
        package var offered: [String] = []
        package var fallback: String?

        package init(
            min: Int? = nil, max: Int? = nil, _ pattern: Pattern? = nil, choices: [String] = [],
            offered: [String] = [], default fallback: String? = nil
        ) {
            minLength = min
            maxLength = max
            self.pattern = pattern
            self.choices = choices
            self.offered = offered
            self.fallback = fallback
        }
    }

    package struct Object: Sendable {
        package var fields: [(name: String, schema: APISIXSchema)]
        package var required: [String]
        /// Of members whose names are not among the fields; nil: such members are kept and ignored.
        package var others: Others
        /// Any one of these lists of members has to be there.
        package var requiresAnyOf: [[String]]
        /// Exactly one of these members has to be there.
        package var requiresOneOf: [String]
        /// What clients show it as; nil: nothing.
        package var title: String?
        package var minProperties: Int
        package var maxProperties: Int?

        package enum Others: Sendable {
            case ignored
            case forbidden
            case all(APISIXSchema)
        }

        package init(
            _ fields: [(String, APISIXSchema)], required: [String] = [], others: Others = .ignored,
            anyOf: [[String]] = [], oneOf: [String] = [], minProperties: Int = 0, maxProperties: Int? = nil,
            title: String? = nil
        ) {
            self.title = title
            self.fields = fields.map { (name: $0.0, schema: $0.1) }
            self.required = required
            self.others = others
            requiresAnyOf = anyOf
            requiresOneOf = oneOf
            self.minProperties = minProperties
            self.maxProperties = maxProperties
        }
    }

    /// A pattern with what matches it: hostile text never meets a backtracking engine.
    package struct Pattern: Sendable {
        package var text: String
        package var matches: @Sendable (String) -> Bool

        package init(_ text: String, _ matches: @escaping @Sendable (String) -> Bool) {
            self.text = text
            self.matches = matches
        }
    }
}

extension APISIXSchema {
    /// What is wrong with the value, in APISIX's words; nil where nothing is.
    package func problem(_ value: JSONTree) -> String? {
        switch self {
        case .anything: return nil
        case .ours(let schema): return schema.problem(value)
        case .notOffered(let hint): return "is part of APISIX and not offered in this version; \(hint)"
        case .string(let text): return text.problem(value)
        case .integer(let min, let max, _): return Self.integerProblem(value, min: min, max: max)
        case .flag:
            return Self.integerProblem(value, min: nil, max: nil)
                ?? ([0, 1].contains(value.integer) ? nil : "matches none of the enum values")
        case .number(let moreThan, let min):
            guard let number = value.number else { return Self.wrongType("number", value) }
            if let moreThan, number <= moreThan {
                return "expected \(Self.lua(value)) to be greater than \(Self.lua(moreThan))"
            }
            if let min, number < min { return "expected \(Self.lua(value)) to be at least \(Self.lua(min))" }
            return nil
        case .boolean: return value.boolean == nil ? Self.wrongType("boolean", value) : nil
        case .array(let item, let minItems, let maxItems, let isUnique, _):
            return Self.arrayProblem(value, of: item, minItems: minItems, maxItems: maxItems, isUnique: isUnique)
        case .object(let object): return object.problem(value)
        case .plugins: return value.object == nil ? Self.wrongType("object", value) : nil
        case .either(let schemas):
            if schemas.contains(where: { $0.problem(value) == nil }) { return nil }
            return "object matches none of the required"
        case .one(let schemas):
            if schemas.contains(where: { $0.problem(value) == nil }) { return nil }
            return "value should match only one schema, but matches none"
        }
    }

    private static func integerProblem(_ value: JSONTree, min: Int?, max: Int?) -> String? {
        guard value.number != nil, let integer = value.integer else { return wrongType("integer", value) }
        if let min, integer < min { return "expected \(integer) to be at least \(min)" }
        if let max, integer > max { return "expected \(integer) to be at most \(max)" }
        return nil
    }

    private static func arrayProblem(
        _ value: JSONTree, of item: APISIXSchema, minItems: Int, maxItems: Int?, isUnique: Bool
    ) -> String? {
        // To Lua an empty object is an empty list.
        if let members = value.object, members.isEmpty, minItems == 0 { return nil }
        guard let items = value.array else { return wrongType("array", value) }
        if items.count < minItems { return "expect array to have at least \(minItems) items" }
        if let maxItems, items.count > maxItems { return "expect array to have at most \(maxItems) items" }
        for (index, value) in items.enumerated() {
            if let problem = item.problem(value) { return "failed to validate item \(index + 1): \(problem)" }
        }
        guard isUnique else { return nil }
        for (index, value) in items.enumerated() {
            if let earlier = items[..<index].firstIndex(of: value) {
                return "expected unique items but items \(earlier + 1) and \(index + 1) are equal"
            }
        }
        return nil
    }

    static func wrongType(_ expected: String, _ value: JSONTree) -> String {
        "wrong type: expected \(expected), got \(luaType(value))"
    }

    static func luaType(_ value: JSONTree) -> String {
        switch value {
        case .null: "userdata"
        case .boolean: "boolean"
        case .number: "number"
        case .string: "string"
        case .array, .object: "table"
        }
    }

    private static func lua(_ value: JSONTree) -> String { lua(value.number ?? 0) }

    private static func lua(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? "\(number)"
    }
}

extension APISIXSchema.Text {
    fileprivate func problem(_ value: JSONTree) -> String? {
        guard let text = value.string else { return APISIXSchema.wrongType("string", value) }
        if !choices.isEmpty, !choices.contains(text) { return "matches none of the enum values" }
        if !offered.isEmpty, !offered.contains(text) {
            return "`\(text)` is part of APISIX and not offered in this version; offered: "
                + offered.joined(separator: ", ")
        }
        let count = text.unicodeScalars.count
        if let minLength, count < minLength {
            return "string too short, expected at least \(minLength), got \(count)"
        }
        if let maxLength, count > maxLength {
            return "string too long, expected at most \(maxLength), got \(count)"
        }
        if let pattern, !pattern.matches(text) {
            return "failed to match pattern \"\(pattern.text)\" with \"\(text)\""
        }
        return nil
    }
}

extension APISIXSchema.Object {
    fileprivate func problem(_ value: JSONTree) -> String? {
        // To Lua an empty list is an empty object.
        let members = value.object ?? (value.array?.isEmpty == true ? JSONObjectTree() : nil)
        guard let members else { return APISIXSchema.wrongType("object", value) }
        for name in required where members[name] == nil { return "property \"\(name)\" is required" }
        if members.count < minProperties {
            return "expect object to have at least \(minProperties) properties"
        }
        if let maxProperties, members.count > maxProperties {
            return "expect object to have at most \(maxProperties) properties"
        }
        for (name, schema) in fields {
            guard let value = members[name] else { continue }
            if case .notOffered = schema {
                // A switch that is off asks for nothing.
                if value.boolean == false { continue }
                return "property \"\(name)\" \(schema.problem(value) ?? "")"
            }
            if let problem = schema.problem(value) {
                return "property \"\(name)\" validation failed: \(problem)"
            }
        }
        for (name, value) in members.entries where !fields.contains(where: { $0.name == name }) {
            switch others {
            case .ignored: continue
            case .forbidden: return "additional properties forbidden, found \(name)"
            case .all(let schema):
                if let problem = schema.problem(value) {
                    return "failed to validate \(name) (matching \".*\"): \(problem)"
                }
            }
        }
        if let problem = alternativesProblem(members) { return problem }
        guard !requiresAnyOf.isEmpty else { return nil }
        let isThere = requiresAnyOf.contains { $0.allSatisfy { members[$0] != nil } }
        return isThere
            ? nil
            : "object matches none of the required: "
                + requiresAnyOf.map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }
                .joined(separator: " or ")
    }

    private func alternativesProblem(_ members: JSONObjectTree) -> String? {
        let present = requiresOneOf.indices.filter { members[requiresOneOf[$0]] != nil }
        if requiresOneOf.isEmpty || present.count == 1 { return nil }
        let found = present.isEmpty ? "none" : "both schemas \(present[0] + 1) and \(present[1] + 1)"
        return "value should match only one schema, but matches \(found)"
    }
}

// MARK: - Published form

extension APISIXDialect {
    /// The schemas of all resources by their collection, as one JSON Schema document.
    package static var jsonSchema: String {
        let schemas = APISIXKind.allCases.map { ($0.collection, $0.schema.json) }
        let document: JSONTree = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": .object(JSONObjectTree(schemas)),
        ]
        return JSONOutput(document).rendered() + "\n"
    }
}

extension APISIXSchema {
    /// The same as JSON Schema.
    package var json: JSONTree {
        switch self {
        case .anything: return [:]
        case .notOffered(let hint): return ["not": [:], "description": .string(hint)]
        case .ours(let schema): return schema.json
        case .plugins: return ["type": "object"]
        case .string(let text): return text.json
        case .integer(let min, let max, let fallback):
            var members = JSONObjectTree([("type", "integer")])
            members["minimum"] = min.map { .integer(Int64($0)) }
            members["maximum"] = max.map { .integer(Int64($0)) }
            members["default"] = fallback.map { .integer(Int64($0)) }
            return .object(members)
        case .flag(let fallback):
            var members = JSONObjectTree([("type", "integer"), ("enum", [1, 0])])
            members["default"] = fallback.map { .integer(Int64($0)) }
            return .object(members)
        case .number(let moreThan, let min):
            var members = JSONObjectTree([("type", "number")])
            members["exclusiveMinimum"] = moreThan.map { .number(Self.lua($0)) }
            members["minimum"] = min.map { .number(Self.lua($0)) }
            return .object(members)
        case .boolean(let fallback):
            var members = JSONObjectTree([("type", "boolean")])
            members["default"] = fallback.map { .boolean($0) }
            return .object(members)
        case .array(let item, let minItems, let maxItems, let isUnique, let fallback):
            var members = JSONObjectTree([("type", "array"), ("items", item.json)])
            members["maxItems"] = maxItems.map { .integer(Int64($0)) }
            if minItems > 0 { members["minItems"] = .integer(Int64(minItems)) }
            if isUnique { members["uniqueItems"] = true }
            members["default"] = fallback
            return .object(members)
        case .object(let object): return object.json
        case .either(let schemas): return ["anyOf": .array(schemas.map(\.json))]
        case .one(let schemas): return ["oneOf": .array(schemas.map(\.json))]
        }
    }
}

extension APISIXSchema.Text {
    fileprivate var json: JSONTree {
        var members = JSONObjectTree([("type", "string")])
        members["minLength"] = minLength.map { .integer(Int64($0)) }
        members["maxLength"] = maxLength.map { .integer(Int64($0)) }
        members["pattern"] = pattern.map { .string($0.text) }
        if !choices.isEmpty { members["enum"] = .array(choices.map { .string($0) }) }
        members["default"] = fallback.map { .string($0) }
        return .object(members)
    }
}

extension APISIXSchema.Object {
    fileprivate var json: JSONTree {
        var members = JSONObjectTree([("type", "object")])
        members["title"] = title.map { .string($0) }
        let properties = fields.map { ($0.name, $0.schema.json) }
        if !properties.isEmpty { members["properties"] = .object(JSONObjectTree(properties)) }
        if !required.isEmpty { members["required"] = .array(required.map { .string($0) }) }
        switch others {
        case .ignored: break
        case .forbidden: members["additionalProperties"] = false
        case .all(let schema): members["patternProperties"] = .object(JSONObjectTree([(".*", schema.json)]))
        }
        if !requiresOneOf.isEmpty {
            members["oneOf"] = .array(requiresOneOf.map { ["required": [.string($0)]] })
        }
        if minProperties > 0 { members["minProperties"] = .integer(Int64(minProperties)) }
        members["maxProperties"] = maxProperties.map { .integer(Int64($0)) }
        return .object(members)
    }
}
