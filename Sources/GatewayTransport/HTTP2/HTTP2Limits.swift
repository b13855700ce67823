internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire
internal import NIOCore
internal import NIOHPACK
internal import NIOHTTP2

/// What one HTTP/2 connection may cost.
enum HTTP2Limits {
    /// Requests of a client at a time (`SETTINGS_MAX_CONCURRENT_STREAMS`).
    static let concurrentStreams = 100
    /// What may come on a stream that nobody has taken yet.
    static let streamWindow = 64 << 10
    /// What may come on a connection: all that its streams may hold, so that those that are not taken hold up no other.
    static let connectionWindow = concurrentStreams * streamWindow
    /// Frames that continue one header block (CVE-2024-27316).
    static let continuationFrames = 8
    /// Streams that a client opens and takes back (rapid reset, CVE-2023-44487), and streams that break the rules.
    static let resets = 500
    static let streamErrors = 500
    static let resetSeconds: Int64 = 30
    /// PING, SETTINGS and PRIORITY frames; gRPC measures its bandwidth with PING.
    static let controlFrames = 10_000
    static let controlSeconds: Int64 = 10
    /// DATA frames without a byte, one after the other (CVE-2019-9518).
    static let emptyDataFrames = 16
    /// WINDOW_UPDATE frames for which there has been no DATA of ours, at one time; each DATA frame explains so many.
    static let needlessWindowUpdates = 1000
    static let windowUpdatesPerFrame = 16
    /// Streams that broke a rule, over the life of a connection.
    static let glitches = 1000

    /// Streams that an upstream takes back: it may refuse many, or end them before it has read them.
    static let upstreamResets = 100_000

    /// What may come on one connection before it is taken.
    struct Windows {
        let stream: Int
        let connection: Int

        static let standard = Windows(HTTP2Measures())

        init(_ measures: HTTP2Measures) {
            stream = measures.streamWindow ?? streamWindow
            // RFC 9113 §6.9.2: it cannot be less than it begins with.
            connection =
                measures.connectionWindow
                ?? max(65_535, stream, min(concurrentStreams * stream, connectionWindow))
        }
    }

    static func handler(
        _ mode: NIOHTTP2Handler.ParserMode, _ traffic: TrafficPolicy, told delegate: any NIOHTTP2FrameDelegate
    ) -> NIOHTTP2Handler {
        let measures = mode == .server ? traffic.http2 : HTTP2Measures()
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: mode == .server ? concurrentStreams : 0),
            HTTP2Setting(parameter: .initialWindowSize, value: Windows(measures).stream),
            HTTP2Setting(
                parameter: .maxHeaderListSize, value: measures.maxHeaderBytes ?? traffic.headLimits.maxHeadBytes),
        ]
        if let bytes = measures.maxFrameBytes {
            connection.initialSettings.append(HTTP2Setting(parameter: .maxFrameSize, value: bytes))
        }
        // RFC 9113 §6.5.2: a server has no say in it.
        if mode == .client { connection.initialSettings.append(HTTP2Setting(parameter: .enablePush, value: 0)) }
        // What is malformed is found by `HTTP2RequestHead`, and answered and logged like any other request.
        connection.headerBlockValidation = .disabled
        connection.maximumSequentialEmptyDataFrames = emptyDataFrames
        connection.maximumSequentialContinuationFrames = continuationFrames
        connection.maximumRecentlyResetStreams = concurrentStreams
        connection.maximumConnectionGlitches = glitches
        connection.controlFrameRateLimit.maximumCount = controlFrames
        connection.controlFrameRateLimit.windowLength = .seconds(controlSeconds)
        var stream = NIOHTTP2Handler.StreamConfiguration()
        stream.streamResetFrameRateLimit.maximumCount = mode == .server ? resets : upstreamResets
        stream.streamResetFrameRateLimit.windowLength = .seconds(resetSeconds)
        stream.streamErrorRateLimit.maximumCount = streamErrors
        stream.streamErrorRateLimit.windowLength = .seconds(resetSeconds)
        return NIOHTTP2Handler(
            mode: mode, frameDelegate: delegate, connectionConfiguration: connection, streamConfiguration: stream)
    }

    /// For reading what was written in the form of HTTP/1.1 by ourselves.
    static let ownHeads = HeadLimits(
        maxHeadBytes: 4 << 20, maxTargetBytes: 1 << 20, maxFields: 1 << 12, maxTrailerBytes: 1 << 20)
}
