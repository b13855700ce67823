internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// Copies of requests for other backends.
extension DownstreamConnection {
    /// Begins a copy of a request that is about to be forwarded, where it is the turn of one. What the policies of the
    /// request's own backend do is not done yet: their credentials are not for others.
    func mirror(_ plan: MirrorPlan, _ head: RequestHead, _ bytes: Span<UInt8>) {
        // What would follow a WebSocket's head is not copied.
        guard !head.asksForWebSocket, worker.mirrors.takesNext(of: plan.share),
            let (pool, policy, _) = slot.served.pool(upstream: plan.upstream)
        else { return }
        if case .length(let count) = head.framing, count > UInt64(MirroredRequest.maxBodyBytes) {
            return worker.mirrors.count(.bodyTooLarge)
        }
        var copy = ByteQueue()
        let setting = slot.bind.map { self.setting(head, $0) }
        let (guarded, body) = worker.scratch.tentatively { scratch in
            scratch.chooseHost(of: pool)
            if let policy, let setting { withGathered { policy.apply(to: &scratch, setting, bytes, body: $0) } }
            // All of it is sent at once.
            scratch.table.drop(.expect)
            let head = scratch.framed(head)
            Self.render(head, bytes, &scratch, into: &copy)
            return (scratch.guardedNames, scratch.replacedBody)
        }
        let mirrored = MirroredRequest(
            head: copy, of: exchange.request, isChunked: exchange.isChunked && body == nil, guarding: guarded, to: pool,
            worker.mirrors)
        guard let mirrored else { return }
        if let body { mirrored.append(body.span) } else if let gathered { mirrored.append(gathered) }
        if gathered != nil || exchange.request.isWhole {
            mirrored.send()
        } else {
            exchange.course?.mirrored = mirrored
        }
    }

    /// The request has ended.
    ///
    /// - Parameter bytes: those the trailer lines in the worker's table were read from.
    func endMirror(_ bytes: Span<UInt8>) {
        guard let course = exchange.course, let mirrored = course.mirrored else { return }
        course.mirrored = nil
        mirrored.appendEnd(&worker.scratch.table, bytes)
        mirrored.send()
    }
}
