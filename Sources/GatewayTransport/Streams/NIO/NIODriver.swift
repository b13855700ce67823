internal import GatewayEngine
internal import GatewayModel
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

/// Moves bytes by SwiftNIO: one event loop on one thread.
final class NIODriver: Driver {
    private let group: MultiThreadedEventLoopGroup
    private let worker: NIOLoopBound<Worker>
    private let channels = Mutex<[ListenAddress: any Channel]>([:])

    /// - Parameter makeWorker: called on the driver's thread.
    init(_ makeWorker: @escaping @Sendable (any WorkerLoop) -> Worker) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.group = group
        worker = try await group.next().flatSubmit {
            let loop = group.next()
            let workerLoop = NIOWorkerLoop(loop: loop)
            let worker = makeWorker(workerLoop)
            workerLoop.worker = worker
            let bound = NIOLoopBound(worker, eventLoop: loop)
            Self.schedule(bound)
            return loop.makeSucceededFuture(bound)
        }.get()
    }

    private static func schedule(_ worker: NIOLoopBound<Worker>) {
        let second = TimeAmount.seconds(1)
        worker.eventLoop.scheduleRepeatedTask(initialDelay: second, delay: second) { _ in worker.value.everySecond() }
        guard !worker.value.accessLog.format.isOff else { return }
        let flush = TimeAmount.milliseconds(100)
        worker.eventLoop.scheduleRepeatedTask(initialDelay: flush, delay: flush) { _ in worker.value.accessLog.flush() }
    }

    func perform<Result: Sendable>(_ body: @escaping @Sendable (Worker) -> Result) async -> Result? {
        let worker = worker
        return try? await worker.eventLoop.submit { body(worker.value) }.get()
    }

    func listen(_ address: ListenAddress) async throws {
        let worker = worker
        do {
            let channel = try await ServerBootstrap(group: worker.eventLoop)
                .serverChannelOption(.backlog, value: ClientSocket.backlog)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelOption(.socketOption(NIOBSDSocket.Option(rawValue: SO_REUSEPORT)), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AcceptErrorHandler(worker: worker.value))
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.socketOption(.so_keepalive), value: 1)
                .childChannelOption(
                    ChannelOptions.socket(.init(IPPROTO_TCP), .init(TCP_NOTSENT_LOWAT)),
                    value: ChannelOptions.Types.SocketOption.Value(ClientSocket.unsentBytes)
                )
                .childChannelOption(.maxMessagesPerRead, value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let worker = worker.value
                        let slot = worker.slot(address)
                        if let keepalive = slot.traffic.tcpKeepalive { try channel.set(keepalive) }
                        let ours = channel.localAddress?.ipAddress
                        let stream = NIOStream(worker: worker) { stream, peer in
                            let ends = SocketEnds(
                                address: peer?.ipAddress, port: peer?.port ?? 0, destination: ours)
                            worker.accept(stream, at: slot, ends)
                        }
                        try channel.pipeline.syncOperations.addHandler(stream)
                    }
                }
                .bind(host: address.host, port: address.port).get()
            channels.withLock { $0[address] = channel }
        } catch let error as IOError {
            throw AddressError(code: error.errnoCode, description: "\(error)")
        }
    }

    func stopListening(_ address: ListenAddress) async {
        try? await channels.withLock { $0.removeValue(forKey: address) }?.close()
    }

    func shutdown() async {
        try? await group.shutdownGracefully()
    }
}

/// Counts connections that could not be accepted; NIO tries again after a second.
private final class AcceptErrorHandler: ChannelInboundHandler {
    typealias InboundIn = Channel

    private let worker: Worker

    init(worker: Worker) {
        self.worker = worker
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? IOError)?.errnoCode, code != ECONNABORTED else { return }
        worker.acceptFailed()
    }
}

/// The loop as its worker sees it. Names are resolved by NIO, all their addresses tried.
private final class NIOWorkerLoop: WorkerLoop {
    private let loop: any EventLoop
    /// Whose loop this is, once it is made.
    weak var worker: Worker?

    init(loop: any EventLoop) {
        self.loop = loop
    }

    var post: @Sendable (@escaping @Sendable (Worker) -> Void) -> Void {
        guard let worker else { return { _ in } }
        let bound = NIOLoopBound(worker, eventLoop: loop)
        return { body in bound.eventLoop.execute { body(bound.value) } }
    }

    func schedule(in nanoseconds: Int64, _ fire: @escaping () -> Void) {
        let bound = NIOLoopBound((worker, fire), eventLoop: loop)
        loop.scheduleTask(in: .nanoseconds(nanoseconds)) {
            bound.value.0?.tick()
            bound.value.1()
        }
    }

    func soon(_ body: @escaping () -> Void) {
        let bound = NIOLoopBound(body, eventLoop: loop)
        loop.execute { bound.value() }
    }

    func connect(
        _ endpoint: UpstreamEndpoint, seconds: Int64, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
    ) {
        connect(endpoint.address, keepalive: endpoint.keepalive, until: .now() + .seconds(seconds), then)
    }

    private func connect(
        _ address: StreamAddress, keepalive: TCPKeepalive?, until limit: NIODeadline,
        _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
    ) {
        guard let worker else { return then(.failure(.unreachable)) }
        let bound = NIOLoopBound(worker, eventLoop: loop)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(limit - .now())
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            // Where a name has several addresses this is called for each that is tried, perhaps at once.
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let keepalive, case .network = address { try channel.set(keepalive) }
                    try channel.pipeline.syncOperations.addHandler(NIOStream(worker: bound.value) { _, _ in })
                }
            }
        let connecting =
            switch address {
            case .network(let host, let port): bootstrap.connect(host: host, port: port)
            case .unix(let path): bootstrap.connect(unixDomainSocketPath: path)
            }
        connecting.assumeIsolated()
            .flatMapThrowing { try $0.pipeline.syncOperations.handler(type: NIOStream.self) }
            .whenComplete { result in
                bound.value.tick()
                guard case .failure(let error as IOError) = result, case .unix = address, error.errnoCode == EAGAIN
                else { return then(result.map { $0 as Stream }.mapError(Self.failure)) }
                // Its queue of connections is full, which nothing tells the end of.
                guard limit > .now() + Self.queueDelay else { return then(.failure(.timeout)) }
                self.loop.assumeIsolated().scheduleTask(in: Self.queueDelay) {
                    self.connect(address, keepalive: keepalive, until: limit, then)
                }
            }
    }

    /// How often a Unix socket whose queue is full is tried.
    private static let queueDelay = TimeAmount.milliseconds(5)

    private static func failure(_ error: any Error) -> ConnectFailure {
        if case ChannelError.connectTimeout = error { return .timeout }
        if let error = error as? NIOConnectionError, error.connectionErrors.isEmpty { return .unresolved }
        if let error = error as? IOError, error.errnoCode == EMFILE || error.errnoCode == ENFILE {
            return .noDescriptors
        }
        return .unreachable
    }
}

extension Channel {
    /// To be called on its loop.
    fileprivate func set(_ keepalive: TCPKeepalive) throws {
        for option in keepalive.socketOptions {
            try syncOptions?.setOption(
                ChannelOptions.socket(.init(option.level), .init(option.name)), value: .init(option.value))
        }
    }
}
