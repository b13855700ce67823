/// Turns a syntax tree into a plan: names become slots and attribute ids, calls on constants their results.
struct Planner {
    enum Local {
        case slot(Int)
        /// A bound value: its slot and how to compute it.
        case lazy(Int, PlanNode)
        case constant(CELValue)
    }

    var names: NameScope<Local>
    private(set) var slotCount = 0
    private(set) var attributes: Set<Int> = []

    init(_ environment: CELEnvironment) {
        names = NameScope(environment)
    }

    mutating func newSlot() -> Int {
        slotCount += 1
        return slotCount - 1
    }

    mutating func plan(_ expression: Expression) throws(CELIssue) -> PlanNode {
        let offset = expression.offset
        switch expression.kind {
        case .literal(let value): return ConstantNode(value, offset)
        case .name, .select(_, _, .value): return try reference(expression)
        case .select(let operand, let field, .presence): return try presence(operand, field, offset)
        case .select(let operand, let field, .optional):
            if case .attribute(let attribute)? = names.referent(of: operand, field: field) {
                return OptionalAttributeNode(try look(attribute, offset), offset)
            }
            return fold(OptionalSelectNode(try plan(operand), CELBuffer(field), offset), [])
        case .index(let operand, let key, let isOptional):
            return try index(operand, key, isOptional, expression)
        case .unary(let op, let operand): return try unary(op, operand, offset)
        case .binary(let op, let left, let right): return try binary(op, left, right, offset)
        case .call(let target, let function, let arguments): return try call(target, function, arguments, offset)
        case .list(let elements): return try list(elements, offset)
        case .map(let entries): return try map(entries, offset)
        case .and(let operands): return try balanced(operands[...], isAnd: true, offset)
        case .or(let operands): return try balanced(operands[...], isAnd: false, offset)
        case .conditional(let condition, let yes, let no):
            let test = try plan(condition)
            let nodes = (try plan(yes), try plan(no))
            if case .bool(let value)? = test.constant { return value ? nodes.0 : nodes.1 }
            return ConditionalNode(test, nodes.0, nodes.1, offset)
        case .comprehension(let it): return try comprehension(it, offset)
        case .bind(let name, let value, let body): return try bind([(name, value)], body, offset)
        case .block(let values, let body):
            return try bind(values.enumerated().map { ("@index\($0.offset)", $0.element) }, body, offset)
        case .fallback(let attempts): return FallbackNode(try plan(all: attempts), offset)
        }
    }

    mutating func plan(all expressions: [Expression]) throws(CELIssue) -> [PlanNode] {
        var nodes: [PlanNode] = []
        nodes.reserveCapacity(expressions.count)
        for expression in expressions { nodes.append(try plan(expression)) }
        return nodes
    }

    // MARK: - Names

    /// Notes that the plan reads the attribute; throws where it may not.
    mutating func use(
        _ attribute: CELEnvironment.Attribute, _ offset: Int
    ) throws(CELIssue) -> CELEnvironment.Attribute {
        if let refusal = attribute.refusal { throw CELIssue(.unsupported, refusal, at: offset) }
        attributes.insert(attribute.id)
        return attribute
    }

    /// The attribute, null where it has no value.
    mutating func look(_ attribute: CELEnvironment.Attribute, _ offset: Int) throws(CELIssue) -> PlanNode {
        AttributeNode(try use(attribute, offset).id, offset)
    }

    /// The attribute as an operand.
    private mutating func read(_ attribute: CELEnvironment.Attribute, _ offset: Int) throws(CELIssue) -> PlanNode {
        let node = try look(attribute, offset)
        return attribute.isOptional ? RequiredAttributeNode(node, attribute.path, offset) : node
    }

    private mutating func reference(_ expression: Expression) throws(CELIssue) -> PlanNode {
        let offset = expression.offset
        switch names.referent(of: expression) {
        case .local(.slot(let slot)): return LocalNode(slot, offset)
        case .local(.lazy(let slot, let value)): return LazyLocalNode(slot, value, offset)
        case .local(.constant(let value)): return ConstantNode(value, offset)
        case .attribute(let attribute): return try read(attribute, offset)
        case .type(_, let name): return ConstantNode(.type(name), offset)
        case .group(let name): return FailureNode(CELEvaluationError(.unknownVariable, name), offset)
        case nil: break
        }
        switch expression.kind {
        case .select(let operand, let field, _): return try select(operand, CELBuffer(field), offset)
        case .name(let name, _): return FailureNode(CELEvaluationError(.unknownVariable, name), offset)
        default: return FailureNode(CELEvaluationError(.unknownVariable), offset)
        }
    }

