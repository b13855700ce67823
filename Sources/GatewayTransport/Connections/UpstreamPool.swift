internal import GatewayEngine
internal import GatewayModel

/// The connections of one event loop to one endpoint.
final class UpstreamPool {
    let endpoint: UpstreamEndpoint
    /// As it stands in `Host`.
    let authority: [UInt8]
    /// Whose it is.
    let served: ServedSnapshot
    unowned let worker: Worker
    /// Nil where the endpoint is plain text.
    private let initiator: TLSInitiator?
    private var idle: [UpstreamConnection] = []
    private var openCount = 0
    private(set) var isRetired = false
    /// Places in upstreams that are served by it.
    var userCount = 0
    /// Those of its connections that speak HTTP/2.
    private(set) lazy var sessions = UpstreamSessions(self)

    /// Connections per loop and endpoint.
    static let maxConnections = 4096
    /// Idle ones that are kept.
    static let maxIdle = 512
    /// An idle connection lives so long, in nanoseconds: less than servers commonly keep theirs.
    static let idleTimeout: Int64 = 55_000_000_000

    init(endpoint: UpstreamEndpoint, served: ServedSnapshot, worker: Worker) {
        self.endpoint = endpoint
        authority = endpoint.authority
        self.served = served
        self.worker = worker
        initiator = endpoint.tls.flatMap { worker.initiators.initiator($0.trust, of: served.source) }
    }

    /// Requests in service, those that wait for a connection included.
    var load: Int { openCount - idle.count + (endpoint.version == .http1 ? 0 : sessions.load) }

    /// The connection used last, or nil where none is idle.
    func takeIdle() -> UpstreamConnection? {
        while let connection = idle.popLast() {
            if connection.stream.isUsable { return connection }
            connection.stream.close()
        }
        return nil
    }

    /// Whether a request goes by HTTP/2. A WebSocket does not (RFC 8441 is not offered).
    func speaksHTTP2(_ request: ForwardedRequest) -> Bool {
        switch endpoint.version {
        case .byRequest: request.isGRPC
        case .http1: false
        case .http2: !request.asksForWebSocket
        }
    }

    /// A connection for a request, or a stream of one; nil where it has to be opened.
    func take(_ request: ForwardedRequest) -> UpstreamConnection? {
        request.speaksHTTP2 ? sessions.take() : takeIdle()
    }

    /// Opens a connection, or a stream of one.
    func connect(
        _ request: ForwardedRequest, _ then: @escaping (Result<UpstreamConnection, ConnectFailure>) -> Void
    ) {
        if request.speaksHTTP2 { return sessions.connect(then) }
        open(speaksHTTP2: false) { result in then(result.map { UpstreamConnection(stream: $0, pool: self) }) }
    }

    /// Opens a connection. Fails at once where the limit is reached.
    func open(speaksHTTP2: Bool, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void) {
        guard openCount < Self.maxConnections else { return then(.failure(.busy)) }
        openCount += 1
        worker.counters.upstreamConnections &+= 1
        establish(speaksHTTP2: speaksHTTP2) { result in
            if case .failure(let failure) = result {
                self.openCount -= 1
                if failure == .noDescriptors { self.worker.descriptorsRanOut() }
            }
            then(result)
        }
    }

    private func establish(speaksHTTP2: Bool, _ then: @escaping (Result<Stream, ConnectFailure>) -> Void) {
        let seconds = endpoint.limits.connectSeconds ?? served.traffic.connectSeconds
        guard let tls = endpoint.tls else { return worker.loop.connect(endpoint, seconds: seconds, then) }
        worker.loop.connect(endpoint, seconds: seconds) { result in
            switch result {
            case .success(let records): self.secure(records, tls, speaksHTTP2: speaksHTTP2, seconds: seconds, then)
            case .failure: then(result)
            }
        }
    }

    private func secure(
        _ records: Stream, _ tls: UpstreamTLS, speaksHTTP2: Bool, seconds: Int64,
        _ then: @escaping (Result<Stream, ConnectFailure>) -> Void
    ) {
        guard let initiator,
            let stream = try? TLSStream(
                over: records, initiator, serverName: tls.serverName, speaksHTTP2: speaksHTTP2,
                loop: worker.loopForHandlers())
        else {
            records.close()
            return then(.failure(.tlsFailed))
        }
        let handshake = UpstreamHandshake(stream, speaksHTTP2: speaksHTTP2, then)
        worker.loop.schedule(in: seconds * 1_000_000_000) { [weak handshake] in handshake?.giveUp() }
    }

    /// A request has met something there that is no answer.
    func note(_ outcome: EndpointCondition.Outcome) {
        if let condition = endpoint.condition { worker.note(outcome, of: condition) }
    }

    /// Takes a connection back whose last answer ended cleanly.
    func giveBack(_ connection: UpstreamConnection) {
        let limits = endpoint.limits
        guard !isRetired, idle.count < limits.maxIdle ?? Self.maxIdle,
            connection.servedCount < limits.maxRequests ?? .max
        else { return connection.stream.close() }
        connection.idleSince = worker.uptime
        idle.append(connection)
    }

    func connectionClosed() {
        openCount -= 1
    }

    func remove(_ connection: UpstreamConnection) {
        connectionClosed()
        if let index = idle.firstIndex(where: { $0 === connection }) { idle.remove(at: index) }
    }

    func closeStale() {
        let limit = worker.uptime - (endpoint.limits.idleNanoseconds ?? Self.idleTimeout)
        for connection in idle where connection.idleSince < limit { connection.stream.close() }
        sessions.checkDeadlines()
    }

    /// No request comes this way any more.
    func retire() {
        isRetired = true
        for connection in idle { connection.stream.close() }
        sessions.retire()
    }
}
