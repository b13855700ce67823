/// The variables of a comprehension: one for each element or key, or two for each pair.
struct LoopVariables: Sendable {
    let first: Int
    /// Slot of the second variable, or -1.
    let second: Int

    /// Sets the variables to the next element; false at the end.
    @inline(__always)
    func advance(_ walk: inout CELElements, _ ordinal: Int, _ frame: inout CELFrame) -> Bool {
        frame.spend(1)
        guard !frame.isExhausted else { return false }
        if second < 0 {
            guard let element = walk.next() else { return false }
            frame[first] = element
        } else {
            guard let (key, value) = walk.nextPair(ordinal) else { return false }
            frame[first] = key
            frame[second] = value
        }
        return true
    }
}

extension CELValue {
    /// Whether a comprehension can walk the value.
    @inline(__always)
    var isWalkable: Bool {
        switch self {
        case .list, .map, .jsonArray, .jsonObject: true
        default: false
        }
    }
}

/// `all`, `exists` and `exists_one`.
final class QuantifierNode: ConditionNode {
    enum Kind { case all, exists, one }

    private let kind: Kind
    private let range: PlanNode
    private let variables: LoopVariables
    private let body: PlanNode

    init(_ kind: Kind, _ range: PlanNode, _ variables: LoopVariables, _ body: PlanNode, _ offset: Int) {
        self.kind = kind
        self.range = range
        self.variables = variables
        self.body = body
        super.init(offset)
    }

    override func truth(_ frame: inout CELFrame) -> CELTruth {
        let values = range.evaluate(&frame)
        if case .error(let error) = values { return fail(error, &frame) }
        guard values.isWalkable else { return fail(CELEvaluationError(.noSuchOverload), &frame) }
        var walk = CELElements(values)
        return kind == .one ? exactlyOne(&walk, &frame) : absorbing(&walk, &frame)
    }

    /// The deciding outcome wins over errors of other elements.
    private func absorbing(_ walk: inout CELElements, _ frame: inout CELFrame) -> CELTruth {
        let decisive: CELTruth = kind == .all ? .no : .yes
        var failure: CELEvaluationError?
        var ordinal = 0
        while variables.advance(&walk, ordinal, &frame) {
            let outcome = body.truth(&frame)
            if outcome == decisive { return decisive }
            if outcome == .failed, failure == nil { failure = frame.failure }
            ordinal &+= 1
        }
        if let failure {
            frame.failure = failure
            return .failed
        }
        return kind == .all ? .yes : .no
    }

    private func exactlyOne(_ walk: inout CELElements, _ frame: inout CELFrame) -> CELTruth {
        var count = 0
        var ordinal = 0
        while variables.advance(&walk, ordinal, &frame) {
            switch body.truth(&frame) {
            case .yes: count += 1
            case .no: break
            case .failed: return .failed
            }
            ordinal &+= 1
        }
        return CELTruth(count == 1)
    }
}

/// `map`, `filter` and the two-variable transformations.
final class TransformNode: PlanNode {
    enum Result { case list, map, mapEntries }

    private let result: Result
    private let range: PlanNode
    private let variables: LoopVariables
    private let filter: PlanNode?
    private let body: PlanNode

    init(
        _ result: Result, _ range: PlanNode, _ variables: LoopVariables, filter: PlanNode?, _ body: PlanNode,
        _ offset: Int
    ) {
        self.result = result
        self.range = range
        self.variables = variables
        self.filter = filter
        self.body = body
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let values = range.evaluate(&frame)
        if values.isError { return values }
        guard values.isWalkable else { return failure(.noSuchOverload) }
        var walk = CELElements(values)
        return result == .list ? list(&walk, &frame) : map(&walk, &frame)
    }

    /// The next element that passes the filter; nil at the end.
    private func next(_ walk: inout CELElements, _ ordinal: inout Int, _ frame: inout CELFrame) -> CELTruth? {
        while variables.advance(&walk, ordinal, &frame) {
            ordinal += 1
            guard let filter else { return .yes }
            let outcome = filter.truth(&frame)
            if outcome != .no { return outcome }
        }
        return nil
    }

