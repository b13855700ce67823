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

        package init(threads: Int, tokenCacheBytes: Int, accessLog: AccessLogFormat) {
            self.threads = threads
            self.tokenCacheBytes = tokenCacheBytes
            self.accessLog = accessLog
        }
    }

    /// An address that could not be listened on.
    package struct BindError: Error, CustomStringConvertible {
        package let address: ListenAddress
        package let reason: String

        package var description: String { "cannot listen on \(address): \(reason)" }
    }

    /// Cores this process may use.
    package static var coreCount: Int { System.coreCount }

    private struct Listening {
        var workers: [NIOLoopBound<Worker>] = []
        var channels: [ListenAddress: [any Channel]] = [:]
        /// Told to stop: nothing is opened any more.
        var isStopping = false
    }

    private struct Stopping: Error, CustomStringConvertible {
        var description: String { "the gateway is stopping" }
    }

    private let settings: Settings
    private let group: MultiThreadedEventLoopGroup
    private let listening = Mutex(Listening())
    private let logWriter = LogWriter(descriptor: STDOUT_FILENO)

    package init(_ settings: Settings) {
        self.settings = settings
        group = MultiThreadedEventLoopGroup(numberOfThreads: settings.threads)
    }

    /// Listens on every address of the snapshot. Answers when all of them accept connections.
    package func start(_ snapshot: Snapshot) async throws {
        let share = settings.tokenCacheBytes / settings.threads
        var workers: [NIOLoopBound<Worker>] = []
        for loop in group.makeIterator() {
            let worker = try await loop.submit {
                let log = AccessLog(self.settings.accessLog, self.logWriter)
                let worker = Worker(loop: loop, snapshot: snapshot, tokenCacheBytes: share, accessLog: log)
                return NIOLoopBound(worker, eventLoop: loop)
            }.get()
            workers.append(worker)
            Self.schedule(worker, logs: settings.accessLog != .off)
        }
        listening.withLock { [workers] in $0.workers = workers }
        for bind in snapshot.binds { try await listen(bind.address) }
    }

    /// Serves by another snapshot. Answers when every loop has it.
    ///
    /// New addresses are bound first: where one can't be, nothing changes.
    package func publish(_ snapshot: Snapshot) async throws {
        let (workers, open) = try listening.withLock {
            if $0.isStopping { throw Stopping() }
            return ($0.workers, Set($0.channels.keys))
        }
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
        for worker in workers {
            try await worker.eventLoop.submit { worker.value.use(snapshot) }.get()
        }
        for address in open.subtracting(wanted) { await close(address) }
    }

    /// Stops listening and waits until every request in service has been answered, at most so long. Answers
    /// how many connections were left.
    package func drain(for limit: Duration) async -> Int {
        let (workers, open) = listening.withLock {
            $0.isStopping = true
            return ($0.workers, Array($0.channels.keys))
        }
        for address in open { await close(address) }
        for worker in workers {
            try? await worker.eventLoop.submit { worker.value.drain() }.get()
        }
        let deadline = ContinuousClock.now + limit
        while true {
            let left = await counters().connectionsOpen
            guard left > 0, ContinuousClock.now < deadline else { return Int(left) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Closes what is open and ends the threads.
    package func shutdown() async {
        let (workers, open) = listening.withLock { ($0.workers, Array($0.channels.keys)) }
        for address in open { await close(address) }
        for worker in workers {
            try? await worker.eventLoop.submit { worker.value.closeAll() }.get()
        }
        try? await group.shutdownGracefully()
        await logWriter.shutdown()
    }

    /// What all loops have counted.
    package func counters() async -> Counters {
        var sum = Counters()
        for worker in listening.withLock({ $0.workers }) {
            if let counted = try? await worker.eventLoop.submit({ worker.value.count() }).get() { sum.add(counted) }
        }
        sum.droppedLogLines = UInt64(logWriter.dropped)
        return sum
    }

    private static func schedule(_ worker: NIOLoopBound<Worker>, logs: Bool) {
        let second = TimeAmount.seconds(1)
        worker.eventLoop.scheduleRepeatedTask(initialDelay: second, delay: second) { _ in worker.value.everySecond() }
        guard logs else { return }
        let flush = TimeAmount.milliseconds(100)
        worker.eventLoop.scheduleRepeatedTask(initialDelay: flush, delay: flush) { _ in worker.value.accessLog.flush() }
    }

    private static let backlog: Int32 = 4096
    /// What the kernel takes beyond what it could send. Little enough that a client that reads, however slowly,
    /// shows as a socket that can be written to again.
    private static let unsentBytes: ChannelOptions.Types.SocketOption.Value = 64 << 10

    // MARK: - Addresses

    private func listen(_ address: ListenAddress) async throws {
        let workers = listening.withLock { $0.workers }
        var channels: [any Channel] = []
        do {
            try proveFree(address)
            for worker in workers {
                channels.append(try await listen(address, worker))
            }
        } catch {
            for channel in channels { try? await channel.close() }
            throw Self.bindError(host: address.host, port: address.port, error)
        }
        let isTaken = listening.withLock { [channels] in
            if !$0.isStopping { $0.channels[address] = channels }
            return !$0.isStopping
        }
        guard isTaken else {
            for channel in channels { try? await channel.close() }
            throw Stopping()
        }
    }

    private func listen(_ address: ListenAddress, _ worker: NIOLoopBound<Worker>) async throws -> any Channel {
        try await ServerBootstrap(group: worker.eventLoop)
            .serverChannelOption(.backlog, value: Self.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(
                ChannelOptions.socket(.init(IPPROTO_TCP), .init(TCP_NOTSENT_LOWAT)), value: Self.unsentBytes
            )
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let worker = worker.value
                    let handler = DownstreamHandler(worker: worker, slot: worker.slot(address))
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .bind(host: address.host, port: address.port).get()
    }

    private func close(_ address: ListenAddress) async {
        let channels = listening.withLock { $0.channels.removeValue(forKey: address) } ?? []
        for channel in channels { try? await channel.close() }
    }

    static func bindError(host: String, port: Int, _ error: any Error) -> BindError {
        BindError(address: ListenAddress(host: host, port: port), reason: describe(error))
    }

    private static func describe(_ error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return switch error.errnoCode {
        case EADDRINUSE: "the address is in use by another process"
        case EACCES: "permission denied (ports below 1024 need a privilege)"
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
