internal import ArgumentParser

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
            DemoCommand.self, RunCommand.self, ValidateCommand.self, VersionCommand.self, RefusalsCommand.self,
        ]
    )
}