    private mutating func select(_ operand: Expression, _ field: CELBuffer, _ offset: Int) throws(CELIssue) -> PlanNode
    {
        if case .attribute(let attribute)? = names.referent(of: operand), attribute.type.mayBeMap {
            return AttributeEntryNode(try use(attribute, offset), field, offset)
        }
        let node = try plan(operand)
        return fold(SelectNode(node, field, offset), [node])
    }

    private mutating func presence(_ operand: Expression, _ field: String, _ offset: Int) throws(CELIssue) -> PlanNode {
        switch names.referent(of: operand, field: field) {
        case .attribute(let attribute): return AttributeIsSetNode(try look(attribute, offset), offset)
        case .group: return ConstantNode(.bool(true), offset)
        default: break
        }
        if case .attribute(let attribute)? = names.referent(of: operand), attribute.type.mayBeMap {
            return AttributePresenceNode(try use(attribute, offset), CELBuffer(field), offset)
        }
        let node = try plan(operand)
        return fold(PresenceNode(node, CELBuffer(field), offset), [node])
    }

    private mutating func index(
        _ operand: Expression, _ key: Expression, _ isOptional: Bool, _ expression: Expression
    ) throws(CELIssue) -> PlanNode {
        if case .attribute(let attribute)? = names.referent(of: expression) {
            return try read(attribute, expression.offset)
        }
        if !isOptional, case .literal(.string(let field)) = key.kind,
            case .attribute(let attribute)? = names.referent(of: operand), attribute.type.mayBeMap
        {
            return AttributeEntryNode(try use(attribute, expression.offset), field, expression.offset)
        }
        let nodes = (try plan(operand), try plan(key))
        return fold(IndexNode(nodes.0, nodes.1, isOptional: isOptional, expression.offset), [nodes.0, nodes.1])
    }

    private mutating func bind(
        _ values: [(String, Expression)], _ body: Expression, _ offset: Int
    ) throws(CELIssue) -> PlanNode {
        let first = slotCount
        for (name, value) in values {
            let node = try plan(value)
            if let constant = node.constant {
                names.push(name, .constant(constant))
            } else {
                names.push(name, .lazy(newSlot(), node))
            }
        }
        defer { names.pop(values.count) }
        let slots = first..<slotCount
        let node = try plan(body)
        return slots.isEmpty || node.constant != nil ? node : BindNode(slots, node, offset)
    }

    // MARK: - Aggregates

    private mutating func list(_ elements: [Expression.Element], _ offset: Int) throws(CELIssue) -> PlanNode {
        var parts: [ListNode.Element] = []
        for element in elements {
            parts.append(.init(node: try plan(element.value), isOptional: element.isOptional))
        }
        return fold(ListNode(parts, offset), parts.map(\.node))
    }

    private mutating func map(_ entries: [Expression.Entry], _ offset: Int) throws(CELIssue) -> PlanNode {
        var parts: [MapNode.Entry] = []
        for entry in entries {
            parts.append(
                .init(key: try plan(entry.key), value: try plan(entry.value), isOptional: entry.isOptional))
        }
        return fold(MapNode(parts, offset), parts.flatMap { [$0.key, $0.value] })
    }

    /// A balanced tree of `&&` or `||`, so that long chains don't make deep recursion.
    private mutating func balanced(
        _ operands: ArraySlice<Expression>, isAnd: Bool, _ offset: Int
    ) throws(CELIssue) -> PlanNode {
        if operands.count == 1, let only = operands.first { return try plan(only) }
        let middle = operands.startIndex + operands.count / 2
        let left = try balanced(operands[..<middle], isAnd: isAnd, offset)
        let right = try balanced(operands[middle...], isAnd: isAnd, offset)
        let node = isAnd ? AndNode(left, right, offset) : OrNode(left, right, offset)
        if case .bool(let value)? = left.constant, value != isAnd { return ConstantNode(.bool(value), offset) }
        return fold(node, [left, right])
    }
}

extension CELType {
    var isMap: Bool {
        if case .map = self { return true }
        return false
    }

    /// Whether a value of the type may have string keys.
    var mayBeMap: Bool {
        switch self {
        case .dyn, .map(.string, _), .map(.dyn, _): true
        default: false
        }
    }
}
