import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct `A client that speaks HTTP/2` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        gateway = try RunningGateway(.init(accessLog: "text"), upstreamPort: upstream.port)
    }

    private func client(_ settings: [(UInt16, UInt32)] = []) throws -> FrameWire {
        try FrameWire(port: gateway.port, settings: settings)
    }

    @Test func `is served with a token, and logged`() throws {
        let client = try client()
        try client.headers(
            1, FrameWire.request("/secret?x=y") + [("authorization", "Bearer \(try Tokens.token())"), ("x", "y")])
        let connection = try upstream.accept()
        let head = try connection.readHead()
        #expect(head.hasPrefix("GET /secret?x=y HTTP/1.1\r\nhost: a.test\r\n"))
        #expect(head.contains("\r\nx: y\r\n") && !head.contains("uthorization"))
        try connection.answer("hello", "X-Answer: yes\r\nConnection: close\r\n")
        let answer = try client.message(1)
        #expect(answer.status == 200)
        #expect(answer.body.text == "hello")
        #expect(answer["x-answer"] == "yes")
        #expect(answer["connection"] == nil)
        try eventually("the line") { gateway.output.contains(" method=GET version=HTTP/2 host=a.test path=/secret ") }
    }

    @Test func `is refused without one, and served on`() throws {
        let client = try client()
        for stream in [1, 3] {
            try client.headers(stream, FrameWire.request("/secret"))
            let answer = try client.message(stream)
            #expect(answer.status == 401)
            #expect(answer["tollgate-refusal"] == "token_missing")
            #expect(answer["www-authenticate"]?.hasPrefix("Bearer ") == true)
        }
    }

    @Test func `of gRPC is refused in its way, by headers that are trailers`() throws {
        let client = try client()
        let refusals = [("/secret/Call", "16", "token_missing"), ("/closed/Call", "14", "upstream_unreachable")]
        for (number, entry) in refusals.enumerated() {
            let call =
                FrameWire.request(entry.0, "POST") + [("content-type", "application/grpc+proto"), ("te", "trailers")]
            try client.headers(2 * number + 1, call, end: false)
            let frame = try client.next(.headers)
            #expect(frame.endsStream)
            let fields = Dictionary(uniqueKeysWithValues: try client.fields(of: frame))
            #expect(fields[":status"] == "200" && fields["content-type"] == "application/grpc")
            #expect(fields["grpc-status"] == entry.1 && fields["tollgate-refusal"] == entry.2)
            #expect(fields["grpc-message"]?.isEmpty == false && fields["www-authenticate"] == nil)
        }
        // What browsers send is another protocol.
        try client.headers(9, FrameWire.request("/secret") + [("content-type", "application/grpc-web")])
        #expect(try client.message(9).status == 401)
    }

    @Test func `gets answers in the order they come`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open/first"))
        let first = try upstream.accept()
        _ = try first.readHead()
        try client.headers(3, FrameWire.request("/open/second"))
        let second = try upstream.accept()
        _ = try second.readHead()
        try second.answer("second")
        #expect(try client.message(3).body.text == "second")
        try first.answer("first")
        #expect(try client.message(1).body.text == "first")
    }

    @Test func `gets a body that comes after its head`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send(
            "HTTP/1.1 200 OK\r\nX-Much: \(String(repeating: "y", count: 500))\r\nContent-Length: 2\r\n\r\n")
        #expect(try !client.next(.headers).endsStream)
        try connection.send("ab")
        let data = try client.next(.data)
        #expect(data.payload.text == "ab" && data.endsStream)
    }

    @Test func `sends and gets bodies larger than all windows, and trailers`() throws {
        let client = try client()
        let size = 3 << 20
        try client.headers(1, FrameWire.request("/open/up", "POST"), end: false)
        let connection = try upstream.accept()
        #expect(try connection.readHead().contains("\r\ntransfer-encoding: chunked\r\n"))
        // Safe: from here on only the thread below uses it.
        nonisolated(unsafe) let upstream = connection
        let upload = Thread {
            var seen = 0
            while let chunk = try? upstream.readChunk(), !chunk.isEmpty { seen += chunk.count }
            _ = try? upstream.read(through: "sum: 1\r\n\r\n")
            try? upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            let piece = String(repeating: "y", count: 1 << 16)
            for _ in 0..<(seen >> 16) { try? upstream.send("10000\r\n\(piece)\r\n") }
            try? upstream.send("0\r\nX-Sum: 2\r\n\r\n")
        }
        upload.start()
        var windows = (connection: 65_535, stream: 65_536)
        var left = size
        while left > 0 {
            let count = min(left, 16_384, windows.connection, windows.stream)
            if count > 0 {
                try client.data(1, [UInt8](repeating: 0x78, count: count))
                (windows.connection, windows.stream, left) = (
                    windows.connection - count, windows.stream - count, left - count
                )
                continue
            }
            let update = try client.next(.windowUpdate)
            let more = update.payload.reduce(0) { $0 << 8 | Int($1) }
            if update.stream == 0 { windows.connection += more } else { windows.stream += more }
        }
        try client.headers(1, [("sum", "1")])
        let answer = try client.message(1)
        #expect(answer.body.count == size)
        #expect(answer.trailers.map(\.0) == ["x-sum"])
    }

    struct Malformed: CustomTestStringConvertible {
        var testDescription: String
        var fields: [(String, String)]

        init(_ name: String, _ fields: [(String, String)]) {
            testDescription = name
            self.fields = fields
        }
    }

    @Test(arguments: [
        Malformed("capitals", FrameWire.request("/open") + [("X", "y")]),
        Malformed("a line end", FrameWire.request("/open") + [("x", "a\r\nb: c")]),
        Malformed("transfer-encoding", FrameWire.request("/open") + [("transfer-encoding", "chunked")]),
        Malformed("a second path", FrameWire.request("/open") + [(":path", "/secret")]),
        Malformed("another host", FrameWire.request("/open") + [("host", "b.test")]),
        Malformed("a request line", FrameWire.request("/open HTTP/1.1\r\nx: y")),
        Malformed("no host", Array(FrameWire.request("/open").dropLast())),
    ])
    func `gets 400 for a malformed request, and is served on`(_ entry: Malformed) throws {
        let client = try client()
        try client.headers(1, entry.fields)
        #expect(try client.message(1).status == 400)
        try client.headers(3, FrameWire.request("/secret"))
        #expect(try client.message(3).status == 401)
        #expect(!upstream.hasVisitor)
    }

    @Test func `cannot send more or less than the length it states`() throws {
        for (stream, body) in [(1, "abc"), (3, "a")] {
            let client = try client()
            try client.headers(
                stream, FrameWire.request("/open", "POST") + [("content-length", "2")], end: false)
            let connection = try upstream.accept()
            _ = try connection.readHead()
            try client.data(stream, Array(body.utf8), end: true)
            #expect(try client.next(.reset).stream == stream)
            _ = try connection.readToEnd()
        }
    }

    @Test func `is not sent an answer whose head fits no frame, and reads those that follow`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open/a"))
        let first = try upstream.accept()
        _ = try first.readHead()
        // '~' is a long one in the code of HPACK.
        try first.answer("large", "X-Large: \(String(repeating: "~", count: 12_000))\r\nConnection: close\r\n")
        let reset = try client.next(.headers, .data, .reset, .goAway)
        #expect(reset.type == .reset && reset.stream == 1)
        try client.headers(3, FrameWire.request("/open/b"))
        let second = try upstream.accept()
        _ = try second.readHead()
        try second.answer("small", "X-Answer: yes\r\n")
        let answer = try client.message(3)
        #expect(answer.status == 200 && answer.body.text == "small" && answer["x-answer"] == "yes")
    }

    @Test func `is told what the upstream broke off`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        #expect(try client.next(.data).payload.text == "half")
        connection.close()
        #expect(try client.next(.reset).errorCode == 2)
    }

    @Test func `takes a request back, and the upstream hears of it`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try client.send(.reset, stream: 1, payload: [0, 0, 0, 8])
        _ = try connection.readToEnd()
        try client.headers(3, FrameWire.request("/secret"))
        #expect(try client.message(3).status == 401)
    }

    @Test func `is refused where its first bytes are not HTTP/2, or not its first`() throws {
        let client = try gateway.client()
        try client.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
        let (bytes, _) = try client.readToEnd()
        #expect(!bytes.text.contains("HTTP/1.1"))
        let late = try gateway.client()
        try late.send("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try late.readAnswer().status == 401)
        try late.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        #expect(try late.readAnswer().status == 505)
    }

    @Test func `is told that the gateway stops, and gets what it has asked for`() throws {
        let client = try client()
        try client.headers(1, FrameWire.request("/open"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        gateway.signal(SIGTERM)
        #expect(try client.next(.goAway).errorCode == FrameWire.ErrorCode.none)
        try connection.answer("last")
        #expect(try client.message(1).body.text == "last")
        #expect(try client.next(.goAway).payload.prefix(4) == [0, 0, 0, 1])
        #expect(try !client.wire.readToEnd().wasReset)
        #expect(try gateway.waitForExit() == 0)
    }
}
