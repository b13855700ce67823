import Testing

/// The measures of `frontendPolicies.http` that clients of HTTP/2 are told, and held to.
@Suite struct `Settings of HTTP/2` {
    private let upstream: Upstream

    init() throws { upstream = try Upstream() }

    private func start(_ http: String) throws -> RunningGateway {
        try RunningGateway(
            .init(top: http.isEmpty ? "" : "frontendPolicies: {http: {\(http)}}"), upstreamPort: upstream.port)
    }

    /// What the gateway says first, by the numbers of RFC 9113 §6.5.2, and by how much it opens the connection.
    private func said(to client: FrameWire) throws -> (settings: [Int: Int], opened: Int) {
        let payload = try client.next(.settings).payload
        let settings = stride(from: 0, to: payload.count, by: 6).map {
            (payload[$0..<$0 + 2].number, payload[$0 + 2..<$0 + 6].number)
        }
        let update = try client.next(.windowUpdate)
        #expect(update.stream == 0)
        return (Dictionary(uniqueKeysWithValues: settings), update.payload.number)
    }

    @Test func `are told as the frontend policies say`() throws {
        let gateway = try start(
            """
            http2WindowSize: 1048576, http2ConnectionWindowSize: 4194304, http2FrameSize: 32768,
            http2MaxHeaderSize: 8192
            """)
        let (settings, opened) = try said(to: FrameWire(port: gateway.port))
        #expect(settings == [3: 100, 4: 1_048_576, 5: 32768, 6: 8192])
        #expect(opened == 4_194_304 - 65_535)
    }

    @Test func `are our own where nothing is said`() throws {
        let gateway = try start("")
        let (settings, opened) = try said(to: FrameWire(port: gateway.port))
        #expect(settings[4] == 65536 && settings[5] == nil)
        #expect(opened == 6_553_600 - 65_535)
    }

    @Test(arguments: [("4096", 409_600 - 65_535), ("16777216", 16_777_216 - 65_535)])
    func `give a connection room in proportion to its streams`(window: String, opened: Int) throws {
        let gateway = try start("http2WindowSize: \(window)")
        #expect(try said(to: FrameWire(port: gateway.port)).opened == opened)
    }

    @Test func `let a body come at once, in frames as long as was said`() throws {
        let gateway = try start("http2WindowSize: 1048576, http2FrameSize: 32768")
        let client = try FrameWire(port: gateway.port)
        _ = try said(to: client)
        try client.headers(1, FrameWire.request("/open", "POST"), end: false)
        let piece = [UInt8](repeating: 0x78, count: 32768)
        // Nobody has opened a window, nor reads: all of it is in the first one.
        for number in 1...32 { try client.data(1, piece, end: number == 32) }
        let server = try upstream.accept()
        _ = try server.readHead()
        var count = 0
        while true {
            let chunk = try server.readChunk()
            if chunk.isEmpty { break }
            count += chunk.count
        }
        #expect(count == 1 << 20)
        try server.answer("whole")
        #expect(try client.message(1).body.text == "whole")
    }

    @Test func `refuse a frame that is longer`() throws {
        let gateway = try start("http2FrameSize: 32768")
        let client = try FrameWire(port: gateway.port)
        _ = try said(to: client)
        try client.headers(1, FrameWire.request("/open", "POST"), end: false)
        try client.data(1, [UInt8](repeating: 0x78, count: 32769))
        #expect(try client.next(.goAway).errorCode == FrameWire.ErrorCode.frameSizeError)
    }

    @Test func `refuse fields beyond the size that was said`() throws {
        let gateway = try start("http2MaxHeaderSize: 4096")
        let client = try FrameWire(port: gateway.port)
        _ = try said(to: client)
        try client.headers(1, FrameWire.request("/open") + [("x-long", String(repeating: "a", count: 5000))])
        let end = try client.next(.goAway, .reset, .headers)
        #expect(end.type != .headers)
        #expect(!upstream.hasVisitor)
    }
}
