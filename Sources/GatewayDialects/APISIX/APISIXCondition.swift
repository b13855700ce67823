internal import Bytes

/// Conditions in lists, `[["arg_x", "==", "1"], ["OR", …]]` (lua-resty-expr), as one expression.
struct APISIXCondition {
    /// True or false of any request: what a request does not have fulfils nothing but a negation.
    let expression: String

    /// What is wrong with a list of conditions, in APISIX's words.
    struct Problem: Error {
        var message: String

        init(_ message: String) { self.message = message }
    }

    /// - Throws: what stands in the place of conditions and is none.
    init(_ value: JSONTree, _ variables: APISIXVariables) throws(Problem) {
        let rules = value.array ?? []
        guard let first = rules.first else {
            expression = "true"
            return
        }
        if let word = first.string, Junction(word) == nil {
            throw Problem("rule should be wrapped inside brackets")
        }
        expression = try Self.compile(rules, variables)
    }

    private enum Junction: String {
        case and = "AND"
        case or = "OR"
        case notAnd = "!AND"
        case notOr = "!OR"

        init?(_ word: String) { self.init(rawValue: word.uppercased()) }

        func joining(_ parts: [String]) -> String {
            switch self {
            case .and: "(\(parts.joined(separator: " && ")))"
            case .or: "(\(parts.joined(separator: " || ")))"
            case .notAnd: "!(\(parts.joined(separator: " && ")))"
            case .notOr: "!(\(parts.joined(separator: " || ")))"
            }
        }
    }

    private static func compile(_ rules: [JSONTree], _ variables: APISIXVariables) throws(Problem) -> String {
        guard let first = rules.first else { throw Problem("rule too short") }
        if first.array != nil { return try join(rules[...], by: .and, variables) }
        if let junction = first.string.flatMap({ Junction($0) }) {
            guard rules.count > 2 else { throw Problem("rule too short") }
            return try join(rules.dropFirst(), by: junction, variables)
        }
        return try comparison(rules, variables)
    }

    private static func join(
        _ rules: ArraySlice<JSONTree>, by junction: Junction, _ variables: APISIXVariables
    ) throws(Problem) -> String {
        var parts: [String] = []
        for rule in rules { parts.append(try compile(rule.array ?? [], variables)) }
        return junction.joining(parts)
    }

    // MARK: - One comparison

    /// `[variable, operator, value]`, `[variable, "!", operator, value]` or `[variable, value]`.
    private static func comparison(_ rule: [JSONTree], _ variables: APISIXVariables) throws(Problem) -> String {
        guard let name = rule[0].string, rule.count > 1 else { throw Problem("invalid expression") }
        var rest = rule.dropFirst()
        let isReversed = rule.count == 4
        if isReversed {
            guard rest.first?.string == "!" else { throw Problem("bad 'not' expression") }
            rest = rest.dropFirst()
        }
        let word = (rest.first?.string ?? rest.first?.text ?? "").lowercased()
        let value: JSONTree
        let operation: Operation
        if let known = Operation(rawValue: word) {
            operation = known
            value = rest.dropFirst().first ?? .null
        } else if rest.count == 1, let only = rest.first {
            (operation, value) = (.equal, only)
        } else {
            throw Problem("invalid operator '\(word)'")
        }
        let test = try operation.test(try APISIXOperand(name, variables), value)
        return isReversed ? "!\(test)" : test
    }

    private enum Operation: String {
        case equal = "=="
        case unequal = "~="
        case more = ">"
        case atLeast = ">="
        case less = "<"
        case atMost = "<="
        case matches = "~~"
        case matchesAnyCase = "~*"
        case among = "in"
        case has
        case ipMatch = "ipmatch"

        func test(_ operand: APISIXOperand, _ value: JSONTree) throws(Problem) -> String {
            switch self {
            case .equal: return operand.equals(value)
            case .unequal: return "!\(operand.equals(value))"
            case .more, .atLeast, .less, .atMost:
                guard let bound = value.number ?? value.string.flatMap(Double.init) else { return "false" }
                return operand.holds("double(\(operand.text)) \(rawValue) double(\(bound))")
            case .matches, .matchesAnyCase:
                guard let pattern = value.string else { throw Problem("invalid expression") }
                let flag = self == .matches ? "" : "(?i)"
                return operand.holds("\(operand.text).matches(\((flag + pattern).celLiteral))")
            case .among:
                let items = value.array ?? []
                let isText = items.allSatisfy { $0.string != nil }
                let list = items.map(\.text).joined(separator: ", ")
                return operand.holds("\(isText ? operand.text : "dyn(\(operand.text))") in [\(list)]")
            case .has: return operand.holds("\(operand.listText).exists(e, e == \(value.text))")
            case .ipMatch:
                let networks = value.array?.compactMap(\.string) ?? [value.string].compactMap(\.self)
                guard !networks.isEmpty, networks.allSatisfy(APISIXAddresses.isNetwork) else {
                    throw Problem("invalid ip address")
                }
                return operand.holds(APISIXAddresses.condition(operand.text, isAmong: networks))
            }
        }
    }
}

/// The left side of a comparison.
struct APISIXOperand {
    /// Of a string, or of whatever a path into a body leads to.
    let text: String

    /// - Throws: a path into a body that is none.
    init(_ name: String, _ variables: APISIXVariables) throws(APISIXCondition.Problem) {
        let prefix = "post_arg."
        if name.hasPrefix(prefix) {
            guard let path = APISIXBodyPath(String(name.dropFirst(prefix.count))) else {
                throw APISIXCondition.Problem("invalid expression")
            }
            text = path.expression
        } else {
            text = variables.expression(name).map { "(\($0))" } ?? "dyn(fail())"
        }
    }

    /// What holds only where there is a value, and a fitting one.
    func holds(_ test: String) -> String { "default(\(test), false)" }

    /// Nothing, where it is no list.
    var listText: String { "dyn(\(text))" }

    func equals(_ value: JSONTree) -> String {
        switch value {
        case .null: "!default(dyn(\(text)) != null, false)"
        case .number: holds("double(\(text)) == double(\(value.text))")
        case .string: holds("\(text) == \(value.text)")
        case .boolean: holds("dyn(\(text)) == \(value.text)")
        case .array, .object: "false"
        }
    }
}
