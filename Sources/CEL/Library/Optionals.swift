/// Optional values. `or` and `orValue` are planned as nodes of their own: they evaluate their argument only
/// where it is needed.
extension CELLibrary {
    static let optionals: [CELFunction] = [
        CELFunction("optional.of", "(V) -> optional(V)", do: .unary { value, _ in .optional(CELBox(value)) }),
        CELFunction("optional.none", "() -> optional(V)", do: .variadic { _, _ in .optional(nil) }),
        CELFunction(
            "optional.ofNonZeroValue", "(V) -> optional(V)",
            do: .unary { value, _ in .optional(value.isZero ? nil : CELBox(value)) }),
        CELFunction(
            "hasValue", "optional(V).() -> bool",
            do: .unary { value, _ in
                guard case .optional(let box) = value else { return .noSuchOverload }
                return .bool(box != nil)
            }),
        CELFunction(
            "value", "optional(V).() -> V",
            absence: .subject,
            do: .unary { value, _ in
                guard case .optional(let box) = value else { return .noSuchOverload }
                return box?.value ?? .failure(.noneDereference)
            }),
        CELFunction(
            "or", "optional(V).(optional(V)) -> optional(V)",
            do: .binary { value, other, _ in
                guard case .optional(let box) = value, case .optional = other else { return .noSuchOverload }
                return box == nil ? other : value
            }),
        CELFunction(
            "orValue", "optional(V).(V) -> V",
            do: .binary { value, other, _ in
                guard case .optional(let box) = value else { return .noSuchOverload }
                return box?.value ?? other
            }),
        CELFunction("optional.unwrap", "(list(optional(V))) -> list(V)", do: .unary { value, _ in unwrap(value) }),
        CELFunction("unwrapOpt", "list(optional(V)).() -> list(V)", do: .unary { value, _ in unwrap(value) }),
    ]

    private static func unwrap(_ list: CELValue) -> CELValue {
        guard let elements = list.elements else { return .noSuchOverload }
        var values: [CELValue] = []
        for element in elements {
            guard case .optional(let box) = element else { return .noSuchOverload }
            if let box { values.append(box.value) }
        }
        return .list(values)
    }
}

extension CELValue {
    /// Whether the value is the empty one of its type.
    fileprivate var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let value): !value
        case .int(let value): value == 0
        case .uint(let value): value == 0
        case .double(let value): value == 0
        case .string(let buffer), .bytes(let buffer): buffer.count == 0
        case .duration(let value): value.nanoseconds == 0
        case .timestamp(let value): value.seconds == 0 && value.nanoseconds == 0
        case .list, .jsonArray: elementCount == 0
        case .map, .jsonObject: entryCount == 0
        case .optional(let box): box == nil
        default: false
        }
    }
}

/// `optional.or(other)` and `optional.orValue(other)`.
final class OptionalElseNode: PlanNode {
    private let operand: PlanNode
    private let other: PlanNode
    /// `orValue`: the result is the value, not an optional.
    private let unwraps: Bool

    init(_ operand: PlanNode, _ other: PlanNode, unwraps: Bool, _ offset: Int) {
        self.operand = operand
        self.other = other
        self.unwraps = unwraps
        super.init(offset)
    }

    override func evaluate(_ frame: inout CELFrame) -> CELValue {
        let value = operand.evaluate(&frame)
        guard case .optional(let box) = value else { return value.isError ? value : failure(.noSuchOverload) }
        if let box { return unwraps ? box.value : value }
        let fallback = other.evaluate(&frame)
        if unwraps || fallback.isError { return fallback }
        guard case .optional = fallback else { return failure(.noSuchOverload) }
        return fallback
    }
}
