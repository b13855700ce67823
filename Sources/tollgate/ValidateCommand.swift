internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a configuration without serving it.",
        discussion: """
            Reads the file, the environment variables and the files it names, also those of `config.admin`,
            and says everything that is wrong or worth a look, each with its line. Nothing is fetched, and no
            store is opened. Exit code 0: it can be served; 1: it can't.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).")
    var file: String

    @Option(
        help: ArgumentHelp(
            "Refuse what this language does not have: additions of Tollgate.", valueName: "language"))
    var strictSchema: DialectName?

    @Option(help: ArgumentHelp("The folder that `tollgate run --data` would name.", valueName: "folder"))
    var data: String?

    func run() throws {
        let loaded = ConfigurationFile.load(
            path: file, environment: Environment.variables, tls: TLSChecker(), strictly: strictSchema != nil
        ) { process in
            process.adminAPI.map { AdminFiles($0, data: data).diagnostics } ?? []
        }
        StandardError().write(loaded.renderedDiagnostics())
        guard loaded.snapshot != nil else {
            StandardError.print("\(file) is not valid.")
            throw ExitCode(1)
        }
        for place in loaded.remoteKeyPlaces {
            StandardError.print("note: keys are fetched when it runs, and were not looked at: \(place)")
        }
        let warnings = loaded.diagnostics.count
        print("\(file) is valid\(warnings == 0 ? "" : ", with \(warnings) warning\(warnings == 1 ? "" : "s")").")
    }
}
