package import GatewayEngine
internal import GatewayModel
package import Logging
internal import ServiceLifecycle

/// Keeps what is served equal to what the files say: the configuration and every key file it names.
///
/// Looks at the files a few times a second and reads them again once one has changed and stays as it is,
/// or when it is told to. A configuration that is not valid changes nothing: the last good one serves.
package struct ConfigurationReloader: Service {
    private let path: String
    private let environment: [String: String]
    private let tls: any TLSChecking
    private let initial: ConfigurationFile
    private let publisher: any SnapshotPublisher
    private let requests: AsyncStream<Void>
    private let logger: Logger

    /// How often files are looked at.
    private static let interval = Duration.milliseconds(250)
    /// Three seconds.
    private static let looksBetweenTries = 12

    /// - Parameter requests: an element for each time somebody asks for a reload (SIGHUP).
    package init(
        _ initial: ConfigurationFile, environment: [String: String], tls: any TLSChecking,
        publisher: any SnapshotPublisher,
        requests: AsyncStream<Void>, logger: Logger
    ) {
        path = initial.path
        self.initial = initial
        self.environment = environment
        self.tls = tls
        self.publisher = publisher
        self.requests = requests
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                let (events, continuation) = AsyncStream.makeStream(of: Bool.self)
                group.addTask {
                    for await _ in requests { continuation.yield(true) }
                }
                group.addTask {
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.interval)
                        continuation.yield(false)
                    }
                    continuation.finish()
                }
                await watch(events)
                group.cancelAll()
            }
        }
    }

    /// `events`: true for a reload that was asked for, false for a look at the files.
    private func watch(_ events: AsyncStream<Bool>) async {
        var current = initial
        var served = current.fingerprint
        var seen = served
        // Looks until a valid configuration that could not be served is tried again.
        var looksToRetry: Int?
        for await isAsked in events {
            looksToRetry = looksToRetry.map { $0 - 1 }
            let now = FileFingerprint.of(current.paths)
            // A file that is being written is left alone until it stays as it is.
            let hasSettled = now == seen && now != served
            seen = now
            guard isAsked || hasSettled || looksToRetry == 0 else { continue }
            let loaded = ConfigurationFile.load(path: path, environment: environment, tls: tls)
            let outcome = await publish(loaded, isRetry: !isAsked && !hasSettled)
            looksToRetry = outcome == .unservable ? Self.looksBetweenTries : nil
            if outcome == .served {
                current = loaded
                served = loaded.fingerprint
            } else {
                current = current.watching(loaded)
                served = FileFingerprint.of(current.paths)
            }
            seen = served
        }
    }

    private enum Outcome {
        case served, invalid
        /// Valid, but an address could not be had: perhaps later.
        case unservable
    }

    /// - Parameter isRetry: what is wrong with it has been said.
    private func publish(_ loaded: ConfigurationFile, isRetry: Bool) async -> Outcome {
        for diagnostic in loaded.diagnostics where !isRetry {
            logger.log(level: diagnostic.severity == .error ? .error : .warning, "\(diagnostic.oneLine)")
        }
        guard let snapshot = loaded.snapshot else {
            logger.error("the changed configuration is not valid; the one before it goes on serving")
            return .invalid
        }
        do {
            try await publisher.publish(snapshot)
        } catch {
            if !isRetry {
                logger.error("the changed configuration can't be served yet and is tried again: \(error)")
                logger.error("the one before it goes on serving")
            }
            return .unservable
        }
        logger.info("serving the changed configuration")
        if loaded.configuration?.process != initial.configuration?.process {
            logger.warning("some settings under `config` are read at start only: restart for them")
        }
        return .served
    }
}
