internal import Bytes

/// The strings extension. Positions count Unicode scalars.
extension CELLibrary {
    static let strings: [CELFunction] = [
        CELFunction(
            "charAt", "string.(int) -> string",
            absence: .position,
            do: .binary { text, index, frame in
                guard case .string(let text) = text, case .int(let index) = index else { return .noSuchOverload }
                guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
                guard index >= 0, index <= scalars.count else { return .failure(.indexOutOfRange, "\(index)") }
                let end = min(Int(index) + 1, scalars.count)
                return .string(scalars.slice(Int(index)..<end))
            }),
        CELFunction(
            "indexOf", "string.(string) -> int", "string.(string, int) -> int",
            absence: .position, do: .binary { text, part, frame in indexOf(text, part, .int(0), &frame) },
            .ternary { text, part, start, frame in indexOf(text, part, start, &frame) }),
        CELFunction(
            "lastIndexOf", "string.(string) -> int", "string.(string, int) -> int",
            absence: .position, do: .binary { text, part, frame in lastIndexOf(text, part, nil, &frame) },
            .ternary { text, part, start, frame in lastIndexOf(text, part, start, &frame) }),
        CELFunction(
            "substring", "string.(int) -> string", "string.(int, int) -> string",
            absence: .position, do: .binary { text, start, frame in substring(text, start, nil, &frame) },
            .ternary { text, start, end, frame in substring(text, start, end, &frame) }),
        CELFunction(
            "join", "list(string).() -> string", "list(string).(string) -> string",
            do: .unary { list, frame in join(list, .string(.empty), &frame) },
            .binary { list, separator, frame in join(list, separator, &frame) }),
        CELFunction(
            "split", "string.(string) -> list(string)", "string.(string, int) -> list(string)",
            do: .binary { text, separator, frame in split(text, separator, .int(-1), &frame) },
            .ternary { text, separator, limit, frame in split(text, separator, limit, &frame) }),
        CELFunction(
            "replace", "string.(string, string) -> string", "string.(string, string, int) -> string",
            do: .variadic { arguments, frame in
                guard arguments.count >= 3 else { return .noSuchOverload }
                let limit = arguments.count == 4 ? arguments[3] : .int(-1)
                return replace(arguments[0], arguments[1], arguments[2], limit, &frame)
            }),
        onText("lowerAscii") { bytes in bytes.map(\.asciiLowercased) },
        onText("upperAscii") { bytes in bytes.map { $0 &- 0x61 < 26 ? $0 & 0xDF : $0 } },
        CELFunction(
            "reverse", "string.() -> string", "list(A).() -> list(A)",
            do: .unary { value, frame in
                guard frame.spend(bytes: value.weight) else { return .failure(.budgetExceeded) }
                guard case .string(let text) = value else {
                    return value.elements.map { .list($0.reversed()) } ?? .noSuchOverload
                }
                return .string(String(String.UnicodeScalarView(text.text.unicodeScalars.reversed())))
            }),
        CELFunction(
            "trim", "string.() -> string",
            do: .unary { text, frame in
                guard case .string(let text) = text else { return .noSuchOverload }
                guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
                return .string(scalars.trimmed)
            }),
        CELFunction(
            "strings.quote", "(string) -> string",
            do: .unary { text, frame in
                guard case .string(let text) = text else { return .noSuchOverload }
                guard frame.spend(bytes: text.count * 2) else { return .failure(.budgetExceeded) }
                return .string(CELQuotation.quote(text))
            }),
        strip("stripPrefix") { $0.starts(with: $1) ? $1.count..<$0.count : nil },
        strip("stripSuffix") { $0.ends(with: $1) ? 0..<($0.count - $1.count) : nil },
    ]

    private static func onText(_ name: String, _ body: @escaping @Sendable ([UInt8]) -> [UInt8]) -> CELFunction {
        CELFunction(
            name, "string.() -> string",
            do: .unary { text, frame in
                guard case .string(let text) = text else { return .noSuchOverload }
                guard frame.spend(bytes: text.count) else { return .failure(.budgetExceeded) }
                return unsafe .string(CELBuffer(copying: body(Array(text.bytes))))
            })
    }

    private static func strip(
        _ name: String, _ range: @escaping @Sendable (CELBuffer, CELBuffer) -> Range<Int>?
    ) -> CELFunction {
        CELFunction(
            name, "string.(string) -> string",
            do: .binary { text, part, _ in
                guard case .string(let text) = text, case .string(let part) = part else { return .noSuchOverload }
                return .string(range(text, part).map { text.slice($0) } ?? text)
            })
    }

    private static func indexOf(
        _ text: CELValue, _ part: CELValue, _ start: CELValue, _ frame: inout CELFrame
    ) -> CELValue {
        guard case .string(let text) = text, case .string(let part) = part, case .int(let start) = start else {
            return .noSuchOverload
        }
        guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
        guard start >= 0, start <= scalars.count else { return .failure(.indexOutOfRange, "\(start)") }
        guard let offset = text.firstOffset(of: part, from: scalars.offset(of: Int(start))) else { return .int(-1) }
        return .int(Int64(scalars.index(of: offset)))
    }

