/// Finds the type of every node and what is wrong with it, without evaluating anything.
struct Checker {
    var names: NameScope<CELType>
    let unifier = Unifier()
    private(set) var issues: [CELIssue] = []
    private(set) var uses: [CELUse] = []

    /// More than anyone reads at once.
    private static let maxIssues = 20

    struct Outcome {
        /// Of the whole expression.
        let type: CELType
        let issues: [CELIssue]
        let uses: [CELUse]
    }

    static func check(_ expression: Expression, in environment: CELEnvironment) -> Outcome {
        var checker = Checker(names: NameScope(environment))
        let type = checker.type(of: expression)
        return Outcome(type: checker.unifier.resolve(type, isFinal: true), issues: checker.issues, uses: checker.uses)
    }

    private init(names: NameScope<CELType>) {
        self.names = names
    }

    /// Records an issue; what is wrong has any type, so that one mistake is one issue.
    mutating func report(
        _ kind: CELIssue.Kind, _ message: String, at expression: Expression, hint: @autoclosure () -> String? = nil
    ) -> CELType {
        guard issues.count < Self.maxIssues else { return .dyn }
        issues.append(CELIssue(kind, message, at: expression.offset, hint: hint()))
        return .dyn
    }

    mutating func note(_ part: CELUse.Part, at expression: Expression) {
        uses.append(CELUse(part: part, offset: expression.offset))
    }

    func text(_ type: CELType) -> String { unifier.resolve(type, isFinal: true).description }

    mutating func type(of expression: Expression) -> CELType {
        let type = unifier.resolve(find(expression))
        expression.type = type
        return type
    }

    private mutating func find(_ expression: Expression) -> CELType {
        switch expression.kind {
        case .literal(let value): return value.literalType
        case .name, .select(_, _, .value): return reference(expression)
        case .select(let operand, let field, .presence): return presence(operand, field, expression)
        case .select(let operand, let field, .optional):
            if case .attribute(let attribute)? = names.referent(of: operand, field: field) {
                return .optional(read(attribute, expression))
            }
            return asOptional(selection(type(of: operand), field, expression))
        case .index(let operand, let key, let isOptional): return index(operand, key, isOptional, expression)
        case .unary(let op, let operand):
            return overload(op.rawValue, OperatorSignatures.of(op), [type(of: operand)], expression)
        case .binary(let op, let left, let right): return binary(op, left, right, expression)
        case .call(let target, let function, let arguments): return call(target, function, arguments, expression)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .and(let operands), .or(let operands):
            for operand in operands { require(operand, .bool) }
            return .bool
        case .conditional(let condition, let yes, let no):
            require(condition, .bool)
            return overload("_?_:_", OperatorSignatures.conditional, [type(of: yes), type(of: no)], expression)
        case .comprehension(let it): return comprehension(it, expression)
        case .bind(let name, let value, let body):
            names.push(name, type(of: value))
            defer { names.pop() }
            return type(of: body)
        case .block(let values, let body):
            for (index, value) in values.enumerated() { names.push("@index\(index)", type(of: value)) }
            defer { names.pop(values.count) }
            return type(of: body)
        case .fallback(let attempts):
            let types = attempts.map { type(of: $0) }
            return types.dropFirst().reduce(types[0]) { unifier.join($0, $1) }
        }
    }

    mutating func require(_ expression: Expression, _ wanted: CELType) {
        let type = type(of: expression)
        guard !unifier.assign(type, to: wanted) else { return }
        _ = report(.type, "expected \(wanted), found \(text(type))", at: expression)
    }

    // MARK: - Names

