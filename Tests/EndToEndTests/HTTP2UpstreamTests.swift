import Foundation
import Testing

/// Backends that speak HTTP/2, whose part the test plays frame by frame.
@Suite struct `An upstream that speaks HTTP/2` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        let upstream = try Upstream()
        self.upstream = upstream
        gateway = try RunningGateway(
            .init(
                config: "timeouts: {body: 2s, request: 2s}",
                routes: """
                    - matches:
                      - path: {pathPrefix: /two}
                      backends:
                      - host: 127.0.0.1:\(upstream.port)
                        policies: {http: {version: HTTP/2.0}}
                    - matches:
                      - path: {pathPrefix: /again}
                      policies:
                        retry: {attempts: 2, codes: [503], backoff: 20ms, methods: [POST]}
                      backends:
                      - host: 127.0.0.1:\(upstream.port)
                        policies: {http: {version: HTTP/2.0}}
                    - matches:
                      - path: {pathPrefix: /one}
                      backends:
                      - host: 127.0.0.1:\(upstream.port)
                        policies: {http: {version: HTTP/1.1}}
                    """),
            upstreamPort: upstream.port)
    }

    private func server() throws -> FrameWire { try FrameWire(serving: upstream.accept()) }

    /// A client of HTTP/1.1 that has asked for this.
    private func client(_ path: String, _ more: String = "", body: String = "") throws -> Wire {
        let client = try gateway.client()
        let method = body.isEmpty ? "GET" : "POST"
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        try client.send("\(method) \(path) HTTP/1.1\r\nHost: a.test\r\n\(length)\(more)\r\n\(body)")
        return client
    }

    /// The fields of the next request, as names and values.
    private func request(_ server: FrameWire) throws -> (stream: Int, fields: [String: String], isWhole: Bool) {
        let frame = try server.next(.headers)
        let fields = try server.fields(of: frame)
        return (frame.stream, Dictionary(fields) { "\($0), \($1)" }, frame.endsStream)
    }

    @Test func `gets requests as frames, all on one connection`() throws {
        let first = try client("/two/a?b=c", "X-Mixed: Yes\r\nConnection: close\r\n")
        let server = try server()
        let (stream, fields, isWhole) = try request(server)
        #expect(stream == 1 && isWhole)
        #expect(fields[":method"] == "GET" && fields[":scheme"] == "http" && fields[":path"] == "/two/a?b=c")
        #expect(fields[":authority"] == "a.test" && fields["host"] == nil && fields["connection"] == nil)
        #expect(fields["x-mixed"] == "Yes" && fields["x-forwarded-for"] == "127.0.0.1" && fields["te"] == nil)
        let second = try client("/two/b")
        #expect(try request(server).stream == 3)
        // In the other order.
        for (stream, client) in [(3, second), (1, first)] {
            try server.headers(stream, [(":status", "200"), ("x-stream", "\(stream)")], end: false)
            try server.data(stream, Array("hello".utf8), end: true)
            let answer = try client.readAnswer()
            #expect(answer.status == 200 && answer.body.text == "hello")
            #expect(answer.value("x-stream") == "\(stream)")
        }
        #expect(!upstream.hasVisitor)
    }

    @Test func `gets bodies and trailers, and sends them, through a client of either version`() throws {
        let client = try FrameWire(port: gateway.port)
        try client.headers(1, FrameWire.request("/two", "POST"), end: false)
        try client.data(1, Array("up".utf8))
        let server = try server()
        #expect(try !request(server).isWhole)
        #expect(try server.next(.data).payload.text == "up")
        try client.headers(1, [("sum", "1")])
        let trailers = try server.next(.headers)
        #expect(try server.fields(of: trailers).map(\.0) == ["sum"] && trailers.endsStream)
        try server.headers(1, [(":status", "103"), ("link", "</a>")], end: false)
        try server.headers(1, [(":status", "200")], end: false)
        try server.data(1, Array("down".utf8))
        try server.headers(1, [("total", "2")])
        #expect(try client.fields(of: client.next(.headers)).first?.1 == "103")
        let answer = try client.message(1)
        #expect(answer.body.text == "down" && answer.trailers.map(\.0) == ["total"])
    }

    @Test func `gets a body that comes after its head`() throws {
        let client = try gateway.client()
        try client.send("POST /two HTTP/1.1\r\nHost: a.test\r\nX-Mixed: yes\r\nContent-Length: 2\r\n\r\n")
        let server = try server()
        #expect(try !request(server).isWhole)
        try client.send("ab")
        let data = try server.next(.data)
        #expect(data.payload.text == "ab" && data.endsStream)
    }

    @Test func `is not sent a head that fits no frame, and reads those that follow`() throws {
        let first = try client("/two/a", "X-Kept: one\r\n")
        let server = try server()
        #expect(try request(server).fields["x-kept"] == "one")
        let large = try client("/two/b", "X-Large: \(String(repeating: "~", count: 12_000))\r\nX-Other: two\r\n")
        let refusal = try large.readAnswer()
        #expect(refusal.status == 431 && refusal.refusal == "head_too_large")
        let next = try client("/two/c", "X-Kept: one\r\nX-Another: three\r\n")
        let (stream, fields, _) = try request(server)
        #expect(fields[":path"] == "/two/c" && fields["x-kept"] == "one" && fields["x-another"] == "three")
        for (stream, client) in [(1, first), (stream, next)] {
            try server.headers(stream, [(":status", "204")])
            #expect(try client.readAnswerHead().status == 204)
        }
        #expect(!upstream.hasVisitor)
    }

    @Test func `is sent a larger head where it takes larger frames`() throws {
        let first = try client("/two/a")
        let server = try server()
        // SETTINGS_MAX_FRAME_SIZE
        try server.send(.settings, payload: [0, 5, 0, 1, 0, 0])
        try server.headers(try request(server).stream, [(":status", "204")])
        #expect(try first.readAnswerHead().status == 204)
        _ = try client("/two/b", "X-Large: \(String(repeating: "~", count: 12_000))\r\n")
        #expect(try request(server).fields["x-large"]?.utf8.count == 12_000)
    }

    @Test func `may answer without a body`() throws {
        let cases: [(status: String, method: String, length: String?, answered: String?)] = [
            ("204", "GET", nil, nil), ("200", "GET", nil, "0"), ("304", "GET", nil, nil), ("200", "HEAD", "5", "5"),
        ]
        let client = try gateway.client()
        var server: FrameWire?
        for (number, entry) in cases.enumerated() {
            try client.send("\(entry.method) /two HTTP/1.1\r\nHost: a\r\n\r\n")
            let wire = try server ?? self.server()
            server = wire
            _ = try request(wire)
            let length = entry.length.map { [("content-length", $0)] } ?? []
            try wire.headers(2 * number + 1, [(":status", entry.status)] + length)
            let answer = try client.readAnswerHead()
            #expect("\(answer.status)" == entry.status)
            #expect(answer.value("content-length") == entry.answered)
            #expect(answer.value("transfer-encoding") == nil)
        }
    }

    @Test func `is not sent more than it takes, nor asked for more than the client takes`() throws {
        let client = try gateway.client()
        let size = 8 << 20
        try client.send("POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        let server = try server()
        _ = try request(server)
        let before = gateway.residentBytes
        // Its window holds 65,535 bytes, which it does not open.
        var sent = 0
        let piece = [UInt8](repeating: 0x78, count: 1 << 16)
        while sent < size {
            let count = try client.sendNow(piece[...])
            if count == 0 { break }
            sent += count
        }
        #expect(sent < size)
        var seen = 0
        while seen < 65_535 { seen += try server.next(.data).payload.count }
        #expect(seen == 65_535)
        #expect(gateway.residentBytes - before < 8 << 20)
        // It answers all the same, with more than the client reads.
        try server.headers(1, [(":status", "200")], end: false)
        var window = 65_536
        while window > 0 {
            try server.data(1, [UInt8](repeating: 0x79, count: min(window, 16_384)))
            window -= min(window, 16_384)
        }
        #expect(try client.readHead().hasPrefix("HTTP/1.1 200"))
        #expect(gateway.residentBytes - before < 8 << 20)
    }

    @Test func `that refuses a request gets it once more, with its body`() throws {
        let client = try client("/two", body: "payload")
        let server = try server()
        #expect(try request(server).stream == 1)
        #expect(try server.next(.data).payload.text == "payload")
        try server.send(.reset, stream: 1, payload: [0, 0, 0, 7])
        #expect(try request(server).stream == 3)
        #expect(try server.next(.data).payload.text == "payload")
        try server.headers(3, [(":status", "201")])
        #expect(try client.readAnswer().status == 201)
    }

    @Test func `that breaks off a request it has begun gets it once`() throws {
        let client = try client("/two", body: "payload")
        let server = try server()
        _ = try request(server)
        try server.send(.reset, stream: 1, payload: [0, 0, 0, 2])
        let answer = try client.readAnswer()
        #expect(answer.status == 502 && answer.refusal == "upstream_closed")
    }

    @Test func `that fails gets a request again as its route says, through a client of either version`() throws {
        let client = try client("/again", "X-Kept: yes\r\n", body: "payload")
        let server = try server()
        func attempt(_ stream: Int) throws {
            let (number, fields, _) = try request(server)
            #expect(number == stream && fields[":method"] == "POST" && fields["x-kept"] == "yes")
            var body: [UInt8] = []
            while body.count < 7 { body += try server.next(.data).payload }
            #expect(body.text == "payload")
        }
        try attempt(1)
        try server.headers(1, [(":status", "503")])
        try attempt(3)
        try server.send(.reset, stream: 3, payload: [0, 0, 0, 2])
        try attempt(5)
        try server.headers(5, [(":status", "200")])
        #expect(try client.readAnswer().status == 200)
        let other = try FrameWire(port: gateway.port)
        try other.headers(1, FrameWire.request("/again", "POST") + [("x-kept", "yes")], end: false)
        try other.data(1, Array("payload".utf8), end: true)
        for stream in [7, 9, 11] {
            try attempt(stream)
            try server.headers(stream, [(":status", "503")], end: false)
            try server.data(stream, Array("attempt \(stream)".utf8), end: true)
        }
        let answer = try other.message(1)
        #expect(answer.status == 503 && answer.body.text == "attempt 11")
        #expect(try gateway.metric("tollgate_upstream_retries_total") == 4)
    }

    @Test func `that goes away ends what it has taken, and is asked anew for the rest`() throws {
        let taken = try client("/two/taken")
        let old = try server()
        _ = try request(old)
        let left = try client("/two/left")
        #expect(try request(old).stream == 3)
        try old.send(.goAway, payload: [0, 0, 0, 1, 0, 0, 0, 0])
        let new = try server()
        let (stream, fields, _) = try request(new)
        #expect(fields[":path"] == "/two/left")
        try new.headers(stream, [(":status", "200")])
        #expect(try left.readAnswer().status == 200)
        try old.headers(1, [(":status", "200")])
        #expect(try taken.readAnswer().status == 200)
        #expect(try old.next(.goAway).errorCode == FrameWire.ErrorCode.none)
        #expect(try !old.wire.readToEnd().wasReset)
    }

    @Test func `is opened another connection where it takes no more streams`() throws {
        let first = try client("/two/1")
        let one = try server()
        _ = try request(one)
        try one.send(.settings, payload: [0, 3, 0, 0, 0, 1])
        while try !one.next(.settings).isAcknowledgement {}
        while try !one.next(.settings).isAcknowledgement {}
        let second = try client("/two/2")
        let two = try server()
        #expect(try request(two).fields[":path"] == "/two/2")
        for (server, client) in [(one, first), (two, second)] {
            try server.headers(1, [(":status", "200")])
            #expect(try client.readAnswer().status == 200)
        }
    }

    @Test func `hears that the client has gone`() throws {
        let client = try client("/two")
        let server = try server()
        _ = try request(server)
        client.close()
        let frame = try server.next(.reset)
        #expect(frame.stream == 1 && frame.errorCode == 8)
    }

    struct Malformed: CustomTestStringConvertible {
        var testDescription: String
        var fields: [(String, String)]
    }

    @Test(arguments: [
        Malformed(testDescription: "no status", fields: [("x", "y")]),
        Malformed(testDescription: "101", fields: [(":status", "101")]),
        Malformed(testDescription: "a line end", fields: [(":status", "200"), ("x", "a\r\nb: c")]),
        Malformed(
            testDescription: "transfer-encoding", fields: [(":status", "200"), ("transfer-encoding", "chunked")]),
        Malformed(testDescription: "capitals", fields: [(":status", "200"), ("X", "y")]),
        Malformed(testDescription: "a late status", fields: [("x", "y"), (":status", "200")]),
    ])
    func `may not send a malformed head`(_ entry: Malformed) throws {
        let client = try client("/two")
        let server = try server()
        _ = try request(server)
        try server.headers(1, entry.fields)
        let answer = try client.readAnswer()
        #expect(answer.status == 502 && answer.refusal == "upstream_malformed")
    }

    @Test func `that speaks HTTP/1.1 after all is told so by 502`() throws {
        let client = try client("/two")
        let connection = try upstream.accept()
        _ = try connection.read(through: "SM\r\n\r\n")
        try connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        #expect(try client.readAnswer().status == 502)
    }

    @Test func `is asked for WebSockets, and where it says so for everything, by HTTP/1.1`() throws {
        let socket = try client("/two", "Connection: Upgrade\r\nUpgrade: websocket\r\n")
        #expect(try upstream.accept().readHead().contains("upgrade: websocket\r\n"))
        socket.close()
        _ = try client("/one", "Content-Type: application/grpc\r\n", body: "call")
        #expect(try upstream.accept().readHead().hasPrefix("POST /one HTTP/1.1\r\n"))
    }
}
