internal import GatewayTransport
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Runs services until SIGTERM or SIGINT.
enum Lifecycle {
    static func run(_ services: any Service...) async throws {
        var logger = Logger(label: "tollgate.lifecycle", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .warning
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }
}

/// A started server that is shut down with the process.
struct GatewayService: Service {
    let server: GatewayServer

    func run() async throws {
        try? await gracefulShutdown()
        await server.shutdown()
    }
}
