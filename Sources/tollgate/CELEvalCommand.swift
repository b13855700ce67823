internal import ArgumentParser
internal import Bytes
internal import CEL
internal import GatewayEngine

struct CELEvalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval",
        abstract: "Evaluate an expression and print its value with its type.",
        discussion: """
            The value is JSON in the form of CEL's conformance files:

              tollgate cel eval '1 + 2'
              tollgate cel eval 'user.startsWith("a")' -b '{"user": "alice"}'
              tollgate cel eval @rule.cel --bindings request.json
              tollgate cel eval -- '-7 / 2'

            Bindings are a JSON object of variables. A whole number is an int; other
            types are written as the output writes them, {"limit": {"uint": "3"}}.

            Exit code 0: it has a value; 1: it does not compile, or fails; 2: used
            wrongly.
            """
    )

    @Argument(help: ArgumentHelp("The expression, @FILE, or - for the standard input.", valueName: "expression"))
    var expression: String

    @Option(
        name: [.short, .long],
        help: ArgumentHelp("The variables: a JSON object, or a file that holds one.", valueName: "json|file"),
        completion: .file())
    var bindings: String?

    @Flag(help: "Check the grammar only; wrong names and types fail when they are evaluated.")
    var parseOnly = false

    func run() throws {
        let source = try ExpressionArgument.text(expression)
        let bindings = try variables()
        var environment = bindings.environment
        environment.checking = parseOnly ? .parseOnly : .typed
        let program: CELProgram
        do throws(CELCompileError) {
            program = try CELProgram(source, environment: environment)
        } catch {
            StandardError.print(TerminalText.lines(error.description))
            throw Exit.refused
        }
        let value = program.evaluate(bindings).value.owned()
        if case .error(let error) = value {
            StandardError.print(TerminalText.lines(error.rendered(in: source)))
            throw Exit.refused
        }
        print(value.typedJSON)
    }

    private func variables() throws -> CELBindings {
        var text = Array("{}".utf8)
        if let bindings {
            let isJSON = ["{", "["].contains(bindings.drop(while: \.isWhitespace).prefix(1))
            text = isJSON ? Array(bindings.utf8) : try InputArgument.document(bindings)
        }
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: text, limits: .document)
        } catch {
            throw Exit.usage("the bindings are no JSON: \(error.reason.rawValue) at byte \(error.offset).")
        }
        guard let bindings = CELBindings(document, in: RequestEnvironment.library) else {
            throw Exit.usage("the bindings are a JSON object, a member for each variable.")
        }
        return bindings
    }
}

/// An expression on the command line: itself, `@FILE`, or `-` for the standard input.
enum ExpressionArgument {
    /// What else there is to say where these arguments could not be read: an expression may look like an option.
    static func hint(after arguments: some Sequence<String>) -> String? {
        let arguments = Array(arguments)
        guard arguments.first == "cel", ["eval", "check"].contains(arguments.dropFirst().first),
            !arguments.contains("--"), let expression = arguments.dropFirst(2).first(where: isTakenForAnOption)
        else { return nil }
        return "  An expression that begins with '-' stands behind '--': "
            + "tollgate cel \(arguments[1]) -- \(TerminalText.line("'\(expression)'"))"
    }

    /// Whether it begins as options do and is none, by what is behind the hyphens.
    private static func isTakenForAnOption(_ argument: String) -> Bool {
        argument.count > 1 && argument.hasPrefix("-")
            && argument.contains { !$0.isLetter && $0 != "-" }
            && !["-b", "--bindings"].contains { argument.hasPrefix($0) }
    }

    static func text(_ argument: String) throws -> String {
        var bytes = Array(argument.utf8)
        if argument == "-" { bytes = try InputArgument.document("-") }
        if argument.hasPrefix("@") { bytes = try InputArgument.document(String(argument.dropFirst())) }
        guard UTF8Validation.isValid(bytes.span) else { throw Exit.usage("the expression is not UTF-8.") }
        let text = String(decoding: bytes, as: UTF8.self)
        // The end of a file's last line is no part of the expression.
        return text.last?.isNewline == true ? String(text.dropLast()) : text
    }
}
