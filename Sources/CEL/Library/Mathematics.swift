/// `math.*`. Calls of `math.greatest` and `math.least` with several arguments reach here as one list.
extension CELLibrary {
    static let mathematics: [CELFunction] = extremes + rounding + tests + bits

    private static let extremes: [CELFunction] = [
        CELFunction(
            "math.greatest", "(int) -> int", "(uint) -> uint", "(double) -> double", "(list(int)) -> int",
            "(list(uint)) -> uint", "(list(double)) -> double",
            absence: .subject, do: .unary { value, _ in extreme(value, .greater) }),
        CELFunction(
            "math.least", "(int) -> int", "(uint) -> uint", "(double) -> double", "(list(int)) -> int",
            "(list(uint)) -> uint", "(list(double)) -> double",
            absence: .subject, do: .unary { value, _ in extreme(value, .less) }),
    ]

    private static func extreme(_ value: CELValue, _ wanted: CELOrder) -> CELValue {
        if value.isNumber { return value }
        guard let elements = value.elements else { return .noSuchOverload }
        guard var best = elements.first else { return .failure(.invalidArgument, "the list is empty") }
        for element in elements {
            guard element.isNumber else { return .noSuchOverload }
            if element.compareNumbers(to: best) == wanted { best = element }
        }
        return best
    }

    private static let rounding: [CELFunction] = [
        double("math.ceil") { .double($0.rounded(.up)) },
        double("math.floor") { .double($0.rounded(.down)) },
        double("math.round") { .double($0.rounded(.toNearestOrAwayFromZero)) },
        double("math.trunc") { .double($0.rounded(.towardZero)) },
        CELFunction(
            "math.sqrt", "(double) -> double", "(int) -> double", "(uint) -> double",
            do: .unary { value, _ in
                switch value {
                case .double(let value): .double(value.squareRoot())
                case .int(let value): .double(Double(value).squareRoot())
                case .uint(let value): .double(Double(value).squareRoot())
                default: .noSuchOverload
                }
            }),
        CELFunction(
            "math.abs", "(int) -> int", "(uint) -> uint", "(double) -> double",
            do: .unary { value, _ in
                switch value {
                case .int(let value): value == .min ? .failure(.overflow) : .int(abs(value))
                case .uint: value
                case .double(let value): .double(value.magnitude)
                default: .noSuchOverload
                }
            }),
        CELFunction(
            "math.sign", "(int) -> int", "(uint) -> uint", "(double) -> double",
            do: .unary { value, _ in
                switch value {
                case .int(let value): .int(value.signum())
                case .uint(let value): .uint(value == 0 ? 0 : 1)
                case .double(let value): .double(value.isNaN || value == 0 ? value : value < 0 ? -1 : 1)
                default: .noSuchOverload
                }
            }),
    ]

    private static let tests: [CELFunction] = [
        double("math.isNaN", "bool") { .bool($0.isNaN) },
        double("math.isInf", "bool") { .bool($0.isInfinite) },
        double("math.isFinite", "bool") { .bool($0.isFinite) },
    ]

    private static func double(
        _ name: String, _ result: String = "double", _ body: @escaping @Sendable (Double) -> CELValue
    ) -> CELFunction {
        CELFunction(
            name, "(double) -> \(result)",
            do: .unary { value, _ in
                guard case .double(let value) = value else { return .noSuchOverload }
                return body(value)
            })
    }

    private static let bits: [CELFunction] = [
        bitwise("math.bitAnd", { $0 & $1 }, { $0 & $1 }),
        bitwise("math.bitOr", { $0 | $1 }, { $0 | $1 }),
        bitwise("math.bitXor", { $0 ^ $1 }, { $0 ^ $1 }),
        CELFunction(
            "math.bitNot", "(int) -> int", "(uint) -> uint",
            do: .unary { value, _ in
                switch value {
                case .int(let value): .int(~value)
                case .uint(let value): .uint(~value)
                default: .noSuchOverload
                }
            }),
        shift("math.bitShiftLeft") { $0 << $1 },
        shift("math.bitShiftRight") { $0 >> $1 },
    ]

    private static func bitwise(
        _ name: String, _ ints: @escaping @Sendable (Int64, Int64) -> Int64,
        _ uints: @escaping @Sendable (UInt64, UInt64) -> UInt64
    ) -> CELFunction {
        CELFunction(
            name, "(int, int) -> int", "(uint, uint) -> uint",
            do: .binary { a, b, _ in
                switch (a, b) {
                case (.int(let a), .int(let b)): .int(ints(a, b))
                case (.uint(let a), .uint(let b)): .uint(uints(a, b))
                default: .noSuchOverload
                }
            })
    }

    /// Shifts the 64 bits, also those of a negative number; 64 places and more leave nothing.
    private static func shift(_ name: String, _ body: @escaping @Sendable (UInt64, Int64) -> UInt64) -> CELFunction {
        CELFunction(
            name, "(int, int) -> int", "(uint, int) -> uint",
            do: .binary { value, places, _ in
                guard case .int(let places) = places else { return .noSuchOverload }
                guard places >= 0 else { return .failure(.invalidArgument, "negative offset") }
                switch value {
                case .int(let value): return .int(Int64(bitPattern: body(UInt64(bitPattern: value), min(places, 64))))
                case .uint(let value): return .uint(body(value, min(places, 64)))
                default: return .noSuchOverload
                }
            })
    }
}

extension CELValue {
    var isNumber: Bool {
        switch self {
        case .int, .uint, .double: true
        default: false
        }
    }
}
