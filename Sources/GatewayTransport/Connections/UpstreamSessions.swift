internal import GatewayEngine

/// The connections of one event loop to one endpoint that speak HTTP/2, and the requests that wait for one.
final class UpstreamSessions {
    private unowned let pool: UpstreamPool
    private var sessions: [HTTP2ClientSession] = []
    private var waiting: [(Result<UpstreamConnection, ConnectFailure>) -> Void] = []
    /// Connections that are being opened.
    private var openingCount = 0
    private var isServing = false

    init(_ pool: UpstreamPool) {
        self.pool = pool
    }

    /// Requests in service, beside one for each connection.
    var load: Int { sessions.reduce(waiting.count) { $0 + $1.streamCount } }

    /// A stream for a request; nil where no connection has room.
    func take() -> UpstreamConnection? {
        guard waiting.isEmpty, let session = sessions.first(where: \.hasRoom) else { return nil }
        return connection(on: session)
    }

    private func connection(on session: HTTP2ClientSession) -> UpstreamConnection {
        let isReused = session.hasServed
        return UpstreamConnection(stream: session.open(), pool: pool, isReused: isReused)
    }

    /// Gives a stream when there is one. It is used at once, or closed.
    func connect(_ then: @escaping (Result<UpstreamConnection, ConnectFailure>) -> Void) {
        waiting.append(then)
        openMore()
    }

    /// Opens a connection where those that are being opened will not do.
    private func openMore() {
        guard waiting.count > openingCount * HTTP2Limits.concurrentStreams else { return }
        openingCount += 1
        // The pool is there as long as a connection is, or is being opened.
        pool.open(speaksHTTP2: true) { [pool] result in
            self.openingCount -= 1
            switch result.flatMap({ self.session(over: $0, pool) }) {
            case .success(let session):
                self.sessions.append(session)
                self.serveWaiting()
                if pool.isRetired { session.retire() }
            case .failure(let failure): self.fail(failure)
            }
        }
    }

    private func session(over stream: Stream, _ pool: UpstreamPool) -> Result<HTTP2ClientSession, ConnectFailure> {
        do {
            return .success(try HTTP2ClientSession(over: stream, pool))
        } catch {
            stream.close()
            pool.connectionClosed()
            return .failure(.unreachable)
        }
    }

    /// Gives out what room there is.
    func serveWaiting() {
        guard !waiting.isEmpty, !isServing else { return }
        isServing = true
        while !waiting.isEmpty, let session = sessions.first(where: \.hasRoom) {
            waiting.removeFirst()(.success(connection(on: session)))
        }
        isServing = false
        openMore()
    }

    /// Whoever has waited for what could not be opened.
    private func fail(_ failure: ConnectFailure) {
        let kept = min(waiting.count, openingCount * HTTP2Limits.concurrentStreams)
        let failed = waiting.dropLast(kept)
        waiting = waiting.suffix(kept)
        for then in failed { then(.failure(failure)) }
    }

    func remove(_ session: HTTP2ClientSession) {
        sessions.removeAll { $0 === session }
        pool.connectionClosed()
    }

    func checkDeadlines() {
        for session in sessions { session.checkDeadline() }
    }

    func retire() {
        for session in sessions { session.retire() }
    }
}
