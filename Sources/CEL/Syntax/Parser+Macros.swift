/// Macros: calls that are syntax, expanded where they stand.
extension Parser {
    mutating func call(
        target: Expression?, _ function: String, _ arguments: [Expression], at offset: Int
    ) throws(CELIssue) -> Expression {
        if let target {
            if let expanded = try memberMacro(target, function, arguments, at: offset) {
                note(macro: "\(function)/\(arguments.count)", at: offset)
                return expanded
            }
            if case .name("math", _) = target.kind, function == "greatest" || function == "least", arguments.count > 1 {
                return try extreme(function, arguments, at: offset)
            }
            if case .name("cel", _) = target.kind,
                let expanded = try bindingMacro(function, arguments, at: offset)
            {
                note(macro: "cel.\(function)", at: offset)
                return expanded
            }
        } else if let expanded = try globalMacro(function, arguments, at: offset) {
            note(macro: function, at: offset)
            return expanded
        }
        return try make(.call(target: target, function: function, arguments), at: offset)
    }

    private mutating func globalMacro(
        _ function: String, _ arguments: [Expression], at offset: Int
    ) throws(CELIssue) -> Expression? {
        switch (function, arguments.count) {
        case ("has", 1):
            guard case .select(let operand, let field, .value) = arguments[0].kind else {
                throw CELIssue(
                    .syntax, "has() takes a field selection such as has(a.b)", at: arguments[0].offset,
                    hint: arguments[0].isIndex ? "A key in brackets is asked for with 'in': \"b-c\" in a." : nil)
            }
            return try make(.select(operand, field: field, .presence), at: arguments[0].offset)
        case ("default", 2), ("coalesce", 1...):
            return try make(.fallback(arguments), at: offset)
        case ("max", 1...): return try extreme("greatest", arguments, at: offset)
        case ("min", 1...): return try extreme("least", arguments, at: offset)
        default: return nil
        }
    }

    /// `math.greatest` or `math.least` of one argument: several become a list.
    private mutating func extreme(
        _ function: String, _ arguments: [Expression], at offset: Int
    ) throws(CELIssue) -> Expression {
        var argument = arguments[0]
        if arguments.count > 1 {
            argument = try make(.list(arguments.map { .init(value: $0, isOptional: false) }), at: offset)
        }
        return try make(.call(target: nil, function: "math.\(function)", [argument]), at: offset)
    }

    private mutating func bindingMacro(
        _ function: String, _ arguments: [Expression], at offset: Int
    ) throws(CELIssue) -> Expression? {
        switch (function, arguments.count) {
        case ("bind", 3):
            return try make(.bind(try variable(arguments[0]), arguments[1], arguments[2]), at: offset)
        case ("block", 2):
            guard case .list(let elements) = arguments[0].kind, elements.allSatisfy({ !$0.isOptional }) else {
                throw CELIssue(.syntax, "cel.block() takes a list of expressions", at: arguments[0].offset)
            }
            return try make(.block(elements.map(\.value), arguments[1]), at: offset)
        case ("index", 1):
            return try make(.name("@index\(try constantIndex(arguments[0]))", isAbsolute: false), at: offset)
        case ("iterVar", 2), ("accuVar", 2):
            let name = "@\(function):\(try constantIndex(arguments[0])):\(try constantIndex(arguments[1]))"
            return try make(.name(name, isAbsolute: false), at: offset)
        default: return nil
        }
    }

    private func constantIndex(_ argument: Expression) throws(CELIssue) -> Int64 {
        guard case .literal(.int(let value)) = argument.kind, value >= 0 else {
            throw CELIssue(.syntax, "expected a non-negative number", at: argument.offset)
        }
        return value
    }

    /// The plain name that a macro takes as its variable.
    private func variable(_ argument: Expression) throws(CELIssue) -> String {
        guard case .name(let name, isAbsolute: false) = argument.kind else {
            throw CELIssue(.syntax, "expected the name of a variable", at: argument.offset)
        }
        return name
    }

    private mutating func memberMacro(
        _ target: Expression, _ function: String, _ arguments: [Expression], at offset: Int
    ) throws(CELIssue) -> Expression? {
        if function == "with", arguments.count == 2 {
            return try make(.bind(try variable(arguments[0]), target, arguments[1]), at: offset)
        }
        guard let shape = MacroShape.find(function, arguments.count) else { return nil }
        let first = try variable(arguments[0])
        let second = try shape.hasSecond ? variable(arguments[1]) : shape.hiddenSecond
        if first == second {
            throw CELIssue(.syntax, "the two variables need different names", at: arguments[1].offset)
        }
        let named = shape.hasSecond ? 2 : 1
        let rest = arguments.dropFirst(named)
        let hasFilter = shape.filtersOnly || rest.count == 2
        var filter = hasFilter ? rest.first : nil
        if shape.negatesFilter, let condition = filter { filter = try make(.unary(.not, condition), at: offset) }
        let body = shape.filtersOnly ? try make(.name(second ?? first, isAbsolute: false), at: offset) : rest.last
        guard let body else { return nil }
        let it = Comprehension(
            kind: shape.kind, range: target, variable: shape.swapsVariables ? second ?? first : first,
            second: shape.swapsVariables ? first : second, filter: filter, body: body)
        let node = try make(.comprehension(it), at: offset)
        guard node.comprehensionDepth <= limits.maxComprehensionDepth else {
            throw CELIssue(.limit, "comprehensions nest too deeply", at: offset)
        }
        return node
    }
}

/// What the arguments of a comprehension macro are.
private struct MacroShape {
    let kind: Comprehension.Kind
    var hasSecond = false
    /// The argument behind the variables is a filter and the element itself the result.
    var filtersOnly = false
    /// The filter says what goes.
    var negatesFilter = false
    /// A second variable that the author does not name.
    var hiddenSecond: String?
    /// The named variable is the second one (the value), the hidden one the first (the key).
    var swapsVariables = false

    static func find(_ function: String, _ count: Int) -> MacroShape? {
        switch (function, count) {
        case ("all", 2): MacroShape(kind: .all)
        case ("all", 3): MacroShape(kind: .all, hasSecond: true)
        case ("exists", 2): MacroShape(kind: .exists)
        case ("exists", 3): MacroShape(kind: .exists, hasSecond: true)
        case ("exists_one", 2), ("existsOne", 2): MacroShape(kind: .existsOne)
        case ("exists_one", 3), ("existsOne", 3): MacroShape(kind: .existsOne, hasSecond: true)
        case ("map", 2), ("map", 3): MacroShape(kind: .list)
        case ("filter", 2): MacroShape(kind: .list, filtersOnly: true)
        case ("transformList", 3), ("transformList", 4): MacroShape(kind: .list, hasSecond: true)
        case ("transformMap", 3), ("transformMap", 4): MacroShape(kind: .map, hasSecond: true)
        case ("transformMapEntry", 3), ("transformMapEntry", 4): MacroShape(kind: .mapEntries, hasSecond: true)
        case ("optMap", 2): MacroShape(kind: .optionalMap)
        case ("optFlatMap", 2): MacroShape(kind: .optionalFlatMap)
        case ("sortBy", 2): MacroShape(kind: .sort)
        case ("mapValues", 2): MacroShape(kind: .map, hiddenSecond: "@key", swapsVariables: true)
        case ("filterKeys", 2): MacroShape(kind: .map, filtersOnly: true, hiddenSecond: "@value")
        case ("removeKeys", 2):
            MacroShape(kind: .map, filtersOnly: true, negatesFilter: true, hiddenSecond: "@value")
        default: nil
        }
    }
}