    private static func lastIndexOf(
        _ text: CELValue, _ part: CELValue, _ start: CELValue?, _ frame: inout CELFrame
    ) -> CELValue {
        guard case .string(let text) = text, case .string(let part) = part else { return .noSuchOverload }
        guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
        var last = scalars.count
        if let start {
            guard case .int(let start) = start else { return .noSuchOverload }
            guard start >= 0, start <= scalars.count else { return .failure(.indexOutOfRange, "\(start)") }
            last = Int(start)
        }
        for index in stride(from: last, through: 0, by: -1) {
            let offset = scalars.offset(of: index)
            frame.spend(1)
            if frame.isExhausted { return .failure(.budgetExceeded) }
            if text.slice(offset..<text.count).starts(with: part) { return .int(Int64(index)) }
        }
        return .int(-1)
    }

    private static func substring(
        _ text: CELValue, _ start: CELValue, _ end: CELValue?, _ frame: inout CELFrame
    ) -> CELValue {
        guard case .string(let text) = text, case .int(let start) = start else { return .noSuchOverload }
        guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
        var last = Int64(scalars.count)
        if let end {
            guard case .int(let end) = end else { return .noSuchOverload }
            last = end
        }
        guard start >= 0, start <= scalars.count else { return .failure(.indexOutOfRange, "\(start)") }
        guard last >= 0, last <= scalars.count else { return .failure(.indexOutOfRange, "\(last)") }
        guard start <= last else { return .failure(.invalidArgument, "substring range \(start)..<\(last)") }
        return .string(scalars.slice(Int(start)..<Int(last)))
    }

    private static func join(_ list: CELValue, _ separator: CELValue, _ frame: inout CELFrame) -> CELValue {
        guard let elements = list.elements, case .string(let separator) = separator else { return .noSuchOverload }
        var output: [UInt8] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else { return .noSuchOverload }
            guard frame.spend(bytes: text.count + separator.count) else { return .failure(.budgetExceeded) }
            if index > 0 { unsafe output.append(contentsOf: separator.bytes) }
            unsafe output.append(contentsOf: text.bytes)
        }
        return .string(CELBuffer(copying: output))
    }

    private static func split(
        _ text: CELValue, _ separator: CELValue, _ limit: CELValue, _ frame: inout CELFrame
    ) -> CELValue {
        guard case .string(let text) = text, case .string(let separator) = separator, case .int(let limit) = limit
        else { return .noSuchOverload }
        guard let scalars = ScalarText(text, &frame), frame.spend(bytes: text.count * 4) else {
            return .failure(.budgetExceeded)
        }
        if limit == 0 { return .list([]) }
        let maximum = limit < 0 ? Int.max : Int(limit)
        var parts: [CELValue] = []
        var start = 0
        if separator.count == 0 {
            var index = 0
            while index < scalars.count, parts.count < maximum - 1 {
                parts.append(.string(scalars.slice(index..<index + 1)))
                index += 1
            }
            if index < scalars.count { parts.append(.string(scalars.slice(index..<scalars.count))) }
            return .list(parts)
        }
        while parts.count < maximum - 1, let offset = text.firstOffset(of: separator, from: start) {
            parts.append(.string(text.slice(start..<offset)))
            start = offset + separator.count
        }
        return .list(parts + [.string(text.slice(start..<text.count))])
    }

    private static func replace(
        _ text: CELValue, _ old: CELValue, _ new: CELValue, _ limit: CELValue, _ frame: inout CELFrame
    ) -> CELValue {
        guard case .string(let text) = text, case .string(let old) = old, case .string(let new) = new,
            case .int(let limit) = limit
        else { return .noSuchOverload }
        guard let scalars = ScalarText(text, &frame) else { return .failure(.budgetExceeded) }
        var left = limit < 0 ? Int64.max : limit
        var output: [UInt8] = []
        var start = 0
        while left > 0, let offset = text.firstOffset(of: old, from: start) {
            guard frame.spend(bytes: offset - start + new.count) else { return .failure(.budgetExceeded) }
            unsafe output.append(contentsOf: text.slice(start..<offset).bytes)
            unsafe output.append(contentsOf: new.bytes)
            start = offset + old.count
            left -= 1
            guard old.count == 0 else { continue }
            // Nothing stands between all scalars: step over one.
            guard start < text.count else { return .string(CELBuffer(copying: output)) }
            let next = scalars.offset(of: scalars.index(of: start) + 1)
            unsafe output.append(contentsOf: text.slice(start..<next).bytes)
            start = next
        }
        unsafe output.append(contentsOf: text.slice(start..<text.count).bytes)
        return .string(CELBuffer(copying: output))
    }
}
