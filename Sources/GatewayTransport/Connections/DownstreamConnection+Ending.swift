internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// Answers of our own, and what follows an answer.
extension DownstreamConnection {
    /// Body bytes read and dropped after a refusal, so that the client can read the answer.
    private static var maxDrainedBytes: Int { 64 << 10 }

    func refuse(_ code: RefusalCode) {
        refuse(Refusal(code))
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
        if !worker.accessLog.format.isOff { exchange.record = AccessRecord(startedAt: worker.uptime) }
    }

    func refuse(_ refusal: Refusal) {
        writeRefusal(refusal)
        responseEnded()
    }

    /// The same without what follows an answer.
    func writeRefusal(_ refusal: Refusal) {
        if !machine.hasReadWholeRequest { machine.closeAfterResponse() }
        exchange.answerCourse?.held = nil
        let answer = refusal.answer(
            isGRPC: exchange.request.isGRPC,
            form: exchange.answerPlan?.refusals ?? slot.bind?.refusals ?? .standard(.agentgateway),
            requestID: exchange.answerPlan?.requestID ?? [], change: exchange.answerCourse?.change,
            edit: exchange.responseEdit)
        write(answer)
        worker.counters.count(refusal.code)
        exchange.record?.refusal = refusal.code
        if exchange.request.isGRPC { exchange.record?.request?.grpcStatus = refusal.grpcStatus }
        exchange.record?.rule = refusal.verdict?.mark ?? ""
        exchange.record?.missingClaims = refusal.missingClaims
    }

    /// Answers without asking anyone.
    func respond(_ answer: LocalAnswer) {
        if !machine.hasReadWholeRequest { machine.closeAfterResponse() }
        let message = answer.message(change: exchange.answerCourse?.change, edit: exchange.responseEdit)
        if let failure = message.failure { return refuse(Refusal(failure)) }
        write(message)
        if message.mayHaveBody(toHead: exchange.request.isHead) {
            exchange.record?.responseBytes = UInt64(message.body?.count ?? 0)
        }
        responseEnded()
    }

    private func write(_ message: AnswerMessage) {
        let bytes = message.rendered(
            toHead: exchange.request.isHead, keepsAlive: machine.keepsAlive, date: worker.date.bytes)
        stream.write(bytes.span)
        exchange.status = message.status
    }

    /// The answer has been written whole.
    func responseEnded() {
        upstream = nil
        finishRecord(wasAborted: false)
        if worker.isDraining { machine.closeAfterResponse() }
        switch machine.responseEnded() {
        case .nextRequest: continueServing()
        case .close: closeWhenWritten()
        case .drainThenClose: linger()
        }
    }

    func upstreamFailed(_ code: RefusalCode) {
        upstream = nil
        if exchange.hasWrittenHead {
            // Closing is the only way left to say that the answer is not whole; and where an orderly close ends
            // the body, not even that.
            if exchange.plan.framing == .untilClose { stream.reset() } else { close() }
        } else {
            refuse(code)
            stream.flush()
        }
    }

    /// Ends our side, then reads and drops a bounded rest: a reset would take the answer from the client.
    private func linger() {
        isLingering = true
        stream.closeOutputWhenWritten()
        updateDeadline()
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
