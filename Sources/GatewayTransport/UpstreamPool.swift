internal import GatewayEngine
internal import GatewayModel
internal import NIOCore
internal import NIOPosix

/// The connections of one event loop to one endpoint.
final class UpstreamPool {
    let endpoint: Worker.Endpoint
    unowned let worker: Worker
    private var idle: [UpstreamHandler] = []
    private var openCount = 0
    private var isRetired = false

    /// Connections per loop and endpoint.
    static let maxConnections = 4096
    /// Idle ones that are kept.
    static let maxIdle = 512
    /// An idle connection lives so long, in nanoseconds: less than servers commonly keep theirs.
    static let idleTimeout: Int64 = 55_000_000_000

    init(endpoint: Worker.Endpoint, worker: Worker) {
        self.endpoint = endpoint
        self.worker = worker
    }

    enum ConnectError: Error {
        case busy
    }

    /// What a client is told of a connection that could not be opened.
    static func refusalCode(of error: any Error) -> RefusalCode {
        switch error {
        case is ConnectError: .upstreamBusy
        case ChannelError.connectTimeout: .upstreamConnectTimeout
        default: .upstreamUnreachable
        }
    }

    /// The connection used last, or nil where none is idle.
    func takeIdle() -> UpstreamHandler? {
        while let handler = idle.popLast() {
            if handler.isOpen { return handler }
        }
        return nil
    }

    /// Opens a connection. Fails at once where the limit is reached.
    func connect() -> EventLoopFuture<UpstreamHandler> {
        let loop = worker.loop
        guard openCount < Self.maxConnections else { return loop.makeFailedFuture(ConnectError.busy) }
        openCount += 1
        worker.counters.upstreamConnections &+= 1
        let bound = NIOLoopBound(self, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .connectTimeout(.seconds(worker.snapshot.traffic.connectSeconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.maxMessagesPerRead, value: 1)
            // Where a name has several addresses this is called for each that is tried, perhaps at once.
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(UpstreamHandler(pool: bound.value))
                }
            }
            .connect(host: endpoint.host, port: endpoint.port)
            .assumeIsolated()
            .flatMapThrowing { channel in
                let handler = try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self)
                handler.isCounted = true
                return handler
            }
            .flatMapErrorThrowing { error in
                self.openCount -= 1
                throw error
            }
            .nonisolated()
    }

    /// Takes a connection back whose last answer ended cleanly.
    func giveBack(_ handler: UpstreamHandler) {
        guard !isRetired, idle.count < Self.maxIdle else { return handler.close() }
        handler.idleSince = worker.uptime
        idle.append(handler)
    }

    func remove(_ handler: UpstreamHandler) {
        openCount -= 1
        if let index = idle.firstIndex(where: { $0 === handler }) { idle.remove(at: index) }
    }

    func closeStale() {
        let limit = worker.uptime - Self.idleTimeout
        for handler in idle where handler.idleSince < limit { handler.close() }
    }

    /// No request comes this way any more.
    func retire() {
        isRetired = true
        for handler in idle { handler.close() }
    }
}
