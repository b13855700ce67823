internal import ArgumentParser
internal import GatewayEngine

struct CELCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cel",
        abstract: "Try and check the expressions that rules are written in.",
        discussion: """
            What an expression says, and whether it can be a rule:

              tollgate cel eval 'a + b' --bindings '{"a": 1, "b": 2}'
              tollgate cel check 'request.path == "/" && has(jwt.sub)'

            Docs/Expressions.md lists what rules can read and call.
            """,
        subcommands: [
            CELEvalCommand.self, CELCheckCommand.self, CELConformanceCommand.self, CELReferenceCommand.self,
        ]
    )
}

struct CELReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Print what rules can read and call.",
        discussion: "The page is Markdown; Docs/Expressions.md is made from it."
    )

    func run() {
        print(RequestEnvironment.markdown, terminator: "")
    }
}
