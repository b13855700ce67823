import Foundation
import Testing

/// Frames that are sent to hurt: the gateway ends the connection, holds little memory for it, and serves others.
@Suite struct `A hostile client of HTTP/2` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway
    private let before: Int

    init() throws {
        upstream = try EchoUpstream()
        gateway = try RunningGateway(upstreamPort: upstream.port)
        before = gateway.residentBytes
    }

    private func expectServing(_ growth: Int = 24 << 20) throws {
        let other = try FrameWire(port: gateway.port)
        try other.headers(1, FrameWire.request("/open"))
        #expect(try other.message(1).status == 200)
        #expect(try gateway.get("/open").status == 200)
        #expect(gateway.residentBytes - before < growth)
        #expect(gateway.exitStatus() == nil)
    }

    private func client() throws -> FrameWire { try FrameWire(port: gateway.port) }

    @Test func `may not take back stream after stream`() throws {
        let client = try client()
        var code: Int?
        for number in 0..<20_000 where code == nil {
            let stream = 2 * number + 1
            let bytes =
                FrameWire.bytes(
                    .headers, flags: 5, stream: stream, payload: FrameWire.block(FrameWire.request("/open")))
                + FrameWire.bytes(.reset, stream: stream, payload: [0, 0, 0, 8])
            if (try? client.wire.send(bytes)) == nil { break }
            if number % 100 == 99, !client.wire.isSilent { code = try? client.next(.goAway).errorCode }
        }
        #expect(try code ?? client.next(.goAway).errorCode == FrameWire.ErrorCode.enhanceYourCalm)
        // Each request that was taken is one that was taken back.
        #expect(upstream.heads.count <= 600)
        try expectServing()
    }

    @Test func `may not continue a header block for ever`() throws {
        let client = try client()
        try client.send(.headers, flags: 1, stream: 1, payload: FrameWire.block(FrameWire.request("/open")))
        let more = FrameWire.bytes(
            .continuation, stream: 1, payload: FrameWire.block([("x", String(repeating: "y", count: 1000))]))
        #expect(try client.flood(with: more, times: 500) == FrameWire.ErrorCode.enhanceYourCalm)
        try expectServing()
    }

    @Test func `may not make a small block a large one`() throws {
        let client = try client()
        // One field of 4000 bytes goes into the table; each byte behind it stands for it once more.
        let value = String(repeating: "y", count: 3900)
        var block = FrameWire.block(FrameWire.request("/open"))
        block += [0x40] + FrameWire.block([("x", value)]).dropFirst() + [UInt8](repeating: 0x80 | 62, count: 10_000)
        try client.send(.headers, flags: 5, stream: 1, payload: block)
        _ = try client.next(.goAway)
        try expectServing()
    }

    @Test func `may not send more fields than a request has`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open") + (0..<200).map { ("x-\($0)", "y") })
        let answer = try client.message(1)
        #expect(answer.status == 431)
        #expect(answer["tollgate-refusal"] == "head_too_large")
        try expectServing()
    }

    @Test func `may not ask for answers to PING and SETTINGS without end`() throws {
        for frame in [
            FrameWire.bytes(.ping, payload: [UInt8](repeating: 1, count: 8)),
            FrameWire.bytes(.settings, payload: [0, 4, 0, 1, 0, 0]),
        ] {
            let client = try client()
            let code = try client.flood(with: frame)
            #expect(code == nil || code == FrameWire.ErrorCode.enhanceYourCalm)
        }
        try expectServing()
    }

    @Test func `may not send frames that say nothing`() throws {
        let empty = FrameWire.bytes(.data, stream: 1)
        let priority = FrameWire.bytes(.priority, stream: 1, payload: [0, 0, 0, 3, 16])
        let unfinished = FrameWire.bytes(.continuation, stream: 1)
        let opening = FrameWire.bytes(.windowUpdate, payload: [0, 0, 0, 1])
        for (frame, endsHead) in [(empty, true), (priority, true), (unfinished, false), (opening, true)] {
            let client = try client()
            let block = FrameWire.block(FrameWire.request("/open", "POST"))
            try client.send(.headers, flags: endsHead ? 4 : 0, stream: 1, payload: block)
            let code = try client.flood(with: frame)
            #expect(code == nil || code == FrameWire.ErrorCode.enhanceYourCalm)
        }
        try expectServing()
    }

    @Test func `may not make a window larger than there is`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open", "POST"), end: false)
        try client.openWindow(0, by: 0x7FFF_FFFF)
        #expect(try client.next(.goAway).errorCode == FrameWire.ErrorCode.flowControlError)
        try expectServing()
    }

    @Test func `may not send more than the windows hold`() throws {
        // What it does not read is more than the systems between hold.
        let silent = try Upstream(receiveBuffer: 16 << 10)
        let gateway = try RunningGateway(.init(), upstreamPort: silent.port)
        let client = try FrameWire(port: gateway.port)
        try client.headers(1, FrameWire.request("/open", "POST"), end: false)
        let piece = FrameWire.bytes(.data, stream: 1, payload: [UInt8](repeating: 0x78, count: 16_384))
        for _ in 0..<2000 { guard (try? client.wire.send(piece)) != nil else { break } }
        let frame = try client.next(.goAway, .reset)
        #expect(frame.errorCode == FrameWire.ErrorCode.flowControlError)
    }

    @Test func `may not open more streams than it was told`() throws {
        let client = try client()
        for number in 0..<101 {
            try client.headers(2 * number + 1, FrameWire.request("/open", "POST"), end: false)
        }
        _ = try client.next(.goAway, .reset)
        try expectServing()
    }

    @Test func `may not hold answers by never opening its window`() throws {
        let large = try Upstream()
        let gateway = try RunningGateway(
            .init(config: "timeouts: {head: 1s, idle: 1s, body: 1s, request: 2s}"), upstreamPort: large.port)
        let before = gateway.residentBytes
        // No byte may be sent on any stream.
        let client = try FrameWire(port: gateway.port, settings: [(4, 0)])
        var connections: [Wire] = []
        for number in 0..<20 {
            try client.headers(2 * number + 1, FrameWire.request("/open"))
            let connection = try large.accept()
            _ = try connection.readHead()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n")
            let bytes = [UInt8](repeating: 0x78, count: 1 << 20)
            var sent = 0
            while sent < bytes.count {
                let count = try connection.sendNow(bytes[sent...])
                if count == 0 { break }
                sent += count
            }
            connections.append(connection)
        }
        #expect(gateway.residentBytes - before < 32 << 20)
        // Each is given up after `timeouts.body`.
        for _ in connections { _ = try client.next(.reset) }
        try client.headers(101, FrameWire.request("/secret"))
        #expect(try client.next(.headers).stream == 101)
    }

    @Test func `is sent away where it asks for nothing`() throws {
        let gateway = try RunningGateway(.init(config: "timeouts: {head: 1s, idle: 1s}"), upstreamPort: upstream.port)
        let client = try FrameWire(port: gateway.port)
        #expect(try client.next(.goAway).errorCode == FrameWire.ErrorCode.none)
        _ = try client.wire.readToEnd()
        // Neither a preface that does not end nor PING are requests.
        let half = try gateway.client()
        try half.send("PRI * HTTP/2.0\r\n\r\nSM")
        _ = try half.readToEnd()
    }

    @Test func `that is gone without a word is asked for, and let go`() throws {
        let silent = try Upstream()
        let gateway = try RunningGateway(
            .init(top: "frontendPolicies: {http: {http2KeepaliveInterval: 1s, http2KeepaliveTimeout: 2s}}"),
            upstreamPort: silent.port)
        // Both wait for an answer; one of them is still there.
        let (there, gone) = (try FrameWire(port: gateway.port), try FrameWire(port: gateway.port))
        try there.headers(1, FrameWire.request("/open"))
        let connection = try silent.accept()
        _ = try connection.readHead()
        try gone.headers(1, FrameWire.request("/open"))
        let other = try silent.accept()
        _ = try other.readHead()
        for _ in 0..<4 {
            let ping = try there.next(.ping)
            #expect(!ping.isAcknowledgement)
            try there.send(.ping, flags: 1, payload: ping.payload)
        }
        _ = try gone.next(.ping)
        _ = try gone.wire.readToEnd()
        #expect(try other.isClosedWithoutAWord(), "the upstream serves a request that nobody waits for")
        try connection.answer("late")
        #expect(try there.message(1).body.text == "late")
    }

    @Test func `gets 408 where a body does not come`() throws {
        let silent = try Upstream()
        let gateway = try RunningGateway(.init(config: "timeouts: {body: 1s}"), upstreamPort: silent.port)
        let client = try FrameWire(port: gateway.port)
        try client.headers(1, FrameWire.request("/open", "POST"), end: false)
        let connection = try silent.accept()
        _ = try connection.readHead()
        #expect(try client.message(1).status == 408)
        try expectServing()
    }
}
