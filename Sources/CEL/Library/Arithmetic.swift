/// The arithmetic operators; overflow is an error.
enum Arithmetic {
    static func negate(_ value: CELValue) -> CELValue {
        switch value {
        case .int(let value): value == .min ? .failure(.overflow) : .int(-value)
        case .double(let value): .double(-value)
        default: .noSuchOverload
        }
    }

    static func add(_ a: CELValue, _ b: CELValue, _ frame: inout CELFrame) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)): return int(a.addingReportingOverflow(b))
        case (.uint(let a), .uint(let b)): return uint(a.addingReportingOverflow(b))
        case (.double(let a), .double(let b)): return .double(a + b)
        case (.string(let a), .string(let b)):
            guard frame.spend(bytes: a.count + b.count) else { return .failure(.budgetExceeded) }
            return .string(a.concatenated(with: b))
        case (.bytes(let a), .bytes(let b)):
            guard frame.spend(bytes: a.count + b.count) else { return .failure(.budgetExceeded) }
            return .bytes(a.concatenated(with: b))
        case (.timestamp(let time), .duration(let length)), (.duration(let length), .timestamp(let time)):
            return time.adding(length).map { .timestamp($0) } ?? .failure(.range)
        case (.duration(let a), .duration(let b)):
            return duration(a.nanoseconds.addingReportingOverflow(b.nanoseconds))
        default:
            guard frame.spend(bytes: a.weight + b.weight) else { return .failure(.budgetExceeded) }
            guard let a = a.elements, let b = b.elements else { return .noSuchOverload }
            return .list(a + b)
        }
    }

    static func subtract(_ a: CELValue, _ b: CELValue) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)): int(a.subtractingReportingOverflow(b))
        case (.uint(let a), .uint(let b)): uint(a.subtractingReportingOverflow(b))
        case (.double(let a), .double(let b)): .double(a - b)
        case (.timestamp(let a), .timestamp(let b)): a.subtracting(b).map { .duration($0) } ?? .failure(.range)
        case (.timestamp(let time), .duration(let length)):
            if length.nanoseconds == .min {
                .failure(.range)
            } else {
                time.adding(CELDuration(nanoseconds: -length.nanoseconds)).map { .timestamp($0) } ?? .failure(.range)
            }
        case (.duration(let a), .duration(let b)):
            duration(a.nanoseconds.subtractingReportingOverflow(b.nanoseconds))
        default: .noSuchOverload
        }
    }

    static func multiply(_ a: CELValue, _ b: CELValue) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)): int(a.multipliedReportingOverflow(by: b))
        case (.uint(let a), .uint(let b)): uint(a.multipliedReportingOverflow(by: b))
        case (.double(let a), .double(let b)): .double(a * b)
        default: .noSuchOverload
        }
    }

    static func divide(_ a: CELValue, _ b: CELValue) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)): b == 0 ? .failure(.divideByZero) : int(a.dividedReportingOverflow(by: b))
        case (.uint(let a), .uint(let b)): b == 0 ? .failure(.divideByZero) : .uint(a / b)
        case (.double(let a), .double(let b)): .double(a / b)
        default: .noSuchOverload
        }
    }

    static func modulo(_ a: CELValue, _ b: CELValue) -> CELValue {
        switch (a, b) {
        case (.int(let a), .int(let b)):
            b == 0 ? .failure(.modulusByZero) : int(a.remainderReportingOverflow(dividingBy: b))
        case (.uint(let a), .uint(let b)): b == 0 ? .failure(.modulusByZero) : .uint(a % b)
        default: .noSuchOverload
        }
    }

    private static func int(_ result: (partialValue: Int64, overflow: Bool)) -> CELValue {
        result.overflow ? .failure(.overflow) : .int(result.partialValue)
    }

    private static func uint(_ result: (partialValue: UInt64, overflow: Bool)) -> CELValue {
        result.overflow ? .failure(.overflow) : .uint(result.partialValue)
    }

    private static func duration(_ result: (partialValue: Int64, overflow: Bool)) -> CELValue {
        result.overflow ? .failure(.range) : .duration(CELDuration(nanoseconds: result.partialValue))
    }
}

/// `in`, and `contains` of lists.
enum Membership {
    static func contains(_ container: CELValue, _ wanted: CELValue, _ frame: inout CELFrame) -> CELValue {
        switch container {
        case .list, .jsonArray:
            var walk = CELElements(container)
            while let element = walk.next() {
                if frame.areEqual(element, wanted) { return .bool(true) }
                if frame.isExhausted { return .failure(.budgetExceeded) }
            }
            return .bool(false)
        case .map, .jsonObject: return .bool(container.entry(at: wanted) != nil)
        default: return .noSuchOverload
        }
    }
}
