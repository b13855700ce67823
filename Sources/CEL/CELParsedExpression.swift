/// An expression that was read, once for all that is to be known of it: its program, what may be absent, advice.
package final class CELParsedExpression {
    package let source: String
    let environment: CELEnvironment
    let root: Expression
    let macros: [CELUse]
    private var outcome: Checker.Outcome?

    /// Throws where the source is no expression; names and types are not looked at.
    package init(_ source: String, in environment: CELEnvironment) throws(CELCompileError) {
        self.source = source
        self.environment = environment
        do throws(CELIssue) {
            (root, macros) = try Parser.parse(Array(source.utf8), limits: environment.limits)
        } catch {
            throw CELCompileError(source, [error])
        }
    }

    /// What the checker found, whether or not the environment asks for it. All nodes have types then, `dyn` where
    /// something is wrong.
    var checked: Checker.Outcome {
        if let outcome { return outcome }
        let found = Checker.check(root, in: environment)
        outcome = found
        return found
    }

    func text(_ part: Expression) -> String { String(decoding: Array(source.utf8)[part.range], as: UTF8.self) }
}
