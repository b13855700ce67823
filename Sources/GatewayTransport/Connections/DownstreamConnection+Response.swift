internal import Bytes
internal import GatewayEngine
internal import HTTPWire

/// What the upstream's answer becomes for the client. It is gathered, so that a small answer leaves in one
/// piece.
extension DownstreamConnection {
    /// `bytes` begin at the head.
    func writeInformational(_ head: ResponseHead, _ bytes: Span<UInt8>) {
        if head.status == 100 {
            exchange.awaitsContinue = false
            updateDeadline()
        }
        // RFC 9110 §15.2: HTTP/1.0 knows no 1xx.
        guard machine.isHTTP11 else { return }
        writeHead(head, bytes, plan: exchange.plan)
    }

    func writeHead(_ head: ResponseHead, _ bytes: Span<UInt8>) {
        noteGRPCStatus(bytes)
        if let course = exchange.answerCourse, head.status != 101 { return changeHead(head, bytes, course) }
        exchange.hasWrittenHead = true
        exchange.status = head.status
        exchange.upstreamFraming = head.framing
        if head.status == 101 {
            beginTunnel()
        } else {
            // An error before the request is read: the rest of it is not worth reading.
            if head.status >= 400, !machine.hasReadWholeRequest { machine.closeAfterResponse() }
            let planned = machine.planResponse(framing: head.framing)
            exchange.plan = HeadWriter.ResponsePlan(
                framing: planned.framing, keepsAlive: planned.keepsAlive, isHTTP11: machine.isHTTP11)
        }
        if let edit = FieldEdit.chain(exchange.answerCourse?.change.modifier, exchange.responseEdit) {
            edit.removed.drop(from: &worker.responseTable, in: bytes)
            writeHead(head, bytes, plan: exchange.plan, lines: edit.added)
        } else {
            writeHead(head, bytes, plan: exchange.plan)
        }
        updateDeadline()
        // What the client sent behind its request was meant for the other side.
        if exchange.isTunnel { continueServing() }
    }

    /// The upstream speaks WebSocket from here on: both sides are bytes until one of them closes.
    private func beginTunnel() {
        machine.beginTunnel()
        exchange.isTunnel = true
        exchange.isChunked = false
        exchange.plan = HeadWriter.ResponsePlan(framing: .untilClose, keepsAlive: false, isHTTP11: true)
    }

    private func writeHead(
        _ head: ResponseHead, _ bytes: Span<UInt8>, plan: HeadWriter.ResponsePlan, lines: [UInt8] = []
    ) {
        let date = worker.date.bytes
        let table = worker.responseTable
        stream.write(room: HeadWriter.boundOfResponse(head) + lines.count) {
            HeadWriter.writeResponse(head, table, bytes, plan: plan, lines: lines.span, date: date.span, into: &$0)
        }
    }

    func writeBody(_ bytes: Span<UInt8>) {
        if let course = exchange.answerCourse, hold(bytes, course) { return }
        exchange.record?.responseBytes &+= UInt64(bytes.count)
        exchange.lastPieceAt = worker.uptime
        stream.writeBody(bytes, inChunks: exchange.plan.framing == .chunked)
    }

    /// For the access log, where that has expressions.
    ///
    /// - Parameter bytes: those that the worker's table was read from.
    private func noteGRPCStatus(_ bytes: Span<UInt8>) {
        guard exchange.request.isGRPC else { return }
        exchange.record?.request?.noteGRPCStatus(in: worker.responseTable, bytes)
    }

    /// `bytes` are those the trailer lines were read from.
    func writeEnd(_ bytes: Span<UInt8>) {
        if exchange.upstreamFraming == .chunked { noteGRPCStatus(bytes) }
        if let course = exchange.answerCourse, course.held != nil { return writeHeld(course) }
        guard exchange.plan.framing == .chunked else { return }
        // Only a chunked body has trailers; else the table still holds the head's lines.
        let trailers = exchange.upstreamFraming == .chunked ? worker.responseTable : FieldTable()
        stream.writeLastChunk(trailers, bytes)
    }
}