    private func list(_ walk: inout CELElements, _ frame: inout CELFrame) -> CELValue {
        var values: [CELValue] = []
        var ordinal = 0
        while let outcome = next(&walk, &ordinal, &frame) {
            if outcome == .failed { return .error(frame.failure) }
            let value = body.evaluate(&frame)
            if value.isError { return value }
            values.append(value)
        }
        return .list(values)
    }

    private func map(_ walk: inout CELElements, _ frame: inout CELFrame) -> CELValue {
        var map = CELMapBuilder()
        var ordinal = 0
        while let outcome = next(&walk, &ordinal, &frame) {
            if outcome == .failed { return .error(frame.failure) }
            let value = body.evaluate(&frame)
            if value.isError { return value }
            var entries = [(key: frame[variables.first], value: value)]
            if result == .mapEntries {
                guard let made = value.entries else { return failure(.noSuchOverload) }
                entries = made
            }
            for entry in entries {
                if let error = map.insert(entry.key, entry.value) { return .error(placed(error)) }
            }
        }
        return map.finish()
    }
}

/// `sortBy`: the elements in the order of the keys the body makes of them; equal keys keep their order.
final class SortNode: PlanNode {
    private let range: PlanNode
    private let variables: LoopVariables
    private let body: PlanNode

    init(_ range: PlanNode, _ variables: LoopVariables, _ body: PlanNode, _ offset: Int) {
        self.range = range
        self.variables = variables
        self.body = body
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let values = range.evaluate(&frame)
        if values.isError { return values }
        guard let elements = values.elements else { return failure(.noSuchOverload) }
        var walk = CELElements(values)
        var keys: [CELValue] = []
        while variables.advance(&walk, keys.count, &frame) {
            let key = body.evaluate(&frame)
            if key.isError { return key }
            keys.append(key)
        }
        guard keys.count == elements.count else { return .null }
        return located(CELValue.sorted(elements, by: keys, &frame))
    }
}

/// `optMap` and `optFlatMap`.
final class OptionalTransformNode: PlanNode {
    private let range: PlanNode
    private let slot: Int
    private let body: PlanNode
    private let isFlat: Bool

    init(_ range: PlanNode, _ slot: Int, _ body: PlanNode, isFlat: Bool, _ offset: Int) {
        self.range = range
        self.slot = slot
        self.body = body
        self.isFlat = isFlat
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        switch range.evaluate(&frame) {
        case .error(let error): return .error(error)
        case .optional(let box):
            guard let box else { return .optional(nil) }
            frame[slot] = box.value
            let value = body.evaluate(&frame)
            if value.isError || isFlat { return value }
            return .optional(CELBox(value))
        default: return failure(.noSuchOverload)
        }
    }
}

/// `cel.bind` and `with`: the value is computed when the body first reads it; an error too.
final class BindNode: PlanNode {
    private let slots: Range<Int>
    private let body: PlanNode

    init(_ slots: Range<Int>, _ body: PlanNode, _ offset: Int) {
        self.slots = slots
        self.body = body
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        for slot in slots { frame[slot] = .unset }
        return body.evaluate(&frame)
    }
}

/// Reads a bound value, computing it the first time.
final class LazyLocalNode: PlanNode {
    private let slot: Int
    private let value: PlanNode

    init(_ slot: Int, _ value: PlanNode, _ offset: Int) {
        self.slot = slot
        self.value = value
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let known = frame[slot]
        guard known.isUnset else { return known }
        let value = value.evaluate(&frame)
        frame[slot] = value
        return value
    }
}

extension CELValue {
    /// A bound value that has not been computed; never seen outside `LazyLocalNode`.
    fileprivate static let unset = CELValue.error(CELEvaluationError(.unset))

    fileprivate var isUnset: Bool {
        if case .error(let error) = self { return error.code == .unset }
        return false
    }
}
