internal import GatewayEngine
internal import GatewayModel

/// The connections of one event loop to one endpoint.
final class UpstreamPool {
    let endpoint: Worker.Endpoint
    unowned let worker: Worker
    /// Nil where the endpoint is plain text.
    private let initiator: TLSInitiator?
    private var idle: [UpstreamConnection] = []
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
        initiator = endpoint.tls.flatMap { worker.initiators.initiator($0.trust) }
    }

    /// The connection used last, or nil where none is idle.
    func takeIdle() -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.stream.isUsable { return connection }
            connection.stream.close()
        }
        return nil
    }

    /// Opens a connection. Fails at once where the limit is reached.
    func connect(_ then: @escaping (Result<UpstreamConnection, ConnectFailure>) -> Void) {
        guard openCount < Self.maxConnections else { return then(.failure(.busy)) }
        openCount += 1
        worker.counters.upstreamConnections &+= 1
        open { result in
            if case .failure(let failure) = result {
                self.openCount -= 1
                if failure == .noDescriptors { self.worker.descriptorsRanOut() }
            }
            then(result.map { UpstreamConnection(stream: $0, pool: self) })
        }
    }

    private func open(_ then: @escaping (Result<Stream, ConnectFailure>) -> Void) {
        let seconds = worker.snapshot.traffic.connectSeconds
        guard let tls = endpoint.tls else { return worker.loop.connect(endpoint, seconds: seconds, then) }
        worker.loop.connect(endpoint, seconds: seconds) { result in
            switch result {
            case .success(let records): self.secure(records, tls, seconds: seconds, then)
            case .failure: then(result)
            }
        }
    }

    private func secure(
        _ records: Stream, _ tls: UpstreamTLS, seconds: Int64,
        _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
    ) {
        guard let initiator,
            let stream = try? TLSStream(
                over: records, initiator, serverName: tls.serverName, loop: worker.loopForHandlers())
        else {
            records.close()
            return then(.failure(.tlsFailed))
        }
        let handshake = UpstreamHandshake(stream, then)
        worker.loop.schedule(in: seconds * 1_000_000_000) { [weak handshake] in handshake?.giveUp() }
    }

    /// Takes a connection back whose last answer ended cleanly.
    func giveBack(_ connection: UpstreamConnection) {
        guard !isRetired, idle.count < Self.maxIdle else { return connection.stream.close() }
        connection.idleSince = worker.uptime
        idle.append(connection)
    }

    func remove(_ connection: UpstreamConnection) {
        openCount -= 1
        if let index = idle.firstIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }

    func closeStale() {
        let limit = worker.uptime - Self.idleTimeout
        for connection in idle where connection.idleSince < limit { connection.stream.close() }
    }

    /// No request comes this way any more.
    func retire() {
        isRetired = true
        for connection in idle { connection.stream.close() }
    }
}
