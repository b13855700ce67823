internal import HTTPWire
internal import NIOHTTP2

/// A connection to an upstream that speaks HTTP/2: each request is a stream of it.
final class HTTP2ClientSession: HTTP2Session {
    private let pool: UpstreamPool
    /// For all of its streams, one after the other.
    var head = HTTP2ResponseHead()
    private var next = HTTP2StreamID(1)
    /// As the upstream says.
    private var maxStreams = HTTP2Limits.concurrentStreams
    /// No stream is begun any more.
    private var isGoingAway = false
    /// Streams beyond it are not served.
    private var last = HTTP2StreamID.maxID

    init(over bytes: Stream, _ pool: UpstreamPool) throws {
        self.pool = pool
        try super.init(over: bytes, .client, pool.served)
    }

    /// Whether another request may be begun.
    var hasRoom: Bool {
        !isGoingAway && !isEnding && bytes.isUsable && streams.count < min(maxStreams, HTTP2Limits.concurrentStreams)
    }

    var streamCount: Int { streams.count }

    /// Whether requests have been sent on it before.
    var hasServed: Bool { next != 1 }

    /// A stream, whose request is to be written and flushed before the next one is opened: their numbers have to go up.
    func open() -> HTTP2ClientStream {
        let stream = HTTP2ClientStream(self, id: next, isSecure: pool.endpoint.tls != nil)
        next = next.advanced(by: 2)
        if next > Self.lastID { isGoingAway = true }
        add(stream)
        return stream
    }

    /// Numbers are not used twice (RFC 9113 §5.1.1).
    private static let lastID = HTTP2StreamID(1 << 30)

    /// Whether the upstream has said that it has not acted upon a stream.
    func isRefused(_ stream: HTTP2Stream) -> Bool {
        stream.resetReason == .refusedStream || stream.id > last
    }

    override func agreed(_ settings: HTTP2Settings) {
        for setting in settings where setting.parameter == .maxConcurrentStreams { maxStreams = setting.value }
    }

    override func removed(_ stream: HTTP2Stream) {
        pool.sessions.serveWaiting()
    }

    // MARK: - The end

    override func goingAway(after last: HTTP2StreamID) {
        isGoingAway = true
        self.last = min(self.last, last)
        settleLater()
    }

    /// Ends when its last stream has.
    func retire() {
        isGoingAway = true
        settleLater()
    }

    override func streamsSettled() {
        if isGoingAway, streams.isEmpty { end(after: .rootStream) }
    }

    override var idleSeconds: Int64 { UpstreamPool.idleTimeout / 1_000_000_000 }

    override func closed(byError: Bool) {
        pool.sessions.remove(self)
        super.closed(byError: byError)
    }
}
