internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// One question to a server: a connection of its own, and a request on it if there is one.
final class Probe {
    private let probe: CompiledProbe
    private let pool: UpstreamPool
    /// Uptime in nanoseconds.
    let endsAt: Int64
    private var then: ((EndpointCondition.Outcome?) -> Void)?
    private var connection: ProbeConnection?

    /// - Parameter then: called once, perhaps at once, with nil where the server was not asked.
    init(
        _ probe: CompiledProbe, _ pool: UpstreamPool, at uptime: Int64,
        _ then: @escaping (EndpointCondition.Outcome?) -> Void
    ) {
        self.probe = probe
        self.pool = pool
        endsAt = uptime &+ probe.timeoutNanoseconds
        self.then = then
    }

    func begin() {
        pool.open(speaksHTTP2: false) { [self] result in
            switch result {
            case .failure(let failure): end(failure.outcome)
            case .success(let stream) where then == nil:
                pool.connectionClosed()
                stream.close()
            case .success(let stream) where probe.request.isEmpty:
                pool.connectionClosed()
                stream.close()
                end(.connected)
            case .success(let stream):
                connection = ProbeConnection(stream, probe, pool) { [weak self] in self?.end($0) }
            }
        }
    }

    /// Whatever still comes is of no use.
    func end(_ outcome: EndpointCondition.Outcome?) {
        guard let then else { return }
        self.then = nil
        connection?.stream.close()
        connection = nil
        then(outcome)
    }
}

/// Sends the request of a probe and reads the head of its answer.
private final class ProbeConnection: BufferedUser {
    private let pool: UpstreamPool
    private var machine: ClientConnection
    private let then: (EndpointCondition.Outcome) -> Void

    /// - Parameter then: called with what has come of it, perhaps more than once.
    init(
        _ stream: Stream, _ probe: CompiledProbe, _ pool: UpstreamPool,
        _ then: @escaping (EndpointCondition.Outcome) -> Void
    ) {
        self.pool = pool
        self.then = then
        machine = ClientConnection(limits: pool.served.traffic.headLimits)
        super.init(stream: stream)
        stream.user = self
        machine.begin(toHead: probe.isHead, isComplete: true)
        stream.write(probe.request.span)
        stream.flush()
    }

    override func received(_ bytes: Span<UInt8>) {
        take(bytes)
    }

    override func understand(_ bytes: Span<UInt8>) -> Int {
        var position = 0
        while true {
            switch machine.next(bytes, at: &position, table: &stream.worker.responseTable) {
            case .needsBytes: return position
            case .informational(let head): position += head.byteCount
            case .head(let head):
                then(.status(head.status))
                return bytes.count
            case .failed, .unsolicited, .body, .end:
                then(.connectionFailed)
                return bytes.count
            }
        }
    }

    override func inputEnded() {
        stream.close()
    }

    override func closed(byError: Bool) {
        pool.connectionClosed()
        then(.connectionFailed)
    }
}
