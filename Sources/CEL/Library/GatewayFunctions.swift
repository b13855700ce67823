/// Functions that gateways' rules use beyond the language and its extensions. (`default`, `coalesce`, `with`,
/// `mapValues` and `filterKeys` are macros.)
extension CELLibrary {
    static let gateway: [CELFunction] = [
        CELFunction(
            "json", "(string) -> dyn", "(bytes) -> dyn",
            absence: .subject,
            do: .unary { value, frame in
                guard let text = value.octets else { return .noSuchOverload }
                return JSONText.read(text, &frame)
            }),
        toJSON("toJson"),
        toJSON("to_json"),
        CELFunction(
            "jsonField", "(string, string) -> dyn", "string.(string) -> dyn",
            absence: .subject,
            do: .binary { text, name, frame in
                guard let text = text.octets, case .string(let name) = name else { return .noSuchOverload }
                let value = JSONText.read(text, &frame)
                if value.isError { return value }
                return value.entry(named: name) ?? .failure(.noSuchKey, name.text)
            }),
        CELFunction(
            "merge", "map(A, B).(map(A, B)) -> map(A, B)",
            do: .binary { base, other, frame in
                guard let entries = base.entries, let more = other.entries else { return .noSuchOverload }
                guard frame.spend(bytes: base.weight + other.weight) else { return .failure(.budgetExceeded) }
                let kept = entries.filter { other.entry(at: $0.key) == nil }
                return .map(kept + more)
            }),
        CELFunction(
            "fail", "() -> dyn", "(string) -> dyn",
            do: .unary { message, _ in
                guard case .string(let text) = message else { return .noSuchOverload }
                return .failure(.failed, text.text)
            },
            .variadic { _, _ in .failure(.failed) }),
    ]

    private static func toJSON(_ name: String) -> CELFunction {
        CELFunction(
            name, "(A) -> string", "A.() -> string",
            do: .unary { value, frame in
                var output: [UInt8] = []
                if let error = JSONText.write(value, to: &output, &frame) { return .error(error) }
                return .string(CELBuffer(copying: output))
            })
    }
}
