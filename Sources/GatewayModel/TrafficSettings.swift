/// Bounds of connections and requests, the same for all listeners.
package struct TrafficSettings: Equatable, Sendable {
    /// From the first byte of a request to the end of its head.
    package var headTimeout: Duration
    /// A kept connection without a request.
    package var idleTimeout: Duration
    /// Between two pieces of a request's body.
    package var bodyTimeout: Duration
    /// From a request that has been read to the first byte of its answer.
    package var requestTimeout: Duration
    /// Between two pieces of an answer of known length.
    package var answerTimeout: Duration
    /// Between two pieces of any other answer, or of a tunnel; nil: no bound.
    package var streamTimeout: Duration?
    /// Opening a connection to an upstream.
    package var connectTimeout: Duration
    /// How old a client's connection may become; nil: any age.
    package var maxConnectionDuration: Duration?
    /// How a client that speaks HTTP/2 and has gone without a word is found; nil: it is not looked for.
    package var keepalive: HTTP2Keepalive?
    /// How silent clients are asked below HTTP; nil: at the system's times.
    package var tcpKeepalive: TCPKeepalive?
    /// What clients that speak HTTP/2 are told.
    package var http2 = HTTP2Measures()
    /// From a connection with TLS to the end of its handshake; nil: as long as a head may take.
    package var handshakeTimeout: Duration?
    /// Request line and header fields together.
    package var maxHeadBytes: Int
    package var maxTargetBytes: Int
    package var maxFields: Int
    /// A request's body; nil: any size.
    package var maxBodyBytes: Int?
    /// A body that is gathered because rules read it.
    package var maxBufferedBodyBytes: Int
    /// All bodies that are gathered at one time.
    package var maxBufferedBytes: Int
    /// Networks (CIDR) of proxies whose `X-Forwarded-*` are believed and kept.
    package var trustedProxies: [String]
    /// Whether upstreams get the address of a peer that is not among those as `X-Real-IP`, too.
    package var sendsRealIP = false
    /// What becomes of an open WebSocket when the token it was opened with expires.
    package var onTokenExpiry: TokenExpiryAction
    package var provenance: Provenance

    package init(
        headTimeout: Duration, idleTimeout: Duration, bodyTimeout: Duration, requestTimeout: Duration,
        answerTimeout: Duration, streamTimeout: Duration?, connectTimeout: Duration, maxConnectionDuration: Duration?,
        keepalive: HTTP2Keepalive?, maxHeadBytes: Int, maxTargetBytes: Int, maxFields: Int, maxBodyBytes: Int?,
        maxBufferedBodyBytes: Int, maxBufferedBytes: Int, trustedProxies: [String], onTokenExpiry: TokenExpiryAction,
        provenance: Provenance
    ) {
        self.headTimeout = headTimeout
        self.idleTimeout = idleTimeout
        self.bodyTimeout = bodyTimeout
        self.requestTimeout = requestTimeout
        self.answerTimeout = answerTimeout
        self.streamTimeout = streamTimeout
        self.connectTimeout = connectTimeout
        self.maxConnectionDuration = maxConnectionDuration
        self.keepalive = keepalive
        self.maxHeadBytes = maxHeadBytes
        self.maxTargetBytes = maxTargetBytes
        self.maxFields = maxFields
        self.maxBodyBytes = maxBodyBytes
        self.maxBufferedBodyBytes = maxBufferedBodyBytes
        self.maxBufferedBytes = maxBufferedBytes
        self.trustedProxies = trustedProxies
        self.onTokenExpiry = onTokenExpiry
        self.provenance = provenance
    }
}

/// Settings of HTTP/2 (RFC 9113 §6.5.2); nil: the transport's own measure.
package struct HTTP2Measures: Hashable, Sendable {
    /// Bytes of body that a stream may send before they are taken.
    package var streamWindow: Int?
    /// The same of all streams of a connection; never less than 65535 (RFC 9113 §6.9.2).
    package var connectionWindow: Int?
    /// Of one frame, 16384 to 16777215 (`SETTINGS_MAX_FRAME_SIZE`).
    package var maxFrameBytes: Int?
    /// Of a request's fields, each counted with 32 bytes more (`SETTINGS_MAX_HEADER_LIST_SIZE`); nil: as
    /// `maxHeadBytes`.
    package var maxHeaderBytes: Int?

    package init() {}
}

/// PING frames to a client that has requests in service and is silent.
package struct HTTP2Keepalive: Equatable, Sendable {
    /// Of silence, before it is asked.
    package var interval: Duration
    /// For its answer, before its connection is closed.
    package var timeout: Duration

    package init(interval: Duration, timeout: Duration) {
        self.interval = interval
        self.timeout = timeout
    }
}

package enum TokenExpiryAction: String, Hashable, Sendable, CaseIterable {
    case close, keep
}
