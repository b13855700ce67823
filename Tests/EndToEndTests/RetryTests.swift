import Testing

@Suite struct `A request that is sent again` {
    private let upstream: Upstream
    private let other: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        other = try Upstream()
        let routes = """
            - name: now
              matches: [{path: {pathPrefix: /now}}]
              policies:
                retry: {attempts: 2, codes: [503], methods: [POST]}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - name: later
              matches: [{path: {pathPrefix: /later}}]
              policies:
                retry: {attempts: 1, codes: [503], backoff: 300ms}
                timeout: {requestTimeout: 2s}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - name: much-later
              matches: [{path: {pathPrefix: /much-later}}]
              policies:
                retry: {codes: [503], backoff: 60s}
                timeout: {requestTimeout: 200ms}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - name: elsewhere
              matches: [{path: {pathPrefix: /elsewhere}}]
              policies:
                retry: {codes: [503]}
              backends: [{host: "127.0.0.1:\(upstream.port)"}, {host: "127.0.0.1:\(other.port)"}]
            - name: dead
              matches: [{path: {pathPrefix: /dead}}]
              policies:
                retry: {codes: [503]}
              backends: [{host: "127.0.0.1:1"}, {host: "127.0.0.1:\(other.port)"}]
            - name: slow
              matches: [{path: {pathPrefix: /slow}}]
              policies:
                retry: {codes: [503]}
                timeout: {requestTimeout: 20s, backendRequestTimeout: 100ms}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        gateway = try RunningGateway(.init(accessLog: "text", routes: routes), upstreamPort: upstream.port)
    }

    /// Answers the next request with this status.
    @discardableResult
    private func serve(_ status: String, _ body: String = "", _ connection: Wire? = nil) throws -> (Wire, String) {
        let connection = try connection ?? upstream.accept()
        let head = try connection.readHead()
        try connection.answer(body, status: status)
        return (connection, head)
    }

    private func client(_ request: String) throws -> Wire {
        let client = try gateway.client()
        try client.send(request)
        return client
    }

    private static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\nX-Kept: yes\r\n\r\n" }

    private var retries: Double? { get throws { try gateway.metric("tollgate_upstream_retries_total") } }

    // MARK: - What is sent again

    @Test func `gets the answer of the attempt that did not fail`() throws {
        let client = try client(Self.get("/now"))
        let (_, first) = try serve("503 Service Unavailable", "busy")
        let (_, second) = try serve("200 OK", "done")
        #expect(first == second)
        #expect(second.contains("X-Kept: yes\r\n"))
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.body.text == "done")
        #expect(try retries == 1)
        #expect(try gateway.accessLog(lines: 1).count == 1)
    }

    @Test func `gets the last answer as it is where all failed`() throws {
        let client = try client(Self.get("/now"))
        for number in 1...3 { try serve("503 Service Unavailable", "attempt \(number)") }
        let answer = try client.readAnswer()
        #expect(answer.status == 503)
        #expect(answer.body.text == "attempt 3")
        #expect(answer.refusal == nil)
        #expect(!upstream.hasVisitor)
    }

    @Test func `is one whose status says so`() throws {
        let client = try client(Self.get("/now"))
        try serve("500 Internal Server Error")
        #expect(try client.readAnswer().status == 500)
        #expect(try retries == 0)
    }

    @Test func `is one whose upstream died`() throws {
        let client = try client(Self.get("/now"))
        let dead = try upstream.accept()
        _ = try dead.readHead()
        dead.close()
        try serve("200 OK")
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `is not one whose answer has begun`() throws {
        let client = try client(Self.get("/now"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        connection.close()
        _ = try client.readHead()
        #expect(try client.readToEnd().bytes.text == "half")
        #expect(!upstream.hasVisitor)
    }

    @Test func `is not PATCH, which may be carried out twice, but may be POST where the route says so`() throws {
        let patch = try client("PATCH /now HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        try serve("503 Service Unavailable")
        #expect(try patch.readAnswer().status == 503)
        let post = try client("POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
        try serve("503 Service Unavailable")
        try serve("200 OK")
        #expect(try post.readAnswer().status == 200)
    }

    // MARK: - Bodies

    @Test(arguments: [
        "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n",
    ])
    func `takes a small body with it`(_ rest: String) throws {
        let client = try client("POST /now HTTP/1.1\r\nHost: a\r\n\(rest)")
        for status in ["503 Service Unavailable", "200 OK"] {
            let connection = try upstream.accept()
            _ = try connection.readHead()
            let body = String(rest.split(separator: "\r\n\r\n", maxSplits: 1)[1])
            #expect(try connection.read(count: body.utf8.count).text == body)
            try connection.answer("", status: status)
        }
        #expect(try client.readAnswer().status == 200)
        // The connection goes on.
        try client.send(Self.get("/open"))
        try serve("200 OK", "next")
        #expect(try client.readAnswer().body.text == "next")
    }

    @Test func `is not one whose body has not all come, or is large`() throws {
        let half = try client("POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        try serve("503 Service Unavailable")
        #expect(try half.readAnswer().status == 503)
        let body = String(repeating: "x", count: 70_000)
        let large = try client("POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.skip(count: body.utf8.count)
        try connection.answer("", status: "503 Service Unavailable")
        #expect(try large.readAnswer().status == 503)
        #expect(try retries == 0)
    }

    // MARK: - Where to

    @Test func `goes to another server of its backends`() throws {
        // Which of the two is asked first is not said.
        let client = try client(Self.get("/elsewhere"))
        try eventually("a request") { upstream.hasVisitor || other.hasVisitor }
        let (first, second) = upstream.hasVisitor ? (upstream, other) : (other, upstream)
        try serve("503 Service Unavailable", "", first.accept())
        try serve("200 OK", "", second.accept())
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `finds the server that can be reached`() throws {
        let client = try gateway.client()
        var connection: Wire?
        for _ in 0..<4 {
            try client.send("POST /dead HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
            let served = try connection ?? other.accept()
            _ = try served.readHead()
            #expect(try served.read(count: 2).text == "ab")
            try served.answer()
            #expect(try client.readAnswer().status == 200)
            connection = served
        }
    }

    // MARK: - Time

    @Test func `waits between attempts, and others are served meanwhile`() throws {
        let start = ContinuousClock.now
        let client = try client(Self.get("/later"))
        try serve("503 Service Unavailable")
        let meanwhile = try self.client(Self.get("/open"))
        let (connection, _) = try serve("200 OK", "meanwhile")
        #expect(try meanwhile.readAnswer().body.text == "meanwhile")
        // The next attempt takes the connection that has become idle.
        try serve("200 OK", "at last", connection)
        #expect(try client.readAnswer().body.text == "at last")
        #expect(ContinuousClock.now - start >= .milliseconds(300))
        #expect(!upstream.hasVisitor)
    }

    @Test func `is forgotten when its client leaves`() throws {
        let client = try client(Self.get("/later"))
        try serve("503 Service Unavailable")
        client.abort()
        try eventually("the end of the client's connection") {
            try gateway.metric("tollgate_connections_open") == 1
        }
        // Another request passes the time in which the attempt would have come.
        let other = try self.client(Self.get("/later"))
        try serve("503 Service Unavailable")
        try serve("200 OK", "mine")
        #expect(try other.readAnswer().body.text == "mine")
        #expect(!upstream.hasVisitor)
    }

    @Test func `is ended by the route's time while it waits`() throws {
        let client = try client(Self.get("/much-later"))
        try serve("503 Service Unavailable")
        let answer = try client.readAnswer()
        #expect(answer.status == 504)
        #expect(answer.refusal == "upstream_timeout")
        #expect(try client.isClosedWithoutAWord())
    }

    @Test func `is one whose upstream does not answer in its time`() throws {
        let client = try client(Self.get("/slow"))
        let stalled = try upstream.accept()
        _ = try stalled.readHead()
        try serve("200 OK", "quick")
        #expect(try client.readAnswer().body.text == "quick")
        #expect(try stalled.isClosedWithoutAWord())
    }

    @Test func `leaves the pool as it should be`() throws {
        let client = try client(Self.get("/now"))
        let (failed, _) = try serve("503 Service Unavailable")
        let (served, _) = try serve("200 OK")
        #expect(try client.readAnswer().status == 200)
        // The one that answered serves on; the other one is gone.
        #expect(try failed.isClosedWithoutAWord())
        try client.send(Self.get("/now"))
        try serve("200 OK", "again", served)
        #expect(try client.readAnswer().body.text == "again")
    }
}
