/// A call of one argument.
final class UnaryCallNode: PlanNode {
    private let body: @Sendable (CELValue, inout CELFrame) -> CELValue
    private let argument: PlanNode

    init(_ body: @escaping @Sendable (CELValue, inout CELFrame) -> CELValue, _ argument: PlanNode, _ offset: Int) {
        self.body = body
        self.argument = argument
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        let value = argument.evaluate(&frame)
        if value.isError { return value }
        return located(body(value, &frame))
    }
}

/// A call of two arguments.
final class BinaryCallNode: PlanNode {
    private let body: @Sendable (CELValue, CELValue, inout CELFrame) -> CELValue
    private let first: PlanNode
    private let second: PlanNode

    init(
        _ body: @escaping @Sendable (CELValue, CELValue, inout CELFrame) -> CELValue,
        _ first: PlanNode, _ second: PlanNode, _ offset: Int
    ) {
        self.body = body
        self.first = first
        self.second = second
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        let a = first.evaluate(&frame)
        if a.isError { return a }
        let b = second.evaluate(&frame)
        if b.isError { return b }
        return located(body(a, b, &frame))
    }
}

/// A call of any number of arguments.
final class CallNode: PlanNode {
    private let body: CELFunction.Body
    private let arguments: [PlanNode]

    init(_ body: CELFunction.Body, _ arguments: [PlanNode], _ offset: Int) {
        self.body = body
        self.arguments = arguments
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        var values: [CELValue] = []
        values.reserveCapacity(arguments.count)
        for argument in arguments {
            let value = argument.evaluate(&frame)
            if value.isError { return value }
            values.append(value)
        }
        switch body {
        case .ternary(let body) where values.count == 3: return located(body(values[0], values[1], values[2], &frame))
        case .variadic(let body): return located(body(values, &frame))
        default: return failure(.noSuchOverload)
        }
    }
}

/// `operand.startsWith(constant)` and its kin.
final class TextTestNode: ConditionNode {
    enum Test { case prefix, suffix, part }

    private let operand: PlanNode
    private let text: CELBuffer
    private let test: Test

    init(_ test: Test, _ operand: PlanNode, _ text: CELBuffer, _ offset: Int) {
        self.test = test
        self.operand = operand
        self.text = text
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        let value = operand.evaluate(&frame)
        switch value {
        case .string(let subject):
            switch test {
            case .prefix: return CELTruth(subject.starts(with: text))
            case .suffix: return CELTruth(subject.ends(with: text))
            case .part:
                guard frame.spend(bytes: subject.count) else { return .no }
                return CELTruth(subject.firstOffset(of: text) != nil)
            }
        case .list, .jsonArray:
            guard test == .part else { return fail(CELEvaluationError(.noSuchOverload), &frame) }
            return CELTruth(Self.contains(value, text, &frame))
        case .error(let error): return fail(error, &frame)
        default: return fail(CELEvaluationError(.noSuchOverload), &frame)
        }
    }

    private static func contains(_ list: CELValue, _ text: CELBuffer, _ frame: inout CELFrame) -> Bool {
        var walk = CELElements(list)
        while let element = walk.next() {
            frame.spend(1)
            if frame.isExhausted { return false }
            if case .string(let value) = element, value == text { return true }
        }
        return false
    }
}

/// `operand in [constants]`, by look-up.
final class MembershipNode: ConditionNode {
    private let operand: PlanNode
    private let set: ConstantSet

    init(_ operand: PlanNode, _ set: ConstantSet, _ offset: Int) {
        self.operand = operand
        self.set = set
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        let value = operand.evaluate(&frame)
        if case .error(let error) = value { return fail(error, &frame) }
        return CELTruth(set.contains(value, &frame))
    }
}
