internal import ArgumentParser
internal import Bytes

/// The command line. Flags and wiring only; no logic.
@main
struct Tollgate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A gateway that verifies JSON Web Tokens before requests reach your services.",
        discussion: """
            Start with `tollgate demo`, then protect a service of your own: write a configuration,
            check it with `tollgate validate -f config.yaml` and serve it with `tollgate run -f config.yaml`.
            """,
        version: Version.text,
        subcommands: [
            DemoCommand.self, RunCommand.self, ValidateCommand.self, StoreCommand.self, JWTCommand.self,
            JWKSCommand.self,
            CELCommand.self, VersionCommand.self, RefusalsCommand.self, SchemaCommand.self,
        ]
    )

    /// As ArgumentParser's own, but a wrong call ends with 2 instead of 64.
    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            StandardError.print(TerminalText.lines(fullMessage(for: error)))
            if let hint = ExpressionArgument.hint(after: CommandLine.arguments.dropFirst()) {
                StandardError.print(hint)
            }
            exit(withError: Exit.misused)
        }
    }
}
