internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// Requests that are sent once more, as their route says.
extension DownstreamConnection {
    /// - Parameters:
    ///   - retry: the route's; its upstream's where it has none.
    ///   - upstream: where another server may be found; nil where the head is for one and no other.
    func setCourse(
        _ traffic: TrafficSlots?, _ retry: RetryPlan?, _ head: RequestHead, _ bytes: Span<UInt8>,
        upstream: UpstreamSnapshot?
    ) {
        let retry = head.asksForWebSocket ? nil : retry
        guard
            retry != nil || traffic?.bounds != nil || traffic?.mirror != nil || worker.scratch.delayNanoseconds > 0
        else { return }
        let rewritten = worker.scratch.rewrittenMethod
        let mayBeRepeated =
            exchange.request.isIdempotent
            || retry.map { plan in
                rewritten.isEmpty
                    ? plan.admits(method: bytes.extracting(head.methodName)) : plan.admits(method: rewritten.span)
            } ?? false
        exchange.course = RequestCourse(
            startedAt: exchange.startedAt, bounds: traffic?.bounds, retry: retry,
            mayBeRepeated: retry != nil && mayBeRepeated,
            upstream: upstream, balanceKey: worker.scratch.balanceKey)
        exchange.keepsBody = exchange.course?.mayBeRepeated ?? false
    }

    /// Has the time hold that the server itself is given, where its route sets no course for requests either.
    func limitAttempts(at pool: UpstreamPool) {
        let course = ensuredCourse()
        course.go(to: pool)
    }

    /// The course of the request; one that bounds and repeats nothing where its route sets none.
    func ensuredCourse() -> RequestCourse {
        if let course = exchange.course { return course }
        let course = RequestCourse(
            startedAt: exchange.startedAt, bounds: nil, retry: nil, mayBeRepeated: false, upstream: nil, balanceKey: 0)
        exchange.course = course
        return course
    }

    /// Whether an answer is dropped and its request sent once more.
    func retries(status: Int) -> Bool {
        exchange.course?.retry?.countsAsFailure(status) ?? false && mayRepeat
    }

    /// Whether the request may go to an upstream after one that may have carried it out already: all of it is at hand.
    var mayRepeat: Bool {
        guard let course = exchange.course, course.mayBeRepeated, mayRetry, !exchange.hasWrittenHead,
            exchange.answerCourse?.held == nil
        else {
            return false
        }
        return exchange.request.isWhole || exchange.keepsBody && machine.hasReadWholeRequest
    }

    /// Whether it may go to another server after one that has not seen it.
    var mayRetry: Bool { exchange.course?.mayRetry(at: worker.uptime) ?? false }

    /// Keeps a piece of a body that has gone to an upstream, as long as it is small.
    func keepForRetry(_ bytes: Span<UInt8>, _ upstream: UpstreamConnection) {
        guard exchange.keepsBody else { return }
        exchange.keepsBody = exchange.bodyBytes <= Self.maxKeptBytes && !exchange.hasWrittenHead
        if exchange.keepsBody {
            upstream.requestHead.appendBody(bytes, inChunks: exchange.isChunked)
        } else {
            upstream.requestHead = ByteQueue()
        }
    }

    /// What is kept of a body, beside its head, in bytes.
    private static var maxKeptBytes: UInt64 { 64 << 10 }

    /// Sends a request once more, to another server of its upstream if there is one.
    ///
    /// - Parameters:
    ///   - head: what was sent before, what there was of the body included.
    ///   - pool: where it went before.
    func retry(_ head: consuming ByteQueue, insteadOf pool: UpstreamPool) {
        guard let course = exchange.course, let plan = course.retry else { return }
        upstream = nil
        course.retryCount += 1
        worker.counters.upstreamRetries &+= 1
        if machine.hasReadWholeRequest, exchange.hasSentBody { exchange.request.isWhole = true }
        course.tried.append(pool)
        let next =
            course.upstream.map {
                pool.served.pool(
                    of: $0, insteadOf: course.tried, key: course.balanceKey, isNamed: course.namesServer)
            } ?? pool
        course.go(to: next)
        var head = head
        if course.namesServer, next !== pool { head.replaceHost(by: next.authority) }
        exchange.record?.upstream = next.endpoint.name
        // The next attempt has a time of its own.
        deadline = Deadline()
        guard plan.backoffNanoseconds > 0 else {
            send(head, to: next)
            updateDeadline()
            return flush()
        }
        send(head, to: next, after: plan.backoffNanoseconds, course)
        updateDeadline()
    }

    /// Sends a request later; its course says that it waits.
    func send(
        _ head: consuming ByteQueue, to pool: UpstreamPool, after nanoseconds: Int64, _ course: RequestCourse
    ) {
        connectingHead = head
        course.isBackingOff = true
        worker.schedule(at: worker.uptime &+ nanoseconds) { [weak self] in self?.endBackoff(course, pool) }
    }

    private func endBackoff(_ course: RequestCourse, _ pool: UpstreamPool) {
        course.isBackingOff = false
        // Another request has another course.
        guard stream.isOpen, machine.isServing, exchange.course === course, isConnecting else { return }
        var head = ByteQueue()
        swap(&head, &connectingHead)
        send(head, to: pool)
        // Its body has waited, too.
        continueServing()
    }

    /// Sends a request once more whose upstream has not begun to answer in time.
    func retriesAttemptThatIsLate() -> Bool {
        guard mayRepeat, let late = upstream else { return false }
        let head = late.takeRequestHead()
        late.abandon()
        retry(head, insteadOf: late.pool)
        return true
    }
}
