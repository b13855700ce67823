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
    /// What else is worth a look, each with its line and a caret.
    package let notes: [String]

    /// What is wrong with an expression, every issue with its line and a caret.
    package struct Failure: Error, Sendable {
        package let text: String
    }

    /// - Parameter isTyped: whether names and types are checked, or the grammar only.
    package init(_ expression: String, isTyped: Bool) throws(Failure) {
        var environment = RequestEnvironment.authorization
        environment.checking = isTyped ? .typed : .parseOnly
        do throws(CELCompileError) {
            let parsed = try CELParsedExpression(expression, in: environment)
            let program = try CELProgram(parsed)
            let absent = CELAbsences(of: parsed)
            type = program.type.description
            isCondition = program.type == .bool || program.type == .dyn
            reads = program.attributes.compactMap { RequestAttribute(rawValue: $0)?.entry.path }
            unguarded = absent.reads.map(\.text)
            remedy = absent.remedy?.words
            let advice = CELAdvice(on: parsed)
            notes = (advice.unknownNames + advice.ambiguousCalls).map { $0.rendered(in: expression) }
        } catch {
            throw Failure(text: error.description)
        }
    }
}

extension CELAbsences.Remedy {
    /// What to do, as half a sentence.
    var words: String {
        let action =
            if let whole { "write `\(whole)`" } else {
                "put `\(before)` before it" + (after.isEmpty ? "" : " and `\(after)` behind it, on a line of its own")
            }
        return asks ? action : "\(action); it is then false whatever it fails for"
    }
}
