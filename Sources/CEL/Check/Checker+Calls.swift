/// Operators, functions and comprehensions.
extension Checker {
    mutating func binary(
        _ op: Operator, _ left: Expression, _ right: Expression, _ expression: Expression
    ) -> CELType {
        let a = type(of: left)
        let b = type(of: right)
        switch op {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual:
            if a == b, a.isPlain { return .bool }
        default: break
        }
        if op == .equal || op == .notEqual, (a == .null) != (b == .null),
            fitting(OperatorSignatures.of(op), [a, b]).isEmpty
        {
            return neverNull(a == .null ? right : left, a == .null ? b : a, isAskedFor: op == .notEqual, expression)
        }
        return overload(op.rawValue, OperatorSignatures.of(op), [a, b], expression)
    }

    /// A comparison with null of what has a type that null is not of.
    private mutating func neverNull(
        _ subject: Expression, _ type: CELType, isAskedFor: Bool, _ expression: Expression
    ) -> CELType {
        var hint: String?
        if let name = subject.qualifiedName, case .attribute(let attribute)? = names.referent(of: subject),
            attribute.isOptional
        {
            hint = "It may be absent: write \(isAskedFor ? "" : "!")has(\(name))."
        }
        return report(.type, "a \(text(type)) is never null", at: expression, hint: hint)
    }

    mutating func index(
        _ operand: Expression, _ key: Expression, _ isOptional: Bool, _ expression: Expression
    ) -> CELType {
        if case .attribute(let attribute)? = names.referent(of: expression) { return read(attribute, expression) }
        if case .group(let group)? = names.referent(of: operand) {
            let members = names.environment.members[group] ?? []
            return report(
                .unknownName, "'\(group)' has no such member", at: key,
                hint: "It has: \(members.joined(separator: ", ")).")
        }
        let types = [type(of: operand), type(of: key)]
        if case .dyn = types[0] { return isOptional ? .optional(.dyn) : .dyn }
        let signatures = isOptional ? OperatorSignatures.optionalIndex : OperatorSignatures.index
        return overload(isOptional ? "_[?_]" : "_[_]", signatures, types, expression)
    }

    mutating func call(
        _ target: Expression?, _ name: String, _ arguments: [Expression], _ expression: Expression
    ) -> CELType {
        guard let (function, isMember) = names.function(target: target, name) else {
            for argument in arguments { _ = type(of: argument) }
            let environment = names.environment
            if let reason = environment.refusal(ofFunction: name) {
                return report(.unsupported, reason, at: expression)
            }
            return report(
                .unknownName, "unknown function '\(name)'", at: expression,
                hint: Suggestion.hint(for: name, among: environment.functionNames))
        }
        let receiver = isMember ? target.map { type(of: $0) } : nil
        let types = (receiver.map { [$0] } ?? []) + arguments.map { type(of: $0) }
        let signatures = function.signatures.filter { $0.isMember == isMember }
        let fitting = fitting(signatures, types)
        if !fitting.isEmpty { note(.function(function.name, fitting.map(\.signature)), at: expression) }
        return overload(function.name, signatures, types, fitting, expression)
    }

    /// The result of the overloads that take `arguments`; several with different results make `dyn`.
    mutating func overload(
        _ name: String, _ signatures: [CELSignature], _ arguments: [CELType], _ expression: Expression
    ) -> CELType {
        overload(name, signatures, arguments, fitting(signatures, arguments), expression)
    }

    private mutating func overload(
        _ name: String, _ signatures: [CELSignature], _ arguments: [CELType],
        _ fitting: [(signature: CELSignature, result: CELType)], _ expression: Expression
    ) -> CELType {
        guard let first = fitting.first else {
            return report(.type, mismatch(name, arguments, signatures), at: expression)
        }
        return fitting.allSatisfy { $0.result == first.result } ? first.result : .dyn
    }

    /// The overloads that take `arguments`, with what they then answer.
    private func fitting(
        _ signatures: [CELSignature], _ arguments: [CELType]
    ) -> [(signature: CELSignature, result: CELType)] {
        signatures.compactMap { signature in
            guard signature.parameters.count == arguments.count else { return nil }
            var parameters = signature.parameters
            var answer = signature.result
            if signature.hasTypeParameters {
                var bound: [String: CELType] = [:]
                parameters = parameters.map { unifier.instantiate($0, &bound) }
                answer = unifier.instantiate(answer, &bound)
            }
            guard unifier.assign(arguments, to: parameters) else { return nil }
            return (signature, unifier.resolve(answer))
        }
    }

    private func mismatch(_ name: String, _ arguments: [CELType], _ signatures: [CELSignature]) -> String {
        let types = arguments.map(text)
        let isMember = signatures.first?.isMember == true
        let given =
            isMember
            ? "\(types.first ?? "").(\(types.dropFirst().joined(separator: ", ")))"
            : "(\(types.joined(separator: ", ")))"
        return "found no matching overload for '\(name)' applied to '\(given)'"
    }

