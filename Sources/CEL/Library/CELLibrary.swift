/// The functions every environment begins with.
enum CELLibrary {
    static let all: [CELFunction] =
        standard + conversions + strings + formatting + mathematics + encoders + lists + optionals + networks + times
        + regexes + gateway

    /// Functions of the language definition that are neither operators nor conversions.
    private static let standard: [CELFunction] = [
        CELFunction(
            "size", "(string) -> int", "(bytes) -> int", "(list(A)) -> int", "(map(A, B)) -> int",
            "string.() -> int", "bytes.() -> int", "list(A).() -> int", "map(A, B).() -> int",
            do: .unary { size($0, &$1) }),
        CELFunction(
            "contains", "string.(string) -> bool", "list(A).(A) -> bool",
            do: .binary { contains($0, $1, &$2) }),
        CELFunction(
            "startsWith", "string.(string) -> bool",
            do: .binary { text, prefix, _ in
                guard case .string(let text) = text, case .string(let prefix) = prefix else { return .noSuchOverload }
                return .bool(text.starts(with: prefix))
            }),
        CELFunction(
            "endsWith", "string.(string) -> bool",
            do: .binary { text, suffix, _ in
                guard case .string(let text) = text, case .string(let suffix) = suffix else { return .noSuchOverload }
                return .bool(text.ends(with: suffix))
            }),
        CELFunction("type", "(A) -> type(A)", do: .unary { value, _ in .type(value.typeName) }),
        CELFunction("dyn", "(A) -> dyn", do: .unary { value, _ in value }),
    ]

    private static func size(_ value: CELValue, _ frame: inout CELFrame) -> CELValue {
        switch value {
        case .string(let text):
            guard frame.spend(bytes: text.count) else { return .failure(.budgetExceeded) }
            return .int(Int64(text.scalarCount))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        default:
            guard let count = value.elementCount ?? value.entryCount else { return .noSuchOverload }
            return .int(Int64(count))
        }
    }

    private static func contains(_ container: CELValue, _ part: CELValue, _ frame: inout CELFrame) -> CELValue {
        switch (container, part) {
        case (.string(let text), .string(let part)):
            guard frame.spend(bytes: text.count) else { return .failure(.budgetExceeded) }
            return .bool(text.firstOffset(of: part) != nil)
        case (.list, _), (.jsonArray, _): return Membership.contains(container, part, &frame)
        default: return .noSuchOverload
        }
    }
}

extension CELBuffer {
    /// How many Unicode scalars UTF-8 text has.
    var scalarCount: Int {
        var count = 0
        for index in 0..<self.count where self[index] & 0xC0 != 0x80 { count &+= 1 }
        return count
    }
}
