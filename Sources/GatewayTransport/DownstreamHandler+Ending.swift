internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Answers of our own, and what follows an answer.
extension DownstreamHandler {
    /// Body bytes read and dropped after a refusal, so that the client can read the answer.
    private static var maxDrainedBytes: Int { 64 << 10 }
    private static var drainTimeout: TimeAmount { .seconds(5) }

    func refuse(_ code: RefusalCode) {
        refuse(Refusal(code, style: exchange.style))
    }

    /// Refuses bytes that are no request.
    func refuse(malformed error: WireError) {
        if !machine.isServing { beginWithoutHead() }
        // In the middle of a body: an upstream is reading it, perhaps answering already.
        if let upstream {
            self.upstream = nil
            upstream.abandon()
            return upstreamFailed(RefusalCode(error))
        }
        refuse(RefusalCode(error))
    }

    /// What will be refused never became a request, and is counted and logged as one all the same.
    func beginWithoutHead() {
        exchange = Exchange()
        exchange.startedAt = worker.uptime
        exchange.style = slot.bind?.refusalStyle ?? .agentgateway
        if worker.accessLog.format != .off { exchange.record = AccessRecord(startedAt: worker.uptime) }
    }

    func refuse(_ refusal: Refusal) {
        if !machine.hasReadWholeRequest { machine.closeAfterResponse() }
        let answer = refusal.rendered(
            toHead: exchange.request.isHead, keepsAlive: machine.keepsAlive, date: worker.date.bytes)
        worker.output.writeBytes(answer)
        worker.counters.count(refusal.code)
        exchange.status = refusal.code.entry.status
        exchange.record?.refusal = refusal.code
        responseEnded()
    }

    /// The answer has been written whole.
    func responseEnded() {
        upstream = nil
        finishRecord(wasAborted: false)
        if worker.isDraining { machine.closeAfterResponse() }
        switch machine.responseEnded() {
        case .nextRequest: continueServing()
        case .close: closeWhenWritten()
        case .drainThenClose: drainWhenWritten()
        }
    }

    func upstreamFailed(_ code: RefusalCode) {
        upstream = nil
        if exchange.hasWrittenHead {
            // Closing is the only way left to say that the answer is not whole.
            worker.output.clear()
            if exchange.plan.framing == .untilClose { resetOnClose() }
            close()
        } else {
            refuse(code)
            writeOutput()
            flush()
        }
    }

    /// Where the end of the connection ends the body, an orderly one would say that this was all.
    private func resetOnClose() {
        let provider = context?.channel as? any SocketOptionProvider
        _ = provider?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    }

    func closeWhenWritten() {
        whenWritten { $0.close(promise: nil) }
    }

    /// Ends our side, then reads and drops a bounded rest: a reset would take the answer from the client.
    private func drainWhenWritten() {
        whenWritten { context in
            context.close(mode: .output, promise: nil)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: Self.drainTimeout) { bound.value.close(promise: nil) }
        }
        resumeReading()
    }

    private func whenWritten(_ action: @escaping (ChannelHandlerContext) -> Void) {
        guard let context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in action(context) }
        let last = worker.output
        worker.output.clear()
        context.writeAndFlush(wrapOutboundOut(last), promise: promise)
    }

    func discard(_ count: Int) {
        drainedBytes += count
        if drainedBytes > Self.maxDrainedBytes { close() }
    }

    /// The gateway stops: an idle connection closes, a request in service is the last.
    func drain() {
        if machine.isServing {
            machine.closeAfterResponse()
            // An open WebSocket has no last answer to wait for.
            if exchange.isTunnel { close() }
        } else {
            // The end of an answer may still wait for its reader.
            closeWhenWritten()
        }
    }
}
