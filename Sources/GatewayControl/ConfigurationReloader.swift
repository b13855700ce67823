package import GatewayEngine
internal import GatewayModel
package import Logging
internal import ServiceLifecycle
internal import Synchronization

/// Keeps what is served equal to what the files say: the configuration and every key file it names.
///
/// Looks at the files a few times a second and reads them again once one has changed and stays as it is,
/// or when it is told to. A configuration that is not valid changes nothing: the last good one serves. Keys that
/// were fetched anew are served by it too, so that there is one hand that publishes.
package final class ConfigurationReloader: Service {
    private let path: String
    private let environment: [String: String]
    private let tls: any TLSChecking
    /// What is served, from the start on.
    private let current: Mutex<ConfigurationFile>
    /// What was read at start only.
    private let process: ProcessSettings?
    private let remote: RemoteKeySources
    private let local: LocalKeySources
    private let publisher: any SnapshotPublisher
    private let status: ConfigurationStatus
    private let requests: AsyncStream<Void>
    private let logger: Logger
    private let events: AsyncStream<Event>
    private let continuation: AsyncStream<Event>.Continuation

    private enum Event: Sendable {
        /// Time for a look at the files.
        case look
        /// Somebody asked for a reload.
        case reload
        /// There are other keys.
        case keys(Completion)
    }

    /// How often files are looked at.
    private static let interval = Duration.milliseconds(250)
    /// Three seconds.
    private static let looksBetweenTries = 12

    /// - Parameters:
    ///   - remote: the remote keys that `initial` was compiled with.
    ///   - local: told what else there is in keys.
    ///   - status: told what became of changes.
    ///   - requests: an element for each time somebody asks for a reload (SIGHUP).
    package init(
        _ initial: ConfigurationFile, environment: [String: String], tls: any TLSChecking, remote: RemoteKeySources,
        local: LocalKeySources, publisher: any SnapshotPublisher, status: ConfigurationStatus,
        requests: AsyncStream<Void>, logger: Logger
    ) {
        self.status = status
        self.remote = remote
        self.local = local
        local.use(initial)
        (events, continuation) = AsyncStream.makeStream()
        path = initial.path
        process = initial.configuration?.process
        current = Mutex(initial.served)
        self.environment = environment
        self.tls = tls
        self.publisher = publisher
        self.requests = requests
        self.logger = logger
        remote.serve([initial.configuration].compactMap(\.self))
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { [self] group in
                group.addTask { [self] in
                    for await _ in requests { continuation.yield(.reload) }
                }
                group.addTask { [self] in
                    while !Task.isCancelled {
                        try? await Task.sleep(for: Self.interval)
                        continuation.yield(.look)
                    }
                    continuation.finish()
                }
                await watch()
                continuation.finish()
                group.cancelAll()
            }
        }
    }

    private func watch() async {
        giveBackFreeMemory()
        var served = current.withLock(\.fingerprint)
        var seen = served
        // Looks until a valid configuration that could not be served is tried again.
        var looksToRetry: Int?
        for await event in events {
            if case .keys(let completion) = event {
                await publishKeys()
                completion.complete()
                continue
            }
            let isAsked = if case .reload = event { true } else { false }
            looksToRetry = looksToRetry.map { $0 - 1 }
            let now = FileFingerprint.of(current.withLock(\.paths))
            // A file that is being written is left alone until it stays as it is.
            let hasSettled = now == seen && now != served
            seen = now
            guard isAsked || hasSettled || looksToRetry == 0 else { continue }
            let outcome = await reload(isRetry: !isAsked && !hasSettled)
            looksToRetry = outcome == .unservable ? Self.looksBetweenTries : nil
            served = current.withLock(\.fingerprint)
            seen = served
            giveBackFreeMemory()
        }
    }

    private func reload(isRetry: Bool) async -> ConfigurationStatus.Outcome {
        let loaded = ConfigurationFile.load(
            path: path, environment: environment, tls: tls, remote: remote, previous: current.withLock(\.snapshot))
        let outcome = await publish(loaded, isRetry: isRetry)
        if outcome == .served || !isRetry { status.note(outcome) }
        current.withLock { $0 = outcome == .served ? loaded.served : $0.watching(loaded) }
        remote.serve(current.withLock { [$0.configuration].compactMap(\.self) })
        local.use(current.withLock { $0 })
        return outcome
    }

    private func publishKeys() async {
        guard let snapshot = current.withLock({ $0.snapshot(remote: remote) }) else { return }
        do {
            try await publisher.publish(snapshot, of: .file)
        } catch {
            logger.error("keys that were fetched can't be served: \(error)")
        }
    }

    /// What of the served configuration is another now, by name and without its content.
    ///
    /// - Parameter settings: what of it counts at start only.
    private func report(_ loaded: ConfigurationFile, besides settings: [String]) {
        let before = current.withLock { ($0.outline, $0.fingerprints) }
        let changes = loaded.outline.flatMap { new in before.0.map { new.changes(since: $0) } } ?? []
        for change in changes { logger.info("\(change)") }
        let files = loaded.paths.dropFirst().filter { loaded.fingerprints[$0] != before.1[$0] }
        if !files.isEmpty { logger.info("keys and certificates read again: \(files.joined(separator: ", "))") }
        if changes.isEmpty, files.isEmpty, settings.isEmpty { logger.info("nothing in it has changed") }
        if !settings.isEmpty {
            logger.warning("read at start only, restart for what has changed: \(settings.joined(separator: ", "))")
        }
    }

    /// - Parameter isRetry: what is wrong with it has been said.
    private func publish(_ loaded: ConfigurationFile, isRetry: Bool) async -> ConfigurationStatus.Outcome {
        for diagnostic in loaded.diagnostics where !isRetry {
            logger.log(level: diagnostic.severity == .error ? .error : .warning, "\(diagnostic.oneLine)")
        }
        guard let snapshot = loaded.snapshot else {
            logger.error("the changed configuration is not valid; the one before it goes on serving")
            return .invalid
        }
        do {
            try await publisher.publish(snapshot, of: .file)
        } catch {
            if !isRetry {
                logger.error("the changed configuration can't be served yet and is tried again: \(error)")
                logger.error("the one before it goes on serving")
            }
            return .unservable
        }
        logger.info("serving the changed configuration")
        let settings = process.flatMap { loaded.configuration?.process.fields(otherThanIn: $0) } ?? []
        report(loaded, besides: settings.map { "config.\($0)" })
        return .served
    }
}

extension ConfigurationReloader: KeyConsumer {
    package func keysChanged() async {
        let completion = Completion()
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                completion.wait(waiter)
                if case .terminated = continuation.yield(.keys(completion)) { completion.complete() }
            }
        } onCancel: {
            completion.complete()
        }
    }
}

extension ProcessSettings {
    /// The names of the fields that differ, as a file writes them below `config`.
    fileprivate func fields(otherThanIn other: ProcessSettings) -> [String] {
        let differences = [
            ("workerThreads", workerThreads != other.workerThreads), ("statsAddr", control != other.control),
            ("adminAddr", admin != other.admin), ("readinessAddr", readiness != other.readiness),
            ("admin", adminAPI != other.adminAPI),
            ("accessLog", accessLog != other.accessLog), ("logging.level", logLevel != other.logLevel),
            ("logging.format", logFormat != other.logFormat), ("timeouts.drain", drainTimeout != other.drainTimeout),
        ]
        return differences.filter(\.1).map(\.0)
    }
}
