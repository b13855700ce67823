/// The outcome of a condition. Behind `failed` stands `CELFrame.failure`.
enum CELTruth: UInt8 {
    case no, yes, failed

    @inline(__always)
    init(_ value: Bool) { self = value ? .yes : .no }
}

/// A step of a plan: everything that can be known before the evaluation is resolved.
///
/// Immutable once built, in every subclass: programs are shared between threads. A subclass overrides `evaluate`, or
/// `truth` and inherits from `ConditionNode`.
class PlanNode {
    /// Byte offset in the source, for errors.
    let offset: Int32

    init(_ offset: Int) {
        self.offset = Int32(truncatingIfNeeded: offset)
    }

    func evaluate(_ frame: inout CELFrame) -> CELValue { .null }

    /// The value as a condition; what is no boolean fails.
    func truth(_ frame: inout CELFrame) -> CELTruth {
        switch evaluate(&frame) {
        case .bool(let value): return CELTruth(value)
        case .error(let error): return fail(error, &frame)
        default: return fail(CELEvaluationError(.noSuchOverload, at: offset), &frame)
        }
    }

    /// The value where it is known at compile time.
    var constant: CELValue? { nil }

    @inline(__always)
    final func fail(_ error: CELEvaluationError, _ frame: inout CELFrame) -> CELTruth {
        frame.failure = placed(error)
        return .failed
    }

    final func placed(_ error: CELEvaluationError) -> CELEvaluationError {
        guard error.offset < 0 else { return error }
        var error = error
        error.offset = offset
        return error
    }

    final func failure(_ code: CELEvaluationError.Code) -> CELValue { .error(CELEvaluationError(code, at: offset)) }

    final func failure(_ code: CELEvaluationError.Code, _ detail: String) -> CELValue {
        .error(placed(CELEvaluationError(code, detail)))
    }

    /// The value, with the place of this node where it is an error without one.
    @inline(__always)
    final func located(_ value: CELValue) -> CELValue {
        if case .error(let error) = value { return .error(placed(error)) }
        return value
    }
}

/// A node whose value is a boolean or an error.
class ConditionNode: PlanNode {
    final override func evaluate(_ frame: inout CELFrame) -> CELValue {
        switch truth(&frame) {
        case .yes: .bool(true)
        case .no: .bool(false)
        case .failed: .error(frame.failure)
        }
    }
}

final class ConstantNode: PlanNode {
    private let value: CELValue

    init(_ value: CELValue, _ offset: Int) {
        self.value = value
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue { value }

    override var constant: CELValue? { value }
}

/// Always an error: what names nothing in an expression that is not checked.
final class FailureNode: PlanNode {
    private let error: CELEvaluationError

    init(_ error: CELEvaluationError, _ offset: Int) {
        self.error = error
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue { .error(placed(error)) }
}

// MARK: - Variables

final class LocalNode: PlanNode {
    private let slot: Int

    init(_ slot: Int, _ offset: Int) {
        self.slot = slot
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue { frame[slot] }
}

final class AttributeNode: PlanNode {
    let attribute: Int

    init(_ attribute: Int, _ offset: Int) {
        self.attribute = attribute
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        return frame.resolve(attribute)
    }
}

/// An attribute that may have no value, read where one is needed.
final class RequiredAttributeNode: PlanNode {
    private let operand: PlanNode
    private let missing: CELEvaluationError

    init(_ operand: PlanNode, _ path: String, _ offset: Int) {
        self.operand = operand
        missing = .missing(CELBuffer(path), at: offset)
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let value = operand.evaluate(&frame)
        if case .null = value { return .error(missing) }
        return value
    }
}

/// `attribute.key` of an attribute that is a map, without making the map.
final class AttributeEntryNode: PlanNode {
    let attribute: Int
    private let key: CELBuffer
    private let missing: CELEvaluationError
    /// Whether the value is known to be a map, so that an entry it does not have is all there is to say.
    private let isMap: Bool

    init(_ attribute: CELEnvironment.Attribute, _ key: CELBuffer, _ offset: Int) {
        self.attribute = attribute.id
        self.key = key
        isMap = attribute.type.isMap
        missing = .missing(key, at: offset)
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        if let value = frame.resolve(attribute, key: key) { return value }
        if isMap { return .error(missing) }
        return frame.resolve(attribute).field(key, at: self, missing: missing)
    }
}

/// `has(attribute.key)`; false where the attribute has no value.
final class AttributePresenceNode: ConditionNode {
    private let attribute: Int
    private let key: CELBuffer
    private let isMap: Bool

    init(_ attribute: CELEnvironment.Attribute, _ key: CELBuffer, _ offset: Int) {
        self.attribute = attribute.id
        self.key = key
        isMap = attribute.type.isMap
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        if frame.resolve(attribute, key: key) != nil { return .yes }
        if isMap { return .no }
        switch frame.resolve(attribute) {
        case .null: return .no
        case let value: return value.hasField(key, at: self, &frame)
        }
    }
}

/// `has(group.member)` of a declared member: whether it has a value.
final class AttributeIsSetNode: ConditionNode {
    private let operand: PlanNode

    init(_ operand: PlanNode, _ offset: Int) {
        self.operand = operand
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        switch operand.evaluate(&frame) {
        case .null: .no
        case .error(let error): fail(error, &frame)
        default: .yes
        }
    }
}

/// A declared member as an optional: `group.?member`.
final class OptionalAttributeNode: PlanNode {
    private let operand: PlanNode

    init(_ operand: PlanNode, _ offset: Int) {
        self.operand = operand
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        switch operand.evaluate(&frame) {
        case .null: .optional(nil)
        case .error(let error): .error(error)
        case let value: .optional(CELBox(value))
        }
    }
}
