internal import GatewayEngine

/// What a route says of how long one of its requests may take, when it is sent once more, and of copies. Only requests
/// of such routes have one.
final class RequestCourse {
    /// Uptime in nanoseconds when the answer has to be whole.
    var endsAt: Int64
    /// From a whole request to the first byte of an answer; nil: the process's bound holds.
    let attemptNanoseconds: Int64?
    /// Nil: for no answer of its upstream.
    let retry: RetryPlan?
    /// Where another server may be found; nil where the head was written for one and no other.
    let upstream: UpstreamSnapshot?
    /// Whether carrying the request out twice is no harm, or was allowed.
    let mayBeRepeated: Bool
    var retryCount = 0
    /// Waits for the next attempt.
    var isBackingOff = false
    /// The copy of the request that is being gathered.
    var mirrored: MirroredRequest?
    /// The deadline there is an appointment for.
    var watchedUntil: Int64 = .max

    init(
        startedAt: Int64, bounds: RequestBounds?, retry: RetryPlan?, mayBeRepeated: Bool, upstream: UpstreamSnapshot?
    ) {
        endsAt = bounds?.requestNanoseconds.map { startedAt &+ $0 } ?? .max
        attemptNanoseconds = bounds?.attemptNanoseconds
        self.retry = retry
        self.mayBeRepeated = mayBeRepeated
        self.upstream = upstream
    }

    /// Whether the request may go to another server, as none has seen it.
    var mayRetry: Bool { retry.map { retryCount < $0.retries } ?? false }
}
