internal import ArgumentParser
internal import Bytes
internal import GatewayEngine

struct CELCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether an expression can be an authorization rule, and what it reads.",
        discussion: """
            Checks names and types as a configuration's loading does:

              tollgate cel check 'jwt.groups.contains("admins")'
              tollgate cel check @rule.cel

            What it reads without asking whether it is there is named too: a deny
            rule denies where such a claim, header or parameter is absent.

            Exit code 0: it can be a rule; 1: it can't; 2: used wrongly.
            """
    )

    @Argument(help: ArgumentHelp("The expression, @FILE, or - for the standard input.", valueName: "expression"))
    var expression: String

    @Flag(help: "Check the grammar only, as config.celCheck: parseOnly does.")
    var parseOnly = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let source = try ExpressionArgument.text(expression)
        let check: RuleCheck
        do throws(RuleCheck.Failure) {
            check = try RuleCheck(source, isTyped: !parseOnly)
        } catch {
            if json { print(JSONOutput.object([("valid", .boolean(false)), ("error", .text(error.text))]).rendered()) }
            StandardError.print(TerminalText.lines(error.text))
            throw Exit.refused
        }
        print(json ? Self.json(check).rendered() : TerminalText.lines(Self.words(check)))
        guard check.isCondition else {
            StandardError.print("A rule is true or false; this is a \(check.type).")
            throw Exit.refused
        }
    }

    private static func words(_ check: RuleCheck) -> String {
        var text =
            "type: \(check.type)\nreads: \(check.reads.isEmpty ? "nothing" : check.reads.joined(separator: ", "))"
        if let remedy = check.remedy {
            text += "\nmay be absent: \(check.unguarded.joined(separator: ", "))"
            text += "\n  A deny rule denies then; to let such requests pass it, \(remedy)."
        }
        for note in check.notes { text += "\nnote: \(note)" }
        return text
    }

    private static func json(_ check: RuleCheck) -> JSONOutput {
        .object([
            ("valid", .boolean(check.isCondition)), ("type", .text(check.type)), ("reads", .texts(check.reads)),
            ("mayBeAbsent", .texts(check.unguarded)), ("remedy", .text(check.remedy)),
            ("notes", .texts(check.notes)),
        ])
    }
}
