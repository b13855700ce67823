/// `a && b`: false wins over an error, an error over true.
final class AndNode: ConditionNode {
    private let left: PlanNode
    private let right: PlanNode

    init(_ left: PlanNode, _ right: PlanNode, _ offset: Int) {
        self.left = left
        self.right = right
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        let first = left.truth(&frame)
        if first == .yes { return right.truth(&frame) }
        if first == .no { return .no }
        let failure = frame.failure
        if right.truth(&frame) == .no { return .no }
        frame.failure = failure
        return .failed
    }
}

/// `a || b`: true wins over an error, an error over false.
final class OrNode: ConditionNode {
    private let left: PlanNode
    private let right: PlanNode

    init(_ left: PlanNode, _ right: PlanNode, _ offset: Int) {
        self.left = left
        self.right = right
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        let first = left.truth(&frame)
        if first == .no { return right.truth(&frame) }
        if first == .yes { return .yes }
        let failure = frame.failure
        if right.truth(&frame) == .yes { return .yes }
        frame.failure = failure
        return .failed
    }
}

final class NotNode: ConditionNode {
    private let operand: PlanNode

    init(_ operand: PlanNode, _ offset: Int) {
        self.operand = operand
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        switch operand.truth(&frame) {
        case .yes: .no
        case .no: .yes
        case .failed: .failed
        }
    }
}

final class ConditionalNode: PlanNode {
    private let condition: PlanNode
    private let yes: PlanNode
    private let no: PlanNode

    init(_ condition: PlanNode, _ yes: PlanNode, _ no: PlanNode, _ offset: Int) {
        self.condition = condition
        self.yes = yes
        self.no = no
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        switch condition.truth(&frame) {
        case .yes: yes.evaluate(&frame)
        case .no: no.evaluate(&frame)
        case .failed: .error(frame.failure)
        }
    }
}

/// The first of several values that is neither an error nor null; otherwise null if one was, or the last error.
final class FallbackNode: PlanNode {
    private let attempts: [PlanNode]

    init(_ attempts: [PlanNode], _ offset: Int) {
        self.attempts = attempts
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        var last = CELValue.null
        var sawNull = false
        for attempt in attempts {
            last = attempt.evaluate(&frame)
            switch last {
            case .null: sawNull = true
            case .error: continue
            default: return last
            }
        }
        return sawNull ? .null : last
    }
}

/// `operand == constant` where the constant is a string.
final class StringEqualityNode: ConditionNode {
    private let operand: PlanNode
    private let text: CELBuffer
    private let wanted: Bool

    init(_ operand: PlanNode, _ text: CELBuffer, wanted: Bool, _ offset: Int) {
        self.operand = operand
        self.text = text
        self.wanted = wanted
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        switch operand.evaluate(&frame) {
        case .string(let value): return CELTruth((value == text) == wanted)
        case .error(let error): return fail(error, &frame)
        default: return CELTruth(!wanted)
        }
    }
}

final class EqualityNode: ConditionNode {
    private let left: PlanNode
    private let right: PlanNode
    private let wanted: Bool

    init(_ left: PlanNode, _ right: PlanNode, wanted: Bool, _ offset: Int) {
        self.left = left
        self.right = right
        self.wanted = wanted
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        let a = left.evaluate(&frame)
        if case .error(let error) = a { return fail(error, &frame) }
        let b = right.evaluate(&frame)
        if case .error(let error) = b { return fail(error, &frame) }
        return CELTruth(frame.areEqual(a, b) == wanted)
    }
}

final class OrderNode: ConditionNode {
    private let op: Operator
    private let left: PlanNode
    private let right: PlanNode

    init(_ op: Operator, _ left: PlanNode, _ right: PlanNode, _ offset: Int) {
        self.op = op
        self.left = left
        self.right = right
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        let a = left.evaluate(&frame)
        if case .error(let error) = a { return fail(error, &frame) }
        let b = right.evaluate(&frame)
        if case .error(let error) = b { return fail(error, &frame) }
        guard frame.spend(bytes: min(a.weight, b.weight)) else { return .no }
        guard let order = a.compare(to: b) else { return fail(CELEvaluationError(.noSuchOverload), &frame) }
        return switch op {
        case .less: CELTruth(order == .less)
        case .lessOrEqual: CELTruth(order == .less || order == .equal)
        case .greater: CELTruth(order == .greater)
        default: CELTruth(order == .greater || order == .equal)
        }
    }
}

extension CELValue {
    /// About how many bytes work on the value touches; nested values are counted by their number only.
    var weight: Int {
        switch self {
        case .string(let buffer), .bytes(let buffer): buffer.count
        case .list, .jsonArray: (elementCount ?? 0) * 16
        case .map, .jsonObject: (entryCount ?? 0) * 32
        default: 0
        }
    }
}
