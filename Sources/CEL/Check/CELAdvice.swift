/// What is worth a look in an expression that is valid.
package struct CELAdvice: Sendable {
    /// Names that stand for nothing: where only the grammar is checked, the evaluation fails at them.
    package let unknownNames: [CELIssue]
    /// Calls of `contains` on what may be a text or a list, and so have two meanings.
    package let ambiguousCalls: [CELIssue]

    package init(on parsed: CELParsedExpression) {
        unknownNames = parsed.checked.issues.filter { $0.kind == .unknownName }
        var calls: [CELIssue] = []
        Self.collect(parsed.root, parsed, &calls)
        ambiguousCalls = calls
    }

    private static func collect(_ expression: Expression, _ parsed: CELParsedExpression, _ calls: inout [CELIssue]) {
        for child in expression.kind.children { collect(child, parsed, &calls) }
        guard case .call(let target?, "contains", let arguments) = expression.kind, arguments.count == 1,
            target.type == .dyn, arguments[0].type == .string || arguments[0].type == .dyn
        else { return }
        calls.append(
            CELIssue(
                .type, "`\(parsed.text(target))` may be a text, of which this looks for a part: a list has elements",
                at: expression.offset,
                hint:
                    "`\(parsed.text(arguments[0])) in \(parsed.text(target))` asks for an element and is an error for a text."
            ))
    }
}
