internal import ArgumentParser
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport
internal import Logging
internal import ServiceLifecycle

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serve a configuration until a signal ends it.",
        discussion: """
            A configuration with errors is not served: all of them are printed and the exit code is 1.
            SIGTERM and SIGINT end the gateway.
            """
    )

    @Option(name: [.short, .long], help: "The configuration file (YAML or JSON).")
    var file: String

    func run() async throws {
        let loaded = ConfigurationFile.load(path: file, environment: Environment.variables)
        StandardError().write(loaded.renderedDiagnostics())
        guard let snapshot = loaded.snapshot, let configuration = loaded.configuration else {
            StandardError.print("\(file) is not valid; nothing is served.")
            throw ExitCode(1)
        }
        Environment.raiseDescriptorLimit()
        let server = GatewayServer(
            GatewayServer.Settings(
                threads: configuration.process.workerThreads ?? GatewayServer.coreCount,
                tokenCacheBytes: Self.tokenCacheBytes))
        do {
            try await server.start(snapshot)
        } catch {
            StandardError.print("error: \(error)")
            throw ExitCode(1)
        }
        for bind in configuration.binds {
            StandardError.print("listening on \(bind.address.host):\(bind.address.port)")
        }
        try await Lifecycle.run(GatewayService(server: server))
    }

    private static let tokenCacheBytes = 16 << 20
}
