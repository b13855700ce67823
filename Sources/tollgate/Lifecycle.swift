internal import GatewayControl
internal import GatewayEngine
internal import GatewayModel
internal import GatewayTransport
internal import KeyFetching
internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Runs services until SIGTERM or SIGINT.
enum Lifecycle {
    static func run(_ services: [any Service], logger: Logger) async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services.map { .init(service: $0) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }

    /// The gateway's own log.
    static func logger(_ process: ProcessSettings?) -> Logger {
        Logger(label: "tollgate") { label in
            LineLogHandler(
                label: label, level: process?.logLevel ?? .warning, format: process?.logFormat ?? .text,
                timestamp: { CalendarTime(unixSeconds: WallClock.now()).rfc3339() },
                write: { StandardError().writeIfRead($0) })
        }
    }

    /// An element for every SIGHUP.
    static func hangups() async -> AsyncStream<Void> {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        return AsyncStream { continuation in
            let task = Task {
                for await _ in signals { continuation.yield() }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension GatewayServer: SnapshotPublisher {}
extension KeyClient: RemoteDocumentFetcher {}

/// A started server that is drained and shut down with the process.
struct GatewayService: Service {
    let server: GatewayServer
    var readiness: ControlServer.Readiness?
    let drainTimeout: Duration
    let logger: Logger

    func run() async throws {
        // Services run once signals are heeded: from here on a stop is a drain.
        readiness?.set(true)
        try? await gracefulShutdown()
        readiness?.set(false)
        logger.info("stopping: no new connections, requests in service may end")
        let left = await drain()
        if left > 0 { logger.warning("\(left) connections were still open and are cut") }
        await server.shutdown()
        logger.info("stopped")
    }

    /// Waits for requests in service, until the time is up or a second signal shows that nobody wants to wait.
    ///
    /// - Returns: how many connections were left.
    private func drain() async -> Int {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        return await withTaskGroup(of: Int?.self) { group in
            group.addTask { await server.drain(for: drainTimeout) }
            group.addTask {
                for await signal in signals {
                    logger.warning("\(signal) again: not waiting any longer")
                    break
                }
                return nil
            }
            var left: Int?
            for await ended in group {
                left = ended ?? left
                group.cancelAll()
            }
            return left ?? 0
        }
    }
}

/// Metrics and readiness, apart from traffic.
struct ControlService: Service {
    let listener: LocalServer

    func run() async throws {
        try? await gracefulShutdown()
        await listener.shutdown()
    }
}
