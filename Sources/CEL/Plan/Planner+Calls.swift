/// Operators, functions and comprehensions.
extension Planner {
    /// Steps that evaluating a constant part at compile time may take.
    private static let foldingBudget = 4096

    /// The node, or its value where all `operands` are constants and the value is no error.
    func fold(_ node: PlanNode, _ operands: [PlanNode]) -> PlanNode {
        guard !operands.isEmpty || node is ListNode || node is MapNode else { return node }
        for operand in operands where operand.constant == nil { return node }
        let budget = Self.foldingBudget + operands.count * 4
        let outcome = CELProgram.evaluate(node, slotCount: slotCount, EmptyActivation(), budget: budget)
        return outcome.isError ? node : ConstantNode(outcome, Int(node.offset))
    }

    mutating func unary(_ op: Operator, _ operand: Expression, _ offset: Int) throws(CELIssue) -> PlanNode {
        let node = try plan(operand)
        if op == .not { return fold(NotNode(node, offset), [node]) }
        return fold(UnaryCallNode({ value, _ in Arithmetic.negate(value) }, node, offset), [node])
    }

    mutating func binary(
        _ op: Operator, _ left: Expression, _ right: Expression, _ offset: Int
    ) throws(CELIssue) -> PlanNode {
        let a = try plan(left)
        if op == .in, case .string(let key)? = a.constant, case .attribute(let attribute)? = names.referent(of: right),
            attribute.type.isMap
        {
            return AttributePresenceNode(try use(attribute, offset), key, offset)
        }
        let b = try plan(right)
        return fold(Self.binary(op, a, b, offset), [a, b])
    }

    private static func binary(_ op: Operator, _ a: PlanNode, _ b: PlanNode, _ offset: Int) -> PlanNode {
        switch op {
        case .equal, .notEqual:
            let wanted = op == .equal
            if case .string(let text)? = b.constant { return StringEqualityNode(a, text, wanted: wanted, offset) }
            if case .string(let text)? = a.constant { return StringEqualityNode(b, text, wanted: wanted, offset) }
            return EqualityNode(a, b, wanted: wanted, offset)
        case .less, .lessOrEqual, .greater, .greaterOrEqual: return OrderNode(op, a, b, offset)
        case .in:
            if let elements = b.constant?.elements { return MembershipNode(a, ConstantSet(elements), offset) }
            return BinaryCallNode({ Membership.contains($1, $0, &$2) }, a, b, offset)
        case .add: return BinaryCallNode({ Arithmetic.add($0, $1, &$2) }, a, b, offset)
        case .subtract: return BinaryCallNode({ a, b, _ in Arithmetic.subtract(a, b) }, a, b, offset)
        case .multiply: return BinaryCallNode({ a, b, _ in Arithmetic.multiply(a, b) }, a, b, offset)
        case .divide: return BinaryCallNode({ a, b, _ in Arithmetic.divide(a, b) }, a, b, offset)
        case .modulo: return BinaryCallNode({ a, b, _ in Arithmetic.modulo(a, b) }, a, b, offset)
        case .not, .negate: return FailureNode(CELEvaluationError(.noSuchOverload), offset)
        }
    }

    mutating func call(
        _ target: Expression?, _ name: String, _ arguments: [Expression], _ offset: Int
    ) throws(CELIssue) -> PlanNode {
        guard let (function, isMember) = names.function(target: target, name) else {
            return FailureNode(CELEvaluationError(.unknownFunction, name), offset)
        }
        let all = isMember ? (target.map { [$0] } ?? []) + arguments : arguments
        let nodes = try plan(all: all)
        guard function.accepts(isMember: isMember, count: nodes.count), let body = function.body(for: nodes.count)
        else { return FailureNode(CELEvaluationError(.noSuchOverload, name), offset) }
        if let special = try specialised(function.name, nodes, offset) { return fold(special, nodes) }
        if isMember, nodes.count == 2, function.name == "or" || function.name == "orValue" {
            return OptionalElseNode(nodes[0], nodes[1], unwraps: function.name == "orValue", offset)
        }
        let node: PlanNode =
            switch body {
            case .unary(let body): UnaryCallNode(body, nodes[0], offset)
            case .binary(let body): BinaryCallNode(body, nodes[0], nodes[1], offset)
            default: CallNode(body, nodes, offset)
            }
        return function.isPure ? fold(node, nodes) : node
    }

    /// Nodes of their own for common calls with a constant argument.
    private func specialised(_ name: String, _ nodes: [PlanNode], _ offset: Int) throws(CELIssue) -> PlanNode? {
        guard nodes.count >= 2, case .string(let text)? = nodes[1].constant else { return nil }
        if let operation = RegexOperation(rawValue: name) {
            return RegexCallNode(operation, try regex(text, at: nodes[1]), nodes, offset)
        }
        guard nodes.count == 2 else { return nil }
        switch name {
        case "startsWith": return TextTestNode(.prefix, nodes[0], text, offset)
        case "endsWith": return TextTestNode(.suffix, nodes[0], text, offset)
        case "contains": return TextTestNode(.part, nodes[0], text, offset)
        default: return nil
        }
    }

    private func regex(_ pattern: CELBuffer, at node: PlanNode) throws(CELIssue) -> LinearRegex {
        do throws(RegexError) {
            return try LinearRegex(pattern.text)
        } catch {
            throw CELIssue(
                .type, "invalid regular expression: \(error.message) (at byte \(error.offset) of the pattern)",
                at: Int(node.offset))
        }
    }

    mutating func comprehension(_ it: Comprehension, _ offset: Int) throws(CELIssue) -> PlanNode {
        let range = try plan(it.range)
        let first = newSlot()
        names.push(it.variable, .slot(first))
        var second = -1
        if let name = it.second {
            second = newSlot()
            names.push(name, .slot(second))
        }
        defer { names.pop(it.second == nil ? 1 : 2) }
        let filter = if let filter = it.filter { try plan(filter) } else { nil as PlanNode? }
        let body = try plan(it.body)
        let variables = LoopVariables(first: first, second: second)
        return switch it.kind {
        case .all: QuantifierNode(.all, range, variables, body, offset)
        case .exists: QuantifierNode(.exists, range, variables, body, offset)
        case .existsOne: QuantifierNode(.one, range, variables, body, offset)
        case .list: TransformNode(.list, range, variables, filter: filter, body, offset)
        case .map: TransformNode(.map, range, variables, filter: filter, body, offset)
        case .mapEntries: TransformNode(.mapEntries, range, variables, filter: filter, body, offset)
        case .sort: SortNode(range, variables, body, offset)
        case .optionalMap: OptionalTransformNode(range, first, body, isFlat: false, offset)
        case .optionalFlatMap: OptionalTransformNode(range, first, body, isFlat: true, offset)
        }
    }
}

/// An activation without variables: for constants.
package struct EmptyActivation: CELActivation {
    package init() {}

    package func resolve(_ attribute: Int) -> CELValue { .null }
}
