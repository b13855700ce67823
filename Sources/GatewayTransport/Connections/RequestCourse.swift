internal import GatewayEngine

/// What a route says of how long one of its requests may take, when it is sent once more, and of copies. Only requests
/// of such routes have one.
final class RequestCourse {
    /// Uptime in nanoseconds when the answer has to be whole.
    var endsAt: Int64
    /// From a whole request to the first byte of an answer, as the route says; nil: it says nothing.
    private let routeNanoseconds: Int64?
    /// The same of the server that it goes to now; nil: the process's bound holds.
    private(set) var attemptNanoseconds: Int64?
    /// Nil: for no answer of its upstream.
    let retry: RetryPlan?
    /// Where another server may be found; nil where the head was written for one and no other.
    let upstream: UpstreamSnapshot?
    /// Whether its Host names the server it goes to.
    var namesServer = false
    /// What requests that go to the same server have in common, as `RequestScratch.balanceKey`.
    let balanceKey: UInt64
    /// The servers that have failed it.
    var tried: [UpstreamPool] = []
    /// From one piece of the answer to the next, in seconds; nil: the process's bound holds.
    let silenceSeconds: Int64?
    /// Uptime in nanoseconds when no further attempt begins.
    private let retriesEndAt: Int64
    /// Whether carrying the request out twice is no harm, or was allowed.
    let mayBeRepeated: Bool
    var retryCount = 0
    /// Waits for the first attempt, or the next one.
    var isBackingOff = false
    /// The copy of the request that is being gathered.
    var mirrored: MirroredRequest?
    /// The deadline there is an appointment for.
    var watchedUntil: Int64 = .max

    init(
        startedAt: Int64, bounds: RequestBounds?, retry: RetryPlan?, mayBeRepeated: Bool, upstream: UpstreamSnapshot?,
        balanceKey: UInt64
    ) {
        self.balanceKey = balanceKey
        silenceSeconds = bounds?.silenceNanoseconds.map { ($0 + 999_999_999) / 1_000_000_000 }
        retriesEndAt = retry?.withinNanoseconds.map { startedAt &+ $0 } ?? .max

        endsAt = bounds?.requestNanoseconds.map { startedAt &+ $0 } ?? .max
        routeNanoseconds = bounds?.attemptNanoseconds
        attemptNanoseconds = routeNanoseconds
        self.retry = retry
        self.mayBeRepeated = mayBeRepeated
        self.upstream = upstream
    }

    /// The next attempt goes there: of the route's time and the server's own the shorter one holds.
    func go(to pool: UpstreamPool) {
        attemptNanoseconds =
            pool.endpoint.limits.attemptNanoseconds.map { min($0, routeNanoseconds ?? .max) } ?? routeNanoseconds
    }

    /// Whether the request may go to another server, as none has seen it.
    ///
    /// - Parameter uptime: in nanoseconds.
    func mayRetry(at uptime: Int64) -> Bool {
        retry.map { retryCount < $0.retries && uptime < retriesEndAt } ?? false
    }
}