    mutating func comprehension(_ it: Comprehension, _ expression: Expression) -> CELType {
        let range = type(of: it.range)
        guard let (first, second) = variables(range, it) else {
            return report(.type, "'\(text(range))' is nothing to walk through", at: it.range)
        }
        names.push(it.variable, first)
        if let name = it.second { names.push(name, second) }
        defer { names.pop(it.second == nil ? 1 : 2) }
        if let filter = it.filter { require(filter, .bool) }
        switch it.kind {
        case .all, .exists, .existsOne:
            require(it.body, .bool)
            return .bool
        case .list: return .list(type(of: it.body))
        case .map: return .map(first, type(of: it.body))
        case .mapEntries:
            let body = type(of: it.body)
            if unifier.assign(body, to: .map(.dyn, .dyn)) { return body }
            return report(.type, "expected a map, found \(text(body))", at: it.body)
        case .sort:
            _ = type(of: it.body)
            return range
        case .optionalMap: return .optional(type(of: it.body))
        case .optionalFlatMap:
            let body = type(of: it.body)
            if unifier.assign(body, to: .optional(.dyn)) { return body }
            return report(.type, "expected an optional, found \(text(body))", at: it.body)
        }
    }

    /// The types of the variables over a range of this type, or nil where it can't be walked.
    private mutating func variables(_ range: CELType, _ it: Comprehension) -> (CELType, CELType)? {
        let isOptional = it.kind == .optionalMap || it.kind == .optionalFlatMap
        switch unifier.resolve(range) {
        case .dyn: return (.dyn, .dyn)
        case .variable:
            _ = unifier.assign(range, to: .dyn)
            return (.dyn, .dyn)
        case .list(let element) where !isOptional: return it.second == nil ? (element, .dyn) : (.int, element)
        case .map(let key, let value) where !isOptional: return (key, value)
        case .opaque("optional_type", let parameters) where isOptional && parameters.count == 1:
            return (parameters[0], .dyn)
        default: return nil
        }
    }
}

extension CELType {
    /// A type that is ordered and compared only with itself.
    fileprivate var isPlain: Bool {
        switch self {
        case .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration: true
        default: false
        }
    }
}

/// The overloads of operators.
enum OperatorSignatures {
    static func of(_ op: Operator) -> [CELSignature] {
        switch op {
        case .not: not
        case .negate: negate
        case .add: add
        case .subtract: subtract
        case .multiply, .divide: multiply
        case .modulo: modulo
        case .equal, .notEqual: equality
        case .less, .lessOrEqual, .greater, .greaterOrEqual: order
        case .in: membership
        }
    }

    private static func make(_ texts: String...) -> [CELSignature] { texts.compactMap { CELSignature($0) } }

    private static let not = make("(bool) -> bool")
    private static let negate = make("(int) -> int", "(double) -> double")
    private static let add = make(
        "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double", "(string, string) -> string",
        "(bytes, bytes) -> bytes", "(list(A), list(A)) -> list(A)", "(timestamp, duration) -> timestamp",
        "(duration, timestamp) -> timestamp", "(duration, duration) -> duration")
    private static let subtract = make(
        "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double",
        "(timestamp, timestamp) -> duration", "(timestamp, duration) -> timestamp",
        "(duration, duration) -> duration")
    private static let multiply = make(
        "(int, int) -> int", "(uint, uint) -> uint", "(double, double) -> double")
    private static let modulo = make("(int, int) -> int", "(uint, uint) -> uint")
    private static let equality = make("(A, A) -> bool")
    private static let order = make(
        "(bool, bool) -> bool", "(int, int) -> bool", "(uint, uint) -> bool", "(double, double) -> bool",
        "(string, string) -> bool", "(bytes, bytes) -> bool", "(timestamp, timestamp) -> bool",
        "(duration, duration) -> bool", "(int, uint) -> bool", "(int, double) -> bool", "(uint, int) -> bool",
        "(uint, double) -> bool", "(double, int) -> bool", "(double, uint) -> bool")
    private static let membership = make("(A, list(A)) -> bool", "(A, map(A, B)) -> bool")
    static let conditional = make("(A, A) -> A")
    static let index = make(
        "(list(A), int) -> A", "(map(A, B), A) -> B", "(optional(list(A)), int) -> optional(A)",
        "(optional(map(A, B)), A) -> optional(B)")
    static let optionalIndex = make(
        "(list(A), int) -> optional(A)", "(map(A, B), A) -> optional(B)",
        "(optional(list(A)), int) -> optional(A)", "(optional(map(A, B)), A) -> optional(B)")
}
