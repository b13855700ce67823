/// Operators and functions.
extension AbsenceAnalysis {
    mutating func binary(_ op: Operator, _ left: Expression, _ right: Expression) -> AbsenceFinding {
        switch op {
        case .equal, .notEqual: return equality(left, right, isEqual: op == .equal)
        case .in: return membership(left, right)
        default:
            let sides = (need(left), need(right))
            var whole = operation(op.rawValue, [sides.0, sides.1])
            establishSize(&whole, op, sides.0, right)
            return whole
        }
    }

    private mutating func equality(_ left: Expression, _ right: Expression, isEqual: Bool) -> AbsenceFinding {
        let sides = (find(left), find(right))
        var whole = operation(isEqual ? "==" : "!=", [sides.0, sides.1])
        var different: Set<Int> = []
        if case .literal(.null) = right.kind { different = sides.0.whereValue.union(sides.0.whereNotNull) }
        if case .literal(.null) = left.kind { different = sides.1.whereValue.union(sides.1.whereNotNull) }
        if isEqual { whole.whereFalse = different } else { whole.whereTrue = different }
        establishSize(&whole, isEqual ? .equal : .notEqual, sides.0, right)
        return whole
    }

    /// A key is asked of what has keys; what a list has is no index.
    private mutating func membership(_ key: Expression, _ container: Expression) -> AbsenceFinding {
        let place = find(key)
        // An attribute that is a map has no entries where it is absent.
        let asksAttribute = container.type.isMap && key.isText
        let whole = (asksAttribute ? mapAttribute(container) : nil) ?? need(container)
        var finding = operation("in", [place, whole])
        guard isName(key) || isMap(container) else { return finding }
        finding.whereTrue = whole.whereValue.union(place.mayBeNull ? [] : place.whereValue)
        finding.whereTrue.insert(numbers.element(of: whole.number, at: place.number))
        return finding
    }

    private mutating func mapAttribute(_ expression: Expression) -> AbsenceFinding? {
        guard case .attribute(let attribute)? = names.referent(of: expression) else { return nil }
        return AbsenceFinding(numbers[.attribute(attribute.path)])
    }

    // MARK: - Sizes

    /// Comparing the size of a list with a number says which of its elements are there.
    private mutating func establishSize(
        _ whole: inout AbsenceFinding, _ op: Operator, _ left: AbsenceFinding, _ right: Expression
    ) {
        guard let measured = left.measured, case .literal(.int(let bound)) = right.kind, bound >= 0,
            bound < Int64(Self.maxElements)
        else { return }
        switch op {
        case .greater: whole.whereTrue = elements(bound + 1, of: measured)
        case .greaterOrEqual: whole.whereTrue = elements(bound, of: measured)
        case .equal:
            whole.whereTrue = elements(bound, of: measured)
            if bound == 0 { whole.whereFalse = elements(1, of: measured) }
        case .notEqual:
            whole.whereFalse = elements(bound, of: measured)
            if bound == 0 { whole.whereTrue = elements(1, of: measured) }
        case .less: whole.whereFalse = elements(bound, of: measured)
        case .lessOrEqual: whole.whereFalse = elements(bound + 1, of: measured)
        default: break
        }
    }

    /// Elements that a size is looked at for.
    private static let maxElements = 64

    private mutating func elements(_ count: Int64, of list: Int) -> Set<Int> {
        var found: Set<Int> = []
        for index in 0..<count {
            guard let place = numbers.literal(.int(index)) else { break }
            found.insert(numbers.element(of: list, at: place))
        }
        return found
    }

    // MARK: - Functions

    mutating func call(
        _ target: Expression?, _ name: String, _ arguments: [Expression], _ expression: Expression
    ) -> AbsenceFinding {
        guard let (function, isMember) = names.function(target: target, name) else {
            // It is an error whatever is there.
            return AbsenceFinding(numbers.unique())
        }
        let operands = isMember ? (target.map { [$0] } ?? []) + arguments : arguments
        let forms = function.signatures.filter { $0.isMember == isMember && $0.parameters.count == operands.count }
        let isElse = isMember && ["or", "orValue"].contains(function.name)
        var whole = AbsenceFinding(0)
        var parts: [AbsenceFinding] = []
        var there: Set<Int> = []
        for (place, operand) in operands.enumerated() {
            let takesNull = isElse && place == 1 || forms.contains { $0.parameters[place].takesNull }
            let part = takesNull ? find(operand) : need(operand)
            parts.append(part)
            whole.add(part.reads)
            // The alternative is computed only where it is needed.
            if !part.mayBeNull, !(isElse && place == 1) { there.formUnion(part.whereValue) }
        }
        if function.name == "dyn", let only = parts.first { return only }
        whole.number =
            function.isPure ? numbers[.operation(function.name, parts.map(\.number))] : numbers.unique()
        whole.alsoWhereValue = there
        if isElse { whole.mayBeNull = parts.last?.mayBeNull ?? false }
        describe(function, parts, &whole)
        if function.mayFail(operands) { addRead(of: expression, &whole) }
        return whole
    }

    private mutating func describe(_ function: CELFunction, _ parts: [AbsenceFinding], _ whole: inout AbsenceFinding) {
        guard let first = parts.first else { return }
        switch function.name {
        case "size": whole.measured = first.number
        case "hasValue":
            whole.whereTrue = first.wherePresent.union([numbers[.operation("value", [first.number])]])
        case "value": whole.alsoWhereValue.formUnion(first.wherePresent)
        default: break
        }
    }

    private func addRead(of expression: Expression, _ whole: inout AbsenceFinding) {
        whole.add(
            AbsentRead(
                whole, expression, after: whole.reads,
                test: test(expression) { "default(\($0), null) != null" }))
    }
}

extension CELFunction {
    /// Whether a call on these can be an error for lack of a value.
    fileprivate func mayFail(_ operands: [Expression]) -> Bool {
        switch absence {
        case .never: return false
        case .subject:
            guard operands.count == 1, let only = operands.first else { return true }
            return ![CELType.int, .uint, .double].contains(only.type) && !only.displaysElements
        case .position:
            return operands.dropFirst().contains {
                if case .literal(.int(0)) = $0.kind { false } else { $0.type != .string }
            }
        }
    }
}

extension CELType {
    /// Whether null is as good as any value to a parameter of this type.
    fileprivate var takesNull: Bool {
        switch self {
        case .dyn, .parameter, .null: true
        default: false
        }
    }
}

extension Expression {
    var isText: Bool {
        if case .literal(.string) = kind { true } else { false }
    }

    /// Whether it is written as a list with at least one element.
    fileprivate var displaysElements: Bool {
        if case .list(let elements) = kind { elements.contains { !$0.isOptional } } else { false }
    }
}