    private mutating func reference(_ expression: Expression) -> CELType {
        switch names.referent(of: expression) {
        case .local(let type): return type
        case .attribute(let attribute): return read(attribute, expression)
        case .type(let type, let name):
            note(.typeName(name.rawValue), at: expression)
            return type
        case .group(let name):
            let members = (names.environment.members[name] ?? []).map { "\(name).\($0)" }
            return report(
                .unknownName, "'\(name)' is a group of values, not a value", at: expression,
                hint: "It has: \(members.joined(separator: ", ")).")
        case nil: break
        }
        switch expression.kind {
        case .select(let operand, let field, _):
            if case .group(let group)? = names.referent(of: operand) { return unknownMember(field, group, expression) }
            return selection(type(of: operand), field, expression)
        case .name(let name, _):
            let scope = names
            return report(
                .unknownName, "unknown variable '\(name)'", at: expression,
                hint: Suggestion.hint(for: name, among: scope.localNames + scope.environment.rootNames))
        default: return .dyn
        }
    }

    mutating func read(_ attribute: CELEnvironment.Attribute, _ expression: Expression) -> CELType {
        note(.attribute(attribute.path), at: expression)
        guard let refusal = attribute.refusal else { return attribute.type }
        return report(.unsupported, refusal, at: expression)
    }

    private mutating func unknownMember(_ field: String, _ group: String, _ expression: Expression) -> CELType {
        let members = names.environment.members[group] ?? []
        return report(
            .unknownName, "'\(group)' has no member '\(field)'", at: expression,
            hint: Suggestion.hint(for: field, among: members))
    }

    private mutating func presence(_ operand: Expression, _ field: String, _ expression: Expression) -> CELType {
        switch names.referent(of: operand, field: field) {
        case .attribute(let attribute):
            _ = read(attribute, expression)
            return .bool
        case .group: return .bool
        default: break
        }
        if case .group(let group)? = names.referent(of: operand) { return unknownMember(field, group, expression) }
        _ = selection(type(of: operand), field, expression)
        return .bool
    }

    /// The type of a field of a value of type `operand`.
    private mutating func selection(_ operand: CELType, _ field: String, _ expression: Expression) -> CELType {
        switch unifier.resolve(operand) {
        case .dyn: return .dyn
        case .variable:
            _ = unifier.assign(operand, to: .dyn)
            return .dyn
        case .map(let key, let value):
            if unifier.assign(.string, to: key) { return value }
            return report(.type, "the keys of \(text(operand)) are no field names", at: expression)
        case .opaque("optional_type", let parameters) where parameters.count == 1:
            return asOptional(selection(parameters[0], field, expression))
        case let other:
            return report(.type, "type '\(text(other))' does not support field selection", at: expression)
        }
    }

    func asOptional(_ type: CELType) -> CELType {
        if case .opaque("optional_type", _) = unifier.resolve(type) { return type }
        return .optional(type)
    }

    // MARK: - Aggregates

    private mutating func list(_ elements: [Expression.Element]) -> CELType {
        var joined: CELType?
        for element in elements {
            let type = element.isOptional ? unwrap(element.value) : type(of: element.value)
            joined = joined.map { unifier.join($0, type) } ?? type
        }
        return .list(joined ?? unifier.freshVariable())
    }

    private mutating func map(_ entries: [Expression.Entry]) -> CELType {
        var keys: CELType?
        var values: CELType?
        for entry in entries {
            let key = type(of: entry.key)
            if ![.bool, .int, .uint, .string, .dyn].contains(unifier.resolve(key, isFinal: true)) {
                _ = report(.type, "unsupported key type '\(text(key))'", at: entry.key)
            }
            keys = keys.map { unifier.join($0, key) } ?? key
            let value = entry.isOptional ? unwrap(entry.value) : type(of: entry.value)
            values = values.map { unifier.join($0, value) } ?? value
        }
        return .map(keys ?? unifier.freshVariable(), values ?? unifier.freshVariable())
    }

    /// The type inside an optional expression.
    private mutating func unwrap(_ expression: Expression) -> CELType {
        let type = type(of: expression)
        if case .opaque("optional_type", let parameters) = type, parameters.count == 1 { return parameters[0] }
        if case .dyn = type { return .dyn }
        return report(.type, "expected an optional, found \(text(type))", at: expression)
    }
}

extension CELValue {
    fileprivate var literalType: CELType {
        switch self {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        default: .dyn
        }
    }
}
