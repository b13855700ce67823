internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOHPACK
internal import NIOHTTP2

/// A client's connection that speaks HTTP/2: each of its requests is served by a `DownstreamConnection` of its own.
final class HTTP2ServerSession: HTTP2Session {
    let slot: BindSlot
    private let ends: SocketEnds
    /// What all of its requests have in common.
    let context: ConnectionContext
    private var head = HTTP2RequestHead()
    private var last = HTTP2StreamID.rootStream
    private var ending = Ending.no
    /// Uptime from which on no request is begun any more.
    private let retiresAt: Int64

    /// Uptime in nanoseconds at which something came last, or at which it was asked for.
    private var heardAt: Int64
    private var isAsked = false

    private enum Ending {
        case no
        /// The client has been told; requests that were on their way are still taken (RFC 9113 §6.8).
        case announced
        /// None is taken any more.
        case final
    }

    init(over bytes: Stream, slot: BindSlot, ends: SocketEnds, _ context: ConnectionContext) throws {
        self.slot = slot
        self.ends = ends
        self.context = context
        retiresAt = bytes.worker.retirement(slot.traffic)
        heardAt = bytes.worker.uptime
        try super.init(over: bytes, .server, slot.served)
        if worker.isDraining { drain() }
    }

    override func received(_ bytes: Span<UInt8>) {
        heardAt = worker.uptime
        isAsked = false
        super.received(bytes)
    }

    override func begin(_ id: HTTP2StreamID, _ headers: HPACKHeaders, end: Bool) {
        guard !isEnding, ending != .final else { return }
        last = max(last, id)
        let fault = Result { () throws(WireError) in try head.read(headers, hasBody: !end) }
        let stream = HTTP2ServerStream(self, id: id, head, end: end)
        add(stream)
        let client = DownstreamConnection(
            stream: stream, slot: slot, ends: ends, context: context)
        switch fault {
        case .success: stream.receive(head.bytes)
        case .failure(let error):
            client.refuse(malformed: error)
            client.flush()
        }
    }

    override func checkDeadline() {
        for stream in streams.values { (stream.user as? DownstreamConnection)?.checkDeadline() }
        if case .announced = ending { takeNoMore() }
        super.checkDeadline()
        checkKeepalive()
        if worker.uptime >= retiresAt { drain() }
    }

    /// Asks a client that is silent whether it is there (RFC 9113 §6.7), and lets it go where nothing comes.
    private func checkKeepalive() {
        guard let limits = served.traffic.keepaliveSeconds, !streams.isEmpty, !isEnding else { return }
        let limit = isAsked ? limits.timeout : limits.interval
        guard worker.uptime - heardAt >= limit * 1_000_000_000 else { return }
        if isAsked { return bytes.close() }
        isAsked = true
        heardAt = worker.uptime
        write(.rootStream, .ping(HTTP2PingData(withInteger: 0), ack: false))
        settleLater()
    }

    override func endIdle() {
        end(after: last)
    }

    // MARK: - The end

    /// The gateway stops: what is in service is the last.
    func drain() {
        guard case .no = ending else { return }
        if streams.isEmpty { return end(after: last) }
        ending = .announced
        write(.rootStream, .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil))
        settleLater()
    }

    /// Its client is no longer known for who it is: not even requests that are on their way are taken.
    func dismiss() {
        if streams.isEmpty { return end(after: last) }
        if ending != .final { takeNoMore() }
    }

    private func takeNoMore() {
        ending = .final
        write(.rootStream, .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil))
        settleLater()
    }

    override func streamsSettled() {
        if ending != .no || worker.uptime >= retiresAt, streams.isEmpty { end(after: last) }
    }

    override func closed(byError: Bool) {
        worker.remove(self)
        super.closed(byError: byError)
    }
}
