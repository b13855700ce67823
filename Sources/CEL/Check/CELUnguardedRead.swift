/// A read of something that may be absent, in a place where its absence makes the whole expression an error.
///
/// A deny rule that fails denies: whoever loads one should hear of these.
package struct CELUnguardedRead: Equatable, Sendable {
    /// What is read: `jwt.sub`, `request.headers["x-team"]` as `request.headers.x-team`.
    package let path: String
    /// The same as an expression: `request.headers["x-team"]`.
    package let text: String
    /// Byte offset in the source.
    package let offset: Int
    /// A condition that holds where the value is there: `has(jwt.realm) && has(jwt.realm.roles)`; empty for what
    /// hangs on a local variable.
    package let presenceTest: String

    /// The reads of `source` that neither `has()` nor a default guards, each path once; throws where the source
    /// is no expression.
    package static func find(
        in source: String, environment: CELEnvironment
    ) throws(CELCompileError) -> [CELUnguardedRead] {
        let expression: Expression
        do throws(CELIssue) {
            expression = try Parser.parse(Array(source.utf8), limits: environment.limits)
        } catch {
            throw CELCompileError(source, [error])
        }
        var search = Search(environment: environment)
        search.visit(expression, [])
        return search.found
    }

    /// Walks an expression with the paths known to be present.
    private struct Search {
        let environment: CELEnvironment
        private(set) var found: [CELUnguardedRead] = []
        private var locals: [String] = []

        init(environment: CELEnvironment) {
            self.environment = environment
        }

        mutating func visit(_ expression: Expression, _ present: Set<String>) {
            switch expression.kind {
            case .select(_, _, .value), .index(_, _, isOptional: false):
                guard let path = path(expression) else {
                    for child in expression.kind.children { visit(child, present) }
                    return
                }
                read(path, expression, present)
            case .and(let operands): visit(operands, present, absorbing: true)
            case .or(let operands): visit(operands, present, absorbing: false)
            case .conditional(let condition, let yes, let no):
                visit(condition, present)
                visit(yes, present.union(established(by: condition, when: true)))
                visit(no, present.union(established(by: condition, when: false)))
            case .fallback(let attempts):
                // An error of any but the last is what a fallback is for.
                if let last = attempts.last { visit(last, present) }
            case .comprehension(let it):
                visit(it.range, present)
                visit(
                    [it.filter, it.body].compactMap { $0 }, present,
                    naming: [it.variable] + (it.second.map { [$0] } ?? []))
            case .bind(let name, let value, let body):
                visit(value, present)
                visit([body], present, naming: [name])
            default:
                for child in expression.kind.children { visit(child, present) }
            }
        }

        /// Expressions in which these names are local ones.
        private mutating func visit(_ expressions: [Expression], _ present: Set<String>, naming names: [String]) {
            locals += names
            for expression in expressions { visit(expression, present) }
            locals.removeLast(names.count)
        }

        /// Operands of `&&` or `||` absorb each other's errors: what one of them guards is guarded in all others.
        private mutating func visit(
            _ operands: [Expression], _ present: Set<String>, absorbing value: Bool
        ) {
            let known = operands.map { established(by: $0, when: value) }
            for (index, operand) in operands.enumerated() {
                var others = present
                for (other, paths) in known.enumerated() where other != index { others.formUnion(paths) }
                visit(operand, others)
            }
        }

        private mutating func read(
            _ path: String, _ expression: Expression, _ present: Set<String>
        ) {
            // What is declared always has a value, be it null; and what holds a present value is present.
            if let attribute = environment.attribute(path), !attribute.isOptional { return }
            if environment.attribute(path) == nil, environment.members[path] != nil { return }
            if present.contains(path) || present.contains(where: { $0.hasPrefix(path + ".") }) { return }
            guard !found.contains(where: { $0.path == path }) else { return }
            found.append(
                CELUnguardedRead(
                    path: path, text: source(expression) ?? path, offset: expression.offset,
                    presenceTest: presenceTests(expression, present).joined(separator: " && ")))
        }

        /// What has to hold for the expression to have a value, the outermost first.
        private func presenceTests(_ expression: Expression, _ present: Set<String>) -> [String] {
            guard let path = path(expression), !present.contains(path), !isLocal(path) else { return [] }
            if let attribute = environment.attribute(path) { return attribute.isOptional ? ["has(\(path))"] : [] }
            switch expression.kind {
            case .select(let operand, let field, _):
                guard let name = source(operand) else { return [] }
                return presenceTests(operand, present) + ["has(\(name).\(field))"]
            case .index(let operand, let key, _):
                guard let name = source(operand), case .literal(.string(let field)) = key.kind else { return [] }
                // `in` fails on a root that is null.
                let isRoot = environment.attribute(name)?.type == .dyn
                return presenceTests(operand, present) + (isRoot ? ["\(name) != null"] : [])
                    + ["\(CELQuotation.quote(field).text) in \(name)"]
            default: return []
            }
        }

        private func isLocal(_ path: String) -> Bool { locals.contains(String(path.prefix { $0 != "." })) }

        /// A path of names and constant keys as it is written.
        private func source(_ expression: Expression) -> String? {
            switch expression.kind {
            case .name(let name, _): return name
            case .select(let operand, let field, .value): return source(operand).map { "\($0).\(field)" }
            case .index(let operand, let key, isOptional: false):
                guard case .literal(.string(let field)) = key.kind else { return nil }
                return source(operand).map { "\($0)[\(CELQuotation.quote(field).text)]" }
            default: return nil
            }
        }

        /// The paths that are present where the expression is known to be true, or false.
        private func established(by expression: Expression, when value: Bool) -> Set<String> {
            switch expression.kind {
            case .select(let operand, let field, .presence) where value:
                return path(operand).map { ["\($0).\(field)"] } ?? []
            case .binary(.in, let key, let map) where value:
                guard case .literal(.string(let name)) = key.kind, let path = path(map) else { return [] }
                return ["\(path).\(name.text)"]
            case .unary(.not, let operand): return established(by: operand, when: !value)
            case .and(let operands) where value, .or(let operands) where !value:
                return operands.reduce(into: []) { $0.formUnion(established(by: $1, when: value)) }
            default: return []
            }
        }

        /// The dotted path of names and constant keys that an expression is, or nil.
        private func path(_ expression: Expression) -> String? {
            switch expression.kind {
            case .name(let name, _): return name
            case .select(let operand, let field, .value): return path(operand).map { "\($0).\(field)" }
            case .index(let operand, let key, isOptional: false):
                guard case .literal(.string(let field)) = key.kind else { return nil }
                return path(operand).map { "\($0).\(field.text)" }
            default: return nil
            }
        }
    }
}
