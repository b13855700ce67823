import Testing

/// Whoever sends faster than the other side reads is made to wait, and the gateway holds little of it.
@Suite(.serialized) struct `A slow reader` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    /// More than all the buffers of the system between two ends, and far more than the gateway may hold.
    private static let size = 96 << 20
    /// What the process may grow by, in bytes.
    private static let allowance = 8 << 20

    /// Sends until nothing more is taken, however often the gateway is asked to go on; answers how much that was.
    private func sendUntilStuck(_ sender: Wire, limit: Int) throws -> Int {
        let piece = [UInt8](repeating: 0x78, count: 256 << 10)
        var sent = 0
        var refusals = 0
        while sent < limit, refusals < 5 {
            let count = try sender.sendNow(piece.prefix(limit - sent))
            sent += count
            if count > 0 {
                refusals = 0
            } else {
                refusals += 1
                try stage.settle()
            }
        }
        return sent
    }

    private func sendRest(_ sender: Wire, after sent: Int) -> SendingThread {
        SendingThread(sender, count: Self.size - sent)
    }

    @Test func `at the upstream holds an upload back and not in memory`() throws {
        let before = stage.gateway.residentBytes
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: \(Self.size)\r\n\r\n")
        let sent = try sendUntilStuck(client, limit: Self.size)
        #expect(sent < Self.size, "the gateway took all of it")
        #expect(stage.gateway.residentBytes - before < Self.allowance)
        // Once it reads, all of it arrives.
        let rest = sendRest(client, after: sent)
        try upstream.skip(count: Self.size)
        try rest.join()
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
        #expect(stage.gateway.residentBytes - before < Self.allowance)
    }

    @Test func `at the client holds an answer back and not in memory`() throws {
        let before = stage.gateway.residentBytes
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
        let sent = try sendUntilStuck(upstream, limit: Self.size)
        #expect(sent < Self.size, "the gateway took all of it")
        #expect(stage.gateway.residentBytes - before < Self.allowance)
        let rest = sendRest(upstream, after: sent)
        #expect(try client.readAnswerHead().status == 200)
        try client.skip(count: Self.size)
        try rest.join()
        #expect(stage.gateway.residentBytes - before < Self.allowance)
        // The connection is as good as before.
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try upstream.readHead()
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `of a chunked upload holds it back, too`() throws {
        let before = stage.gateway.residentBytes
        let (client, upstream, _) = try stage.exchange(
            "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(String(Self.size, radix: 16))\r\n")
        let sent = try sendUntilStuck(client, limit: Self.size)
        #expect(sent < Self.size, "the gateway took all of it")
        #expect(stage.gateway.residentBytes - before < Self.allowance)
        let rest = sendRest(client, after: sent)
        var seen = 0
        while seen < Self.size { seen += try upstream.readChunk().count }
        try rest.join()
        try client.send("\r\n0\r\n\r\n")
        #expect(try upstream.readChunk().isEmpty)
    }

    @Test func `does not keep others waiting`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.send("HTTP/1.1 200 OK\r\nContent-Length: \(Self.size)\r\n\r\n")
        _ = try sendUntilStuck(upstream, limit: Self.size)
        for index in 0..<20 {
            let (other, behind, _) = try stage.exchange(
                "GET /open/\(index) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try behind.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            #expect(try other.readAnswer().body.text == "ok")
        }
        client.close()
        _ = try? upstream.readToEnd()
    }

    @Test func `that sends requests and reads no answer is not read from any more`() throws {
        let before = stage.gateway.residentBytes
        let client = try stage.client(receiveBuffer: 4096)
        let request = Array(String(repeating: "GET /secret HTTP/1.1\r\nHost: a\r\n\r\n", count: 2000).utf8)
        var sent = 0
        var refusals = 0
        while sent < 32 << 20, refusals < 5 {
            let count = try client.sendNow(request[(sent % request.count)...])
            sent += count
            refusals = count > 0 ? 0 : refusals + 1
            if count == 0 { try stage.settle() }
        }
        #expect(sent < 32 << 20, "the gateway took all of it")
        #expect(stage.gateway.residentBytes - before < Self.allowance)
    }
}
