internal import CEL

/// What there is to say of an expression as an authorization rule, without a request.
package struct RuleCheck: Sendable {
    /// The type of its value.
    package let type: String
    package let isCondition: Bool
    /// What it reads of a request, as paths.
    package let reads: [String]
    /// What it reads without asking whether it is there.
    package let unguarded: [String]
    /// How to ask first; nil where there is no need.
    package let remedy: String?

    /// What is wrong with an expression, every issue with its line and a caret.
    package struct Failure: Error, Sendable {
        package let text: String
    }

    /// - Parameter isTyped: whether names and types are checked, or the grammar only.
    package init(_ expression: String, isTyped: Bool) throws(Failure) {
        var environment = RequestEnvironment.authorization
        environment.checking = isTyped ? .typed : .parseOnly
        do throws(CELCompileError) {
            let program = try CELProgram(expression, environment: environment)
            let absent = try CELUnguardedRead.find(in: expression, environment: environment)
            type = program.type.description
            isCondition = program.type == .bool || program.type == .dyn
            reads = program.attributes.compactMap { RequestAttribute(rawValue: $0)?.entry.path }
            unguarded = absent.map(\.text)
            remedy = absent.isEmpty ? nil : absent.remedy(for: expression)
        } catch {
            throw Failure(text: error.description)
        }
    }
}

extension [CELUnguardedRead] {
    /// What to do so that `expression`, which reads these, is false where they are absent.
    func remedy(for expression: String) -> String {
        var tests: [String] = []
        for read in self where !tests.contains(read.presenceTest) { tests.append(read.presenceTest) }
        guard !tests.contains(""), !expression.contains("\n") else {
            return "guard what it reads by has() or default()"
        }
        let isChain = !expression.contains("||") && !expression.contains("?")
        let rewritten = tests.joined(separator: " && ") + " && " + (isChain ? expression : "(\(expression))")
        return "write `\(rewritten)`"
    }
}
