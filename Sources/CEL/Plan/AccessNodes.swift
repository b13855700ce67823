internal import Bytes

extension CELValue {
    /// The field of a map, or of a map inside an optional.
    @inline(__always)
    func field(_ name: CELBuffer, at node: PlanNode, missing: CELEvaluationError) -> CELValue {
        if let value = entry(named: name) { return value }
        switch self {
        case .map, .jsonObject: return .error(missing)
        case .error: return self
        case .optional(let box):
            guard let box else { return self }
            return box.value.optionalField(name, at: node)
        default: return node.failure(.noSuchMember, "\(typeName.rawValue).\(name.text)")
        }
    }

    /// The field as an optional: absent where the map has none, or this is null or an absent optional.
    func optionalField(_ name: CELBuffer, at node: PlanNode) -> CELValue {
        if let value = entry(named: name) { return .optional(CELBox(value)) }
        switch self {
        case .map, .jsonObject, .null: return .optional(nil)
        case .error: return self
        case .optional(let box): return box?.value.optionalField(name, at: node) ?? self
        default: return node.failure(.noSuchMember, "\(typeName.rawValue).\(name.text)")
        }
    }

    /// `has()` of the field.
    func hasField(_ name: CELBuffer, at node: PlanNode, _ frame: inout CELFrame) -> CELTruth {
        if entry(named: name) != nil { return .yes }
        switch self {
        case .map, .jsonObject: return .no
        case .error(let error): return node.fail(error, &frame)
        case .optional(let box): return box?.value.hasField(name, at: node, &frame) ?? .no
        default:
            return node.fail(CELEvaluationError(.noSuchMember, "\(typeName.rawValue).\(name.text)"), &frame)
        }
    }

    /// `self[key]` of a list or a map, or of one inside an optional.
    func indexed(by key: CELValue, at node: PlanNode) -> CELValue {
        switch self {
        case .list, .jsonArray:
            guard let index = key.wholeNumber else { return node.failure(.invalidArgument, "the index is no integer") }
            guard index >= 0, index < elementCount ?? 0 else { return node.failure(.indexOutOfRange, "\(index)") }
            return element(at: index)
        case .map, .jsonObject: return entry(at: key) ?? node.failure(.noSuchKey, key.debugText)
        case .optional(let box):
            guard let box else { return self }
            return box.value.optionalIndexed(by: key, at: node)
        case .error: return self
        default: return node.failure(.noSuchOverload)
        }
    }

    /// `self[?key]`
    func optionalIndexed(by key: CELValue, at node: PlanNode) -> CELValue {
        switch self {
        case .list, .jsonArray:
            guard let index = key.wholeNumber else { return node.failure(.invalidArgument, "the index is no integer") }
            guard index >= 0, index < elementCount ?? 0 else { return .optional(nil) }
            return .optional(CELBox(element(at: index)))
        case .map, .jsonObject: return .optional(entry(at: key).map { CELBox($0) })
        case .null: return .optional(nil)
        case .optional(let box): return box?.value.optionalIndexed(by: key, at: node) ?? self
        case .error: return self
        default: return node.failure(.noSuchOverload)
        }
    }

    /// The value as an index: an integer of whatever type, or nil.
    private var wholeNumber: Int? {
        switch self {
        case .int(let value): Int(value)
        case .uint(let value): Int(exactly: value) ?? .max
        case .double(let value): Int(exactly: value)
        default: nil
        }
    }
}

final class SelectNode: PlanNode {
    private let operand: PlanNode
    private let name: CELBuffer
    private let missing: CELEvaluationError

    init(_ operand: PlanNode, _ name: CELBuffer, _ offset: Int) {
        self.operand = operand
        self.name = name
        missing = .missing(name, at: offset)
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let value = operand.evaluate(&frame)
        frame.spend(1 &+ value.lookupCost)
        return value.field(name, at: self, missing: missing)
    }
}

final class OptionalSelectNode: PlanNode {
    private let operand: PlanNode
    private let name: CELBuffer

    init(_ operand: PlanNode, _ name: CELBuffer, _ offset: Int) {
        self.operand = operand
        self.name = name
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        return operand.evaluate(&frame).optionalField(name, at: self)
    }
}

final class PresenceNode: ConditionNode {
    private let operand: PlanNode
    private let name: CELBuffer

    init(_ operand: PlanNode, _ name: CELBuffer, _ offset: Int) {
        self.operand = operand
        self.name = name
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        frame.spend(1)
        return operand.evaluate(&frame).hasField(name, at: self, &frame)
    }
}

final class IndexNode: PlanNode {
    private let operand: PlanNode
    private let key: PlanNode
    private let isOptional: Bool

    init(_ operand: PlanNode, _ key: PlanNode, isOptional: Bool, _ offset: Int) {
        self.operand = operand
        self.key = key
        self.isOptional = isOptional
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        frame.spend(1)
        let value = operand.evaluate(&frame)
        if value.isError { return value }
        let key = key.evaluate(&frame)
        if key.isError { return key }
        if case .jsonArray(let array) = value { frame.spend(array.count &>> 4) }
        return isOptional ? value.optionalIndexed(by: key, at: self) : value.indexed(by: key, at: self)
    }
}

// MARK: - Aggregates

final class ListNode: PlanNode {
    struct Element {
        let node: PlanNode
        let isOptional: Bool
    }

    private let elements: [Element]

    init(_ elements: [Element], _ offset: Int) {
        self.elements = elements
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        var values: [CELValue] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            frame.spend(1)
            let value = element.node.evaluate(&frame)
            if value.isError { return value }
            guard element.isOptional else {
                values.append(value)
                continue
            }
            guard case .optional(let box) = value else { return failure(.noSuchOverload) }
            if let box { values.append(box.value) }
        }
        return .list(values)
    }
}

final class MapNode: PlanNode {
    struct Entry {
        let key: PlanNode
        let value: PlanNode
        let isOptional: Bool
    }

    private let entries: [Entry]

    init(_ entries: [Entry], _ offset: Int) {
        self.entries = entries
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        var map = CELMapBuilder()
        for entry in entries {
            frame.spend(2)
            let key = entry.key.evaluate(&frame)
            if key.isError { return key }
            var value = entry.value.evaluate(&frame)
            if value.isError { return value }
            if entry.isOptional {
                guard case .optional(let box) = value else { return failure(.noSuchOverload) }
                guard let box else { continue }
                value = box.value
            }
            if let error = map.insert(key, value) { return .error(placed(error)) }
        }
        return map.finish()
    }
}
