/// Type variables and what they stand for.
///
/// A class, so that every reader sees what has been learned since.
final class Unifier {
    private var substitutions: [CELType?] = []
    /// What the substitutions were before each change, so that a failed attempt can be undone.
    private var trail: [(variable: Int, before: CELType?)] = []

    func freshVariable() -> CELType {
        substitutions.append(nil)
        return .variable(substitutions.count - 1)
    }

    /// The type with every known variable replaced; the others become `dyn` where `isFinal`.
    func resolve(_ type: CELType, isFinal: Bool = false) -> CELType {
        switch type {
        case .variable(let index):
            let last = last(index)
            guard let known = substitutions[last] else { return isFinal ? .dyn : .variable(last) }
            return resolve(known, isFinal: isFinal)
        case .list(let element): return .list(resolve(element, isFinal: isFinal))
        case .map(let key, let value):
            return .map(resolve(key, isFinal: isFinal), resolve(value, isFinal: isFinal))
        case .type(let inner): return .type(resolve(inner, isFinal: isFinal))
        case .opaque(let name, let parameters):
            return .opaque(name, parameters.map { resolve($0, isFinal: isFinal) })
        default: return type
        }
    }

    /// The end of a chain of variables that stand for each other.
    private func last(_ variable: Int) -> Int {
        var index = variable
        while case .variable(let next)? = substitutions[index] { index = next }
        return index
    }

    private func set(_ variable: Int, _ type: CELType) {
        trail.append((variable, substitutions[variable]))
        substitutions[variable] = type
    }

    /// The type with its parameters replaced by variables of this call.
    func instantiate(_ type: CELType, _ parameters: inout [String: CELType]) -> CELType {
        switch type {
        case .parameter(let name):
            if let known = parameters[name] { return known }
            let variable = freshVariable()
            parameters[name] = variable
            return variable
        case .list(let element): return .list(instantiate(element, &parameters))
        case .map(let key, let value): return .map(instantiate(key, &parameters), instantiate(value, &parameters))
        case .type(let inner): return .type(instantiate(inner, &parameters))
        case .opaque(let name, let inner):
            return .opaque(name, inner.map { instantiate($0, &parameters) })
        default: return type
        }
    }

    /// Whether values of the first types may stand where the second are wanted; learns variables if so.
    func assign(_ types: [CELType], to wanted: [CELType]) -> Bool {
        guard types.count == wanted.count else { return false }
        let mark = trail.count
        for (type, want) in zip(types, wanted) where !isAssignable(type, want) {
            while trail.count > mark, let change = trail.popLast() { substitutions[change.variable] = change.before }
            return false
        }
        return true
    }

    func assign(_ type: CELType, to wanted: CELType) -> Bool { assign([type], to: [wanted]) }

    /// The type of a place that holds values of both.
    func join(_ a: CELType, _ b: CELType) -> CELType {
        guard assign(a, to: b) else { return .dyn }
        return mostGeneral(a, b)
    }

    private func isAssignable(_ a: CELType, _ b: CELType) -> Bool {
        if a == b { return true }
        if case .variable(let index) = b {
            switch substitute(a, for: index) {
            case .agreed, .learned: return true
            case .conflict: return false
            }
        }
        if case .variable(let index) = a { return substitute(b, for: index) != .conflict }
        switch (a, b) {
        case (.dyn, _), (_, .dyn): return true
        case (.null, let other), (let other, .null): return other.isNullable
        case (.list(let x), .list(let y)): return isAssignable(x, y)
        case (.map(let k, let v), .map(let l, let w)): return isAssignable(k, l) && isAssignable(v, w)
        case (.type, .type): return true
        case (.opaque(let m, let x), .opaque(let n, let y)):
            return m == n && x.count == y.count && zip(x, y).allSatisfy { isAssignable($0, $1) }
        default: return false
        }
    }

    private enum Substitution { case agreed, learned, conflict }

    private func substitute(_ type: CELType, for first: Int) -> Substitution {
        let variable = last(first)
        var type = type
        if case .variable(let other) = type { type = .variable(last(other)) }
        if type == .variable(variable) { return .agreed }
        if let known = substitutions[variable] {
            if type == known { return .agreed }
            guard isAssignable(type, known) else { return .conflict }
            let general = mostGeneral(type, known)
            if !refers(general, to: variable) { set(variable, general) }
            return .agreed
        }
        guard !refers(type, to: variable) else { return .conflict }
        set(variable, type)
        return .learned
    }

    private func refers(_ type: CELType, to variable: Int) -> Bool {
        switch type {
        case .variable(let index):
            let last = last(index)
            if last == variable { return true }
            return substitutions[last].map { refers($0, to: variable) } ?? false
        case .list(let inner), .type(let inner): return refers(inner, to: variable)
        case .map(let key, let value): return refers(key, to: variable) || refers(value, to: variable)
        case .opaque(_, let inner): return inner.contains { refers($0, to: variable) }
        default: return false
        }
    }

    private func mostGeneral(_ a: CELType, _ b: CELType) -> CELType {
        if a == .null { return b }
        if b == .null { return a }
        return isEqualOrLessSpecific(a, b) ? a : b
    }

    private func isEqualOrLessSpecific(_ a: CELType, _ b: CELType) -> Bool {
        switch (a, b) {
        case (.dyn, _), (.variable, _): true
        case (_, .dyn), (_, .variable): false
        case (.list(let x), .list(let y)): isEqualOrLessSpecific(x, y)
        case (.map(let k, let v), .map(let l, let w)):
            isEqualOrLessSpecific(k, l) && isEqualOrLessSpecific(v, w)
        case (.type, .type): true
        case (.opaque(let m, let x), .opaque(let n, let y)):
            m == n && x.count == y.count && zip(x, y).allSatisfy { isEqualOrLessSpecific($0, $1) }
        default: a == b
        }
    }
}

extension CELType {
    /// Whether null may stand for a value of the type.
    fileprivate var isNullable: Bool {
        switch self {
        case .opaque, .timestamp, .duration, .null: true
        default: false
        }
    }
}
