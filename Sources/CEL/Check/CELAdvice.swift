/// What is worth a look in an expression that is valid.
package struct CELAdvice: Sendable {
    /// Names that stand for nothing: where only the grammar is checked, the evaluation fails at them.
    package let unknownNames: [CELIssue]
    /// Calls of `contains` on what may be a text or a list, and so have two meanings.
    package let ambiguousCalls: [CELIssue]

    /// Throws where the source is no expression.
    package init(on source: String, in environment: CELEnvironment) throws(CELCompileError) {
        let bytes = Array(source.utf8)
        let expression: Expression
        do throws(CELIssue) {
            expression = try Parser.parse(bytes, limits: environment.limits)
        } catch {
            throw CELCompileError(source, [error])
        }
        unknownNames = Checker.issues(expression, in: environment).filter { $0.kind == .unknownName }
        var calls: [CELIssue] = []
        Self.collect(expression, bytes, &calls)
        ambiguousCalls = calls
    }

    private static func collect(_ expression: Expression, _ source: [UInt8], _ calls: inout [CELIssue]) {
        for child in expression.kind.children { collect(child, source, &calls) }
        guard case .call(let target?, "contains", let arguments) = expression.kind, arguments.count == 1,
            target.type == .dyn, arguments[0].type == .string || arguments[0].type == .dyn
        else { return }
        func text(_ part: Expression) -> String { String(decoding: source[part.range], as: UTF8.self) }
        calls.append(
            CELIssue(
                .type, "`\(text(target))` may be a text, of which this looks for a part: a list has elements",
                at: expression.offset,
                hint: "`\(text(arguments[0])) in \(text(target))` asks for an element and is an error for a text."))
    }
}
