internal import ArgumentParser
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport

struct ValidateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a configuration without serving it.",
        discussion: """
            Reads the file, the environment variables and the key files it names, and says everything that
            is wrong or worth a look, each with its line. Nothing is fetched. Exit code 0: it can be served;
            1: it can't.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).")
    var file: String

    @Option(
        help: ArgumentHelp(
            "Refuse what this language does not have: additions of Tollgate.", valueName: "language"))
    var strictSchema: DialectName?

    func run() throws {
        let loaded = ConfigurationFile.load(
            path: file, environment: Environment.variables, tls: TLSChecker(), strictly: strictSchema != nil)
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
