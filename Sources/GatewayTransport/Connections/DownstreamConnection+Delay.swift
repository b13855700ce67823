internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// Requests that wait because their route says so. No thread waits with them: an appointment of the loop wakes them,
/// and finds nobody where the client has left.
extension DownstreamConnection {
    /// Forwards a request later; how it is forwarded is decided now.
    func forwardLater(_ head: RequestHead, _ bytes: Span<UInt8>, to pool: UpstreamPool, after nanoseconds: Int64) {
        let course = ensuredCourse()
        if pool.speaksHTTP2(exchange.request) { exchange.keepsBody = true }
        var queue = ByteQueue()
        Self.render(head, bytes, &worker.scratch, into: &queue)
        moveBody(to: &queue)
        send(queue, to: pool, after: nanoseconds, course)
    }

    /// Gives an answer of the gateway's own later. Until then the body is not read.
    func respondLater(_ answer: LocalAnswer, _ bytes: Span<UInt8>, after nanoseconds: Int64) {
        let course = RequestCourse(
            startedAt: exchange.startedAt, bounds: worker.scratch.route?.policy.traffic?.bounds, retry: nil,
            mayBeRepeated: false, upstream: nil, balanceKey: 0)
        course.isBackingOff = true
        exchange.course = course
        hold(bytes)
        worker.schedule(at: worker.uptime &+ nanoseconds) { [weak self] in self?.endDelay(course, answer) }
    }

    private func endDelay(_ course: RequestCourse, _ answer: LocalAnswer) {
        guard stream.isOpen, machine.isServing, exchange.course === course else { return }
        course.isBackingOff = false
        dropHeld()
        respond(answer)
    }
}
