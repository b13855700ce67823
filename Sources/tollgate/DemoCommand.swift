internal import ArgumentParser
internal import GatewayControl
internal import GatewayModel
internal import GatewayTransport

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a gateway with a service behind it, and print requests to try.",
        discussion: """
            Makes a key and tokens, starts a small echo service and the gateway in front of it, all on
            loopback, and prints curl commands to copy. Nothing is written to disk. Ctrl-C ends it.
            """
    )

    @Option(help: "Where the gateway listens.")
    var port = 3000

    @Option(help: "Where the echo service listens.")
    var upstreamPort = 3001

    func validate() throws {
        for port in [port, upstreamPort] where !(1...65535).contains(port) {
            throw ValidationError("\(port) is not a port; take one from 1 to 65535.")
        }
        guard port != upstreamPort else {
            throw ValidationError("the gateway and the echo service need two different ports.")
        }
    }

    func run() async throws {
        let scenario = try DemoScenario.make(port: port, upstreamPort: upstreamPort, now: WallClock.now())
        let loaded = ConfigurationFile.compile(
            scenario.configuration, path: "demo.yaml", environment: [:], host: "127.0.0.1")
        guard let snapshot = loaded.snapshot else {
            StandardError().write(loaded.renderedDiagnostics())
            throw ExitCode(1)
        }
        let upstream: LocalServer
        let server = GatewayServer(GatewayServer.Settings(threads: 1, tokenCacheBytes: 1 << 20, accessLog: .text))
        do {
            upstream = try await EchoServer.start(port: upstreamPort)
        } catch {
            StandardError.print("error: cannot start the echo service on port \(upstreamPort): \(error)")
            StandardError.print("hint: take other ports with --port and --upstream-port")
            throw ExitCode(1)
        }
        do {
            try await server.start()
            try await server.publish(snapshot, of: .file)
        } catch {
            StandardError.print("error: \(error)\nhint: take other ports with --port and --upstream-port")
            throw ExitCode(1)
        }
        announce(scenario)
        let service = GatewayService(server: server, drainTimeout: .seconds(2), logger: Lifecycle.logger(nil))
        try await Lifecycle.run([service], logger: Lifecycle.logger(nil))
        await upstream.shutdown()
        print("The demo has ended.")
    }

    private func announce(_ scenario: DemoScenario) {
        print(
            """
            Tollgate listens on http://127.0.0.1:\(port); an echo service behind it on port \(upstreamPort).
            It serves this configuration, in agentgateway's YAML:

            """)
        for line in scenario.configuration.split(separator: "\n", omittingEmptySubsequences: false) {
            print(line.isEmpty ? "" : "    \(line)")
        }
        print("Paste these into another terminal. First the tokens, good for an hour:\n")
        var known: Set<String> = []
        for attempt in scenario.attempts {
            guard let token = attempt.token, known.insert(token.variable).inserted else { continue }
            print("\(token.variable)=\(token.text)\n")
        }
        for (number, attempt) in scenario.attempts.enumerated() {
            let header = attempt.token.map { " -H \"Authorization: Bearer $\($0.variable)\"" } ?? ""
            print("# \(number + 1). \(attempt.title): \(attempt.expectation)")
            print("curl -i http://127.0.0.1:\(port)\(attempt.path)\(header)\n")
        }
        print("Ctrl-C ends the demo.")
        StandardOutput.flush()
    }
}
