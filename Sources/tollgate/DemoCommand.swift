internal import ArgumentParser
internal import GatewayAdmin
internal import GatewayControl
internal import GatewayModel
internal import GatewayStore
internal import GatewayTransport
internal import ServiceLifecycle

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Run a gateway with a service behind it, and print requests to try.",
        discussion: """
            Makes a key and tokens, starts a small echo service and the gateway in front of it, all on
            loopback, and prints curl commands to copy: for a configuration in agentgateway's YAML, and for
            the Admin API of API7 and Apache APISIX. Nothing is written to disk. Ctrl-C ends it.
            """
    )

    @Option(help: "Where the gateway listens.")
    var port = 3000

    @Option(help: "Where the echo service listens.")
    var upstreamPort = 3001

    @Option(help: "Where the Admin API listens.")
    var adminPort = 9180

    @Option(help: "Where the gateway listens for what the Admin API configures.")
    var apiPort = 9080

    private var ports: [Int] { [port, upstreamPort, adminPort, apiPort] }

    func validate() throws {
        for port in ports where !(1...65535).contains(port) {
            throw ValidationError("\(port) is not a port; take one from 1 to 65535.")
        }
        guard Set(ports).count == ports.count else {
            throw ValidationError("the gateway, its Admin API and the echo service need different ports.")
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
        var services: [any Service] = []
        do {
            try await server.start()
            try await server.publish(snapshot, of: .file)
            services += try await serveAdmin(scenario, on: server)
        } catch {
            StandardError.print("error: \(error)\nhint: take other ports; `tollgate demo --help` has the options")
            throw ExitCode(1)
        }
        services.append(GatewayService(server: server, drainTimeout: .seconds(2), logger: Lifecycle.logger(nil)))
        try await Lifecycle.run(services, logger: Lifecycle.logger(nil))
        await upstream.shutdown()
        print("The demo has ended.")
    }

    /// The Admin API, with nothing in it.
    private func serveAdmin(_ scenario: DemoScenario, on server: GatewayServer) async throws -> [any Service] {
        let logger = Lifecycle.logger(nil)
        let plane = try await AdminPlane(
            MemoryStore(),
            groups: GatewayGroups(listen: [GatewayGroup.standardID: [ListenAddress(host: "127.0.0.1", port: apiPort)]]),
            remote: RemoteKeySources(store: nil, clock: .system()),
            secrets: SecretSource(environment: [:], folder: nil),
            process: RunCommand.process(control: .off), environment: [:], logger: logger)
        return try await plane.serve(on: server) { resources in
            AdminServer(
                resources, address: ListenAddress(host: "127.0.0.1", port: adminPort), security: .plain,
                keys: [AdminKey(name: "demo", role: .admin, secret: scenario.adminKey)], masksSecrets: false,
                now: { WallClock.now() }, logger: logger, whenRunning: { announce(scenario) })
        }
    }
}
