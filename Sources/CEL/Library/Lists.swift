/// Functions of lists and sets.
extension CELLibrary {
    static let lists: [CELFunction] = [
        CELFunction(
            "slice", "list(A).(int, int) -> list(A)",
            absence: .position,
            do: .ternary { list, start, end, frame in
                guard let elements = list.elements, case .int(let start) = start, case .int(let end) = end else {
                    return .noSuchOverload
                }
                guard start >= 0, start <= end, end <= Int64(elements.count) else {
                    return .failure(.indexOutOfRange, "\(start)..<\(end)")
                }
                return .list(Array(elements[Int(start)..<Int(end)]))
            }),
        CELFunction(
            "flatten", "list(list(A)).() -> list(A)", "list(A).() -> list(A)", "list(dyn).(int) -> list(dyn)",
            do: .unary { list, frame in flatten(list, 1, &frame) },
            .binary { list, depth, frame in
                guard case .int(let depth) = depth else { return .noSuchOverload }
                guard depth >= 0 else { return .failure(.invalidArgument, "negative depth") }
                return flatten(list, depth, &frame)
            }),
        CELFunction(
            "lists.range", "(int) -> list(int)",
            do: .unary { count, frame in
                guard case .int(let count) = count else { return .noSuchOverload }
                guard count <= 1 << 30, frame.spend(bytes: Int(max(0, count)) * 16) else {
                    return .failure(.budgetExceeded)
                }
                return .list((0..<max(0, count)).map { .int($0) })
            }),
        CELFunction(
            "distinct", "list(A).() -> list(A)", do: .unary { list, frame in distinct(list, &frame) }),
        CELFunction(
            "sort", "list(A).() -> list(A)",
            do: .unary { list, frame in
                guard let elements = list.elements else { return .noSuchOverload }
                return CELValue.sorted(elements, by: elements, &frame)
            }),
        CELFunction(
            "first", "list(A).() -> optional(A)",
            do: .unary { list, _ in list.elements.map { .optional($0.first.map { CELBox($0) }) } ?? .noSuchOverload }),
        CELFunction(
            "last", "list(A).() -> optional(A)",
            do: .unary { list, _ in list.elements.map { .optional($0.last.map { CELBox($0) }) } ?? .noSuchOverload }),
        CELFunction("sets.contains", "(list(A), list(A)) -> bool", do: .binary { containsAll($0, $1, &$2) }),
        CELFunction(
            "sets.equivalent", "(list(A), list(A)) -> bool",
            do: .binary { a, b, frame in
                let forth = containsAll(a, b, &frame)
                guard case .bool(true) = forth else { return forth }
                return containsAll(b, a, &frame)
            }),
        CELFunction(
            "sets.intersects", "(list(A), list(A)) -> bool",
            do: .binary { a, b, frame in
                guard let wanted = b.elements, a.elementCount != nil else { return .noSuchOverload }
                for element in wanted {
                    let found = Membership.contains(a, element, &frame)
                    guard case .bool(false) = found else { return found }
                }
                return .bool(false)
            }),
    ]

    private static func flatten(_ list: CELValue, _ depth: Int64, _ frame: inout CELFrame) -> CELValue {
        guard let elements = list.elements else { return .noSuchOverload }
        var result: [CELValue] = []
        for element in elements {
            guard frame.spend(bytes: 16) else { return .failure(.budgetExceeded) }
            guard depth > 0, element.elementCount != nil else {
                result.append(element)
                continue
            }
            let inner = flatten(element, depth - 1, &frame)
            guard let more = inner.elements else { return inner }
            result += more
        }
        return .list(result)
    }

    private static func distinct(_ list: CELValue, _ frame: inout CELFrame) -> CELValue {
        guard let elements = list.elements else { return .noSuchOverload }
        var seen: Set<CELKey> = []
        var result: [CELValue] = []
        var others: [CELValue] = []
        for element in elements {
            if let key = CELKey(element) {
                frame.spend(1)
                if seen.insert(key).inserted { result.append(element) }
                continue
            }
            var isKnown = false
            for other in others where frame.areEqual(other, element) {
                isKnown = true
                break
            }
            if frame.isExhausted { return .failure(.budgetExceeded) }
            if isKnown { continue }
            others.append(element)
            result.append(element)
        }
        return .list(result)
    }

    private static func containsAll(_ list: CELValue, _ wanted: CELValue, _ frame: inout CELFrame) -> CELValue {
        guard let wanted = wanted.elements, list.elementCount != nil else { return .noSuchOverload }
        for element in wanted {
            let found = Membership.contains(list, element, &frame)
            guard case .bool(true) = found else { return found }
        }
        return .bool(true)
    }
}
