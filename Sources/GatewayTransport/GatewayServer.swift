package import GatewayEngine
package import GatewayModel
internal import NIOCore
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The sockets of the gateway: listeners, event loops, and what each loop serves.
///
/// One event loop per thread. Every address is bound once per loop with `SO_REUSEPORT`, after an
/// exclusive bind has proved that no other process has it.
package final class GatewayServer: Sendable {
    package struct Settings: Sendable {
        /// Event loops, each on a thread of its own.
        package var threads: Int
        /// Bytes of all verified-token caches together.
        package var tokenCacheBytes: Int
        package var accessLog: AccessLogFormat
        package var driver: DriverKind
        /// Told in a sentence what an operator has to know. Called on event loops: it must not block.
        package var warn: @Sendable (String) -> Void

        package init(
            threads: Int, tokenCacheBytes: Int, accessLog: AccessLogFormat, driver: DriverKind = .standard,
            warn: @escaping @Sendable (String) -> Void = { _ in }
        ) {
            self.warn = warn
            self.threads = threads
            self.tokenCacheBytes = tokenCacheBytes
            self.accessLog = accessLog
            self.driver = driver
        }
    }

    /// An address that could not be listened on.
    package struct BindError: Error, CustomStringConvertible {
        package let address: String
        package let reason: String

        package var description: String { "cannot listen on \(address): \(reason)" }
    }

    /// Cores this process may use.
    package static var coreCount: Int { System.coreCount }

    private struct Listening {
        var drivers: [any Driver] = []
        /// Those that are listened on, or are about to be, and whose they are.
        var addresses: [ListenAddress: ConfigurationSource] = [:]
        /// What is served.
        var sources: [ConfigurationSource: Served] = [:]
        /// Told to stop: nothing is opened any more.
        var isStopping = false

        func addresses(of source: ConfigurationSource) -> Set<ListenAddress> {
            Set(addresses.filter { $0.value == source }.keys)
        }
    }

    private struct Served {
        var snapshot: Snapshot
        /// Of those addresses that are TLS.
        var terminators: [ListenAddress: TLSTerminator]
    }

    private struct Stopping: Error, CustomStringConvertible {
        var description: String { "the gateway is stopping" }
    }

    private let settings: Settings
    private let listening = Mutex(Listening())
    private let initiators = TLSInitiators()
    private let logWriter = LogWriter(descriptor: STDOUT_FILENO)

    package init(_ settings: Settings) {
        self.settings = settings
    }

    /// Makes the event loops. They serve what is then published.
    package func start() async throws {
        for number in 0..<settings.threads {
            let driver = try await startDriver(probes: number == 0)
            listening.withLock { $0.drivers.append(driver) }
        }
    }

    /// - Parameter probes: whether its loop asks servers how they are.
    private func startDriver(probes: Bool) async throws -> any Driver {
        let makeWorker: @Sendable (any WorkerLoop) -> Worker = { [settings, initiators, logWriter] loop in
            Worker(
                loop: loop, initiators: initiators, loopCount: settings.threads, probes: probes,
                tokenCacheBytes: settings.tokenCacheBytes / settings.threads,
                accessLog: AccessLog(settings.accessLog, logWriter), warn: settings.warn)
        }
        #if os(Linux)
            if settings.driver == .epoll { return EpollDriver(makeWorker) }
        #endif
        return try await NIODriver(makeWorker)
    }

    /// What ends TLS at each address; as it was where nothing has changed, so that sessions can be resumed.
    private func terminators(
        of snapshot: Snapshot, earlier: [ListenAddress: TLSTerminator]
    ) throws -> [ListenAddress: TLSTerminator] {
        var terminators: [ListenAddress: TLSTerminator] = [:]
        for bind in snapshot.binds where !bind.tls.isEmpty {
            if let same = earlier[bind.address], same.settings == bind.tls {
                terminators[bind.address] = same
            } else {
                terminators[bind.address] = try TLSTerminator(bind.tls)
            }
        }
        return terminators
    }

    /// Throws where the certificates of a source's snapshot can't be used, or where an address that it adds is another
    /// source's or process's.
    package func prepare(_ snapshot: Snapshot, of source: ConfigurationSource) throws {
        let wanted = Set(snapshot.binds.map(\.address))
        let (addresses, open) = listening.withLock { ($0.addresses, $0.addresses(of: source)) }
        var claimed = addresses
        try Self.claim(wanted.subtracting(open), for: source, in: &claimed)
        // What moves between one address and all of them is not free before it is closed.
        let closing = Set(open.subtracting(wanted).map(\.port))
        for address in wanted.subtracting(open) where !closing.contains(address.port) {
            do {
                try proveFree(address)
            } catch {
                throw Self.bindError(address.description, error)
            }
        }
        for bind in snapshot.binds where !bind.tls.isEmpty { _ = try TLSTerminator(bind.tls) }
        try initiators.prepare(snapshot.upstreamTrusts, of: source)
    }

    /// Serves a source by another snapshot, beside those of other sources. Answers when every loop has it.
    ///
    /// New addresses are bound first: where one can't be, or is another source's, nothing changes. Snapshots of one
    /// source are to be published one after the other.
    package func publish(_ snapshot: Snapshot, of source: ConfigurationSource) async throws {
        let wanted = Set(snapshot.binds.map(\.address))
        let (drivers, earlier, open) = try listening.withLock {
            if $0.isStopping { throw Stopping() }
            let open = $0.addresses(of: source)
            try Self.claim(wanted.subtracting(open), for: source, in: &$0.addresses)
            return ($0.drivers, $0.sources[source], open)
        }
        let added = wanted.subtracting(open)
        do {
            let terminators = try terminators(of: snapshot, earlier: earlier?.terminators ?? [:])
            try initiators.prepare(snapshot.upstreamTrusts, of: source)
            for driver in drivers {
                await driver.perform {
                    $0.claim(added, for: snapshot, of: source)
                    // Nobody can ask yet: whoever is the first finds all in place.
                    if earlier == nil { $0.use(snapshot, of: source, terminators) }
                }
            }
            try await listen(added, movedFrom: open.subtracting(wanted), of: source)
            if earlier != nil {
                for driver in drivers { await driver.perform { $0.use(snapshot, of: source, terminators) } }
            }
            // Held until here, so that no loop is the last to let go of it: freeing the routes of ten thousand takes
            // longer than a request.
            let replaced = listening.withLock { listening in
                let replaced = listening.sources[source]
                listening.sources[source] = Served(snapshot: snapshot, terminators: terminators)
                return replaced
            }
            withExtendedLifetime(replaced) {}
        } catch {
            for address in added { listening.withLock { $0.addresses[address] = nil } }
            if earlier == nil { await forget(source) }
            throw error
        }
        for address in open.subtracting(wanted) { await close(address) }
    }

    /// Stops serving a source: its addresses are closed, requests in service end.
    package func withdraw(_ source: ConfigurationSource) async {
        for address in listening.withLock({ $0.addresses(of: source) }) { await close(address) }
        await forget(source)
        listening.withLock { $0.sources[source] = nil }
    }

    private func forget(_ source: ConfigurationSource) async {
        for driver in listening.withLock({ $0.drivers }) { await driver.perform { $0.forget(source) } }
        initiators.forget(source)
    }

    /// Stops listening and waits until every request in service has been answered, at most so long, or until the
    /// task is cancelled. Answers how many connections were left.
    package func drain(for limit: Duration) async -> Int {
        let (drivers, open) = listening.withLock {
            $0.isStopping = true
            return ($0.drivers, $0.addresses)
        }
        for address in open.keys { await close(address) }
        for driver in drivers { await driver.perform { $0.drain() } }
        let deadline = ContinuousClock.now + limit
        while true {
            let left = await counters().connectionsOpen
            guard left > 0, ContinuousClock.now < deadline, !Task.isCancelled else { return Int(left) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Closes what is open and ends the threads.
    package func shutdown() async {
        let (drivers, open) = listening.withLock { ($0.drivers, $0.addresses) }
        for address in open.keys { await close(address) }
        for driver in drivers {
            await driver.perform { $0.closeAll() }
            await driver.shutdown()
        }
        await logWriter.shutdown()
    }

    /// What every loop serves by: the file's, then those of gateway groups by their ids.
    package var snapshots: [Snapshot] {
        listening.withLock(\.sources).sorted { $0.key < $1.key }.map(\.value.snapshot)
    }

    /// What all loops have counted.
    package func counters() async -> Counters {
        var sum = Counters()
        for driver in listening.withLock({ $0.drivers }) {
            if let counted = await driver.perform({ $0.count() }) { sum.add(counted) }
        }
        sum.droppedLogLines = UInt64(logWriter.dropped)
        return sum
    }

    // MARK: - Addresses

    /// Takes addresses for a source, all or none.
    private static func claim(
        _ wanted: Set<ListenAddress>, for source: ConfigurationSource,
        in addresses: inout [ListenAddress: ConfigurationSource]
    ) throws {
        for address in wanted {
            if let (other, owner) = addresses.first(where: { $0.value != source && $0.key.overlaps(address) }) {
                throw BindError(address: address.description, reason: "\(owner) has \(other)")
            }
        }
        for address in wanted { addresses[address] = source }
    }

    /// Listens on addresses, all or none.
    ///
    /// - Parameter old: those that will be closed. A listener that moves between one address and all of them can't be
    ///   bound beside its old self.
    private func listen(
        _ wanted: Set<ListenAddress>, movedFrom old: Set<ListenAddress>, of source: ConfigurationSource
    ) async throws {
        let moved = old.filter { old in wanted.contains { $0.port == old.port } }
        for address in moved { await stopListening(address) }
        var added: [ListenAddress] = []
        do {
            for address in wanted {
                try await listen(address)
                added.append(address)
            }
        } catch {
            for address in added { await stopListening(address) }
            for address in moved { try await listen(address) }
            throw error
        }
    }

    private func listen(_ address: ListenAddress) async throws {
        let drivers = listening.withLock { $0.drivers }
        do {
            try proveFree(address)
            for driver in drivers { try await driver.listen(address) }
        } catch {
            await stopListening(address)
            throw Self.bindError(address.description, error)
        }
        if listening.withLock(\.isStopping) {
            await stopListening(address)
            throw Stopping()
        }
    }

    private func stopListening(_ address: ListenAddress) async {
        for driver in listening.withLock({ $0.drivers }) { await driver.stopListening(address) }
    }

    private func close(_ address: ListenAddress) async {
        await stopListening(address)
        listening.withLock { $0.addresses[address] = nil }
    }

    static func bindError(_ address: String, _ error: any Error) -> BindError {
        BindError(address: address, reason: describe(error))
    }

    private static func describe(_ error: any Error) -> String {
        guard let code = (error as? IOError)?.errnoCode ?? (error as? AddressError)?.code else { return "\(error)" }
        return switch code {
        case EADDRINUSE: "the address is in use by another process"
        case EACCES: "permission denied (ports below 1024 need a privilege, sockets a folder that can be written to)"
        case EEXIST: "a file that is no socket stands there"
        case ENOENT: "its folder is not there"
        case EADDRNOTAVAIL: "this machine does not have the address"
        default: "\(error)"
        }
    }
}

/// Throws where another process listens on the address: with SO_REUSEPORT alone it would be shared unseen.
///
/// The socket is bound and never listens: what listens also takes connections, which would be nobody's.
private func proveFree(_ address: ListenAddress) throws {
    let socketAddress = try SocketAddress(ipAddress: address.host, port: address.port)
    #if canImport(Glibc)
        let stream = Int32(SOCK_STREAM.rawValue)
    #else
        let stream = SOCK_STREAM
    #endif
    let descriptor = socket(Int32(socketAddress.protocol.rawValue), stream, 0)
    guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
    defer { _ = close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let result = socketAddress.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
    guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
}
