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
        var addresses: Set<ListenAddress> = []
        /// Of those addresses that are TLS.
        var terminators: [ListenAddress: TLSTerminator] = [:]
        /// What is served.
        var snapshot: Snapshot?
        /// Told to stop: nothing is opened any more.
        var isStopping = false
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

    /// Listens on every address of the snapshot. Answers when all of them accept connections.
    package func start(_ snapshot: Snapshot) async throws {
        let terminators = try terminators(of: snapshot)
        try initiators.prepare(snapshot.upstreamTrusts)
        for _ in 0..<settings.threads {
            let driver = try await startDriver(snapshot, terminators)
            listening.withLock { $0.drivers.append(driver) }
        }
        for bind in snapshot.binds { try await listen(bind.address) }
        listening.withLock { $0.snapshot = snapshot }
    }

    /// What ends TLS at each address; as it was where nothing has changed, so that sessions can be resumed.
    private func terminators(of snapshot: Snapshot) throws -> [ListenAddress: TLSTerminator] {
        let earlier = listening.withLock { $0.terminators }
        var terminators: [ListenAddress: TLSTerminator] = [:]
        for bind in snapshot.binds where !bind.tls.isEmpty {
            if let same = earlier[bind.address], same.settings == bind.tls {
                terminators[bind.address] = same
            } else {
                terminators[bind.address] = try TLSTerminator(bind.tls)
            }
        }
        listening.withLock { [terminators] in $0.terminators = terminators }
        return terminators
    }

    private func startDriver(
        _ snapshot: Snapshot, _ terminators: [ListenAddress: TLSTerminator]
    ) async throws -> any Driver {
        let makeWorker: @Sendable (any WorkerLoop) -> Worker = { [settings, initiators, logWriter] loop in
            Worker(
                loop: loop, snapshot: snapshot, terminators: terminators, initiators: initiators,
                loopCount: settings.threads, tokenCacheBytes: settings.tokenCacheBytes / settings.threads,
                accessLog: AccessLog(settings.accessLog, logWriter), warn: settings.warn)
        }
        #if os(Linux)
            if settings.driver == .epoll { return EpollDriver(makeWorker) }
        #endif
        return try await NIODriver(makeWorker)
    }

    /// Throws where the certificates of a snapshot can't be used.
    package func prepare(_ snapshot: Snapshot) throws {
        for bind in snapshot.binds where !bind.tls.isEmpty { _ = try TLSTerminator(bind.tls) }
        try initiators.prepare(snapshot.upstreamTrusts)
    }

    /// Serves by another snapshot. Answers when every loop has it.
    ///
    /// New addresses are bound first: where one can't be, nothing changes.
    package func publish(_ snapshot: Snapshot) async throws {
        let (drivers, open) = try listening.withLock {
            if $0.isStopping { throw Stopping() }
            return ($0.drivers, $0.addresses)
        }
        let terminators = try terminators(of: snapshot)
        try initiators.prepare(snapshot.upstreamTrusts)
        let wanted = Set(snapshot.binds.map(\.address))
        var added: [ListenAddress] = []
        // A listener that moves between one address and all of them can't be bound beside its old self.
        let moved = open.subtracting(wanted).filter { old in
            wanted.subtracting(open).contains { $0.port == old.port }
        }
        for address in moved { await close(address) }
        do {
            for address in wanted.subtracting(open) {
                try await listen(address)
                added.append(address)
            }
        } catch {
            for address in added { await close(address) }
            for address in moved { try await listen(address) }
            throw error
        }
        for driver in drivers { await driver.perform { $0.use(snapshot, terminators) } }
        listening.withLock { $0.snapshot = snapshot }
        for address in open.subtracting(wanted) { await close(address) }
    }

    /// Stops listening and waits until every request in service has been answered, at most so long, or until the
    /// task is cancelled. Answers how many connections were left.
    package func drain(for limit: Duration) async -> Int {
        let (drivers, open) = listening.withLock {
            $0.isStopping = true
            return ($0.drivers, $0.addresses)
        }
        for address in open { await close(address) }
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
        for address in open { await close(address) }
        for driver in drivers {
            await driver.perform { $0.closeAll() }
            await driver.shutdown()
        }
        await logWriter.shutdown()
    }

    /// What every loop serves by; nil before the start.
    package var snapshot: Snapshot? { listening.withLock(\.snapshot) }

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

    private func listen(_ address: ListenAddress) async throws {
        let drivers = listening.withLock { $0.drivers }
        do {
            try proveFree(address)
            for driver in drivers { try await driver.listen(address) }
        } catch {
            for driver in drivers { await driver.stopListening(address) }
            throw Self.bindError(address.description, error)
        }
        let isTaken = listening.withLock {
            if !$0.isStopping { $0.addresses.insert(address) }
            return !$0.isStopping
        }
        guard isTaken else {
            for driver in drivers { await driver.stopListening(address) }
            throw Stopping()
        }
    }

    private func close(_ address: ListenAddress) async {
        let drivers = listening.withLock {
            $0.addresses.remove(address)
            return $0.drivers
        }
        for driver in drivers { await driver.stopListening(address) }
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
