internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// Messages that transformations change.
extension DownstreamConnection {
    // MARK: - The request

    /// Writes the body that is at hand behind the head that goes to the upstream.
    func moveBody(to queue: inout ByteQueue) {
        guard let body = worker.scratch.replacedBody else {
            gathered?.move(to: &queue, guarding: exchange.guardedNames)
            return
        }
        _ = gathered?.takePayload()
        queue.append(body.span)
    }

    // MARK: - The answer

    /// Keeps of the request what expressions about the answer read, and what is changed before and after them.
    func planAnswer(_ head: RequestHead, _ bytes: Span<UInt8>, _ bind: BindSnapshot) {
        let change = AnswerChange(
            exchange.answerPlan,
            KeptRequest(head, bytes, worker.scratch, bind: bind, connection: context, now: worker.now))
        exchange.answerCourse = change.map(AnswerCourse.init)
        if change != nil { exchange.responseEdit = worker.scratch.responseEdit }
    }

    /// Changes the head of an answer, or holds it until its body is there.
    func changeHead(_ head: ResponseHead, _ bytes: Span<UInt8>, _ course: AnswerCourse) {
        var message = message(head, bytes)
        course.change.take(headOf: message)
        exchange.upstreamFraming = head.framing
        if head.status >= 400, !machine.hasReadWholeRequest { machine.closeAfterResponse() }
        if head.framing == .none {
            message.body = []
            course.change.apply(to: &message)
            return writeChanged(message, framing: .none, hadBody: false)
        }
        // A call of gRPC has messages for a body, as many as its sides want.
        if course.change.needsBody, !exchange.request.isGRPC {
            course.held = (message, GatheredBody(worker: worker, slot.traffic))
            if case .length(let count) = head.framing { checkHeld(count) }
            return
        }
        course.change.apply(to: &message)
        message.body = nil
        course.dropsBody = !message.mayHaveBody(toHead: exchange.request.isHead)
        writeChanged(message, framing: course.dropsBody ? .none : head.framing, hadBody: true)
    }

    /// The head of an answer whose lines are in the table; `bytes` begin with it.
    func message(_ head: ResponseHead, _ bytes: Span<UInt8>) -> AnswerMessage {
        var lines: [UInt8] = []
        for line in worker.responseTable.lines where !line.isDropped { lines += bytes.extracting(line.line).copied }
        return AnswerMessage(status: head.status, lines: lines, body: nil)
    }

    private func checkHeld(_ count: UInt64) {
        if count > UInt64(slot.traffic.maxBufferedBodyBytes) { giveUpHeld(.answerExceedsBuffer) }
    }

    private func giveUpHeld(_ code: RefusalCode) {
        exchange.answerCourse?.held = nil
        upstream?.abandon()
        upstreamFailed(code)
    }

    /// - Returns: whether a piece of a body was taken.
    func hold(_ bytes: Span<UInt8>, _ course: AnswerCourse) -> Bool {
        if course.dropsBody { return true }
        guard let body = course.held?.body else { return false }
        exchange.heldBytes &+= UInt64(bytes.count)
        if exchange.heldBytes > UInt64(slot.traffic.maxBufferedBodyBytes) {
            giveUpHeld(.answerExceedsBuffer)
        } else if !body.append(bytes) {
            giveUpHeld(.bodyBuffersFull)
        }
        return true
    }

    /// The answer that was held is whole.
    func writeHeld(_ course: AnswerCourse) {
        guard let held = course.held else { return }
        course.held = nil
        var message = held.message
        message.body = held.body.takePayload()
        course.change.apply(to: &message)
        if let failure = message.failure { return writeRefusal(Refusal(failure)) }
        guard held.body.becomes(message.body?.count ?? 0) else { return writeRefusal(Refusal(.bodyBuffersFull)) }
        writeChanged(message, framing: .none, hadBody: true)
        keepRoom(of: held.body)
    }

    /// A body that was written in one piece stays accounted for while its client does not read it.
    private func keepRoom(of body: GatheredBody) {
        stream.flush()
        // A stream of HTTP/2 learns later what its window takes, and closes when its only answer has left.
        let isUnread = context.speaksHTTP2 ? stream.hasUnsent : !stream.isWritable
        if isUnread, stream.isOpen { unreadBodies.append(body) }
    }

    /// - Parameters:
    ///   - framing: of a body that follows; `.none` where `message` has all of it.
    ///   - hadBody: whether the upstream's answer had one.
    private func writeChanged(_ message: consuming AnswerMessage, framing: BodyFraming, hadBody: Bool) {
        var message = message
        let mayHaveBody = message.mayHaveBody(toHead: exchange.request.isHead)
        let changesLength = hadBody || mayHaveBody || (exchange.answerCourse?.change.replacesBody ?? false)
        if framing == .none, changesLength || message.status == 204 {
            FieldNames([Array("content-length".utf8)]).drop(from: &message.lines)
        }
        if framing == .none, mayHaveBody {
            message.lines += Array("content-length: \(message.body?.count ?? 0)\r\n".utf8)
        }
        if let edit = exchange.responseEdit { message.edit(edit) }
        let planned = machine.planResponse(framing: framing)
        exchange.plan = HeadWriter.ResponsePlan(
            framing: planned.framing, keepsAlive: planned.keepsAlive, isHTTP11: machine.isHTTP11)
        exchange.hasWrittenHead = true
        exchange.status = message.status
        let date = message.has("date") ? [] : worker.date.bytes
        let (lines, status, plan) = (message.lines, message.status, exchange.plan)
        stream.write(room: HeadWriter.boundOfAnswer + lines.count) {
            HeadWriter.writeAnswer(status: status, plan: plan, lines: lines.span, date: date.span, into: &$0)
        }
        if framing == .none, mayHaveBody, let body = message.body {
            exchange.record?.responseBytes &+= UInt64(body.count)
            stream.write(body.span)
        }
        updateDeadline()
    }
}

extension RequestScratch {
    /// The head of a request, with the length of its body where that is another one than came.
    mutating func framed(_ head: RequestHead) -> RequestHead {
        guard let body = replacedBody else { return head }
        var head = head
        head.framing = .length(UInt64(body.count))
        table.drop(.contentLength)
        table.drop(.expect)
        addedLines += Array("content-length: \(body.count)\r\n".utf8)
        return head
    }
}
