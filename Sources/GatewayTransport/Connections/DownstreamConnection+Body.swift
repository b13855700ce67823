internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// Bodies that rules read: gathered before the request is decided on for good.
extension DownstreamConnection {
    /// Holds a request until its body is whole. What the body may measure is known to have no say in whether its
    /// sender may send it: that has been decided.
    func gatherBody(_ head: RequestHead, _ bytes: Span<UInt8>) {
        if case .length(let count) = head.framing, let code = refusal(ofBody: count) { return refuse(code) }
        gathered = GatheredBody(head: bytes, worker: worker, slot.traffic)
        // The upstream, whose part this would be, is not asked before the body is there.
        guard exchange.awaitsContinue else { return }
        exchange.awaitsContinue = false
        stream.write(room: Self.continues.utf8CodeUnitCount) { $0.append(Self.continues) }
    }

    private static var continues: StaticString { "HTTP/1.1 100 Continue\r\n\r\n" }

    private func refusal(ofBody count: UInt64) -> RefusalCode? {
        let traffic = slot.traffic
        if count > traffic.maxBodyBytes { return .bodyTooLarge }
        return count > UInt64(traffic.maxBufferedBodyBytes) ? .bodyExceedsBuffer : nil
    }

    func gather(_ bytes: Span<UInt8>, into gathered: GatheredBody) {
        exchange.bodyBytes &+= UInt64(bytes.count)
        if let code = refusal(ofBody: exchange.bodyBytes) { return stopGathering(code) }
        if !gathered.append(bytes) { stopGathering(.bodyBuffersFull) }
    }

    private func stopGathering(_ code: RefusalCode) {
        gathered = nil
        refuse(code)
    }

    /// The body is whole: the request is decided on anew, with it.
    ///
    /// - Parameter bytes: those the trailer lines were read from.
    func bodyGathered(_ gathered: GatheredBody, _ bytes: Span<UInt8>) {
        gathered.complete(trailers: exchange.isChunked ? worker.scratch.table : nil, bytes)
        let head = gathered.takeHead()
        decideAgain(head.bytes)
    }
}
