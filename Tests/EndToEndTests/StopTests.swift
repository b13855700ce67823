import Foundation
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct `Told to stop` {
    private let upstream: Upstream

    init() throws { upstream = try Upstream() }

    private func start(_ config: String = "") throws -> RunningGateway {
        try RunningGateway(.init(config: config), upstreamPort: upstream.port)
    }

    private func request(_ gateway: RunningGateway) throws -> (client: Wire, upstream: Wire) {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        return (client, connection)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func `answers what is in service, closes what is idle and ends with 0`(_ signal: Int32) throws {
        let gateway = try start()
        #expect(try gateway.control("/healthz/ready").status == 200)
        let (client, connection) = try request(gateway)
        let idle = gateway.firstConnection
        gateway.signal(signal)
        #expect(try idle.isClosedWithoutAWord())
        #expect((try? gateway.client()) == nil, "a new connection was taken")
        #expect(try gateway.control("/healthz/ready").status == 503)
        #expect(try gateway.control("/healthz/live").status == 200)
        #expect(gateway.exitStatus() == nil)
        try connection.answer("last")
        let answer = try client.readAnswer()
        #expect(answer.body.text == "last")
        #expect(answer.value("connection") == "close")
        #expect(try client.isClosedWithoutAWord())
        #expect(try gateway.waitForExit() == 0)
        #expect(gateway.errors.contains("stopped"))
    }

    @Test func `ends at once where nothing is in service`() throws {
        let gateway = try start()
        gateway.signal(SIGTERM)
        #expect(try gateway.waitForExit() == 0)
    }

    @Test func `takes a body to its end`() throws {
        let gateway = try start()
        let client = try gateway.client()
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        gateway.signal(SIGTERM)
        #expect(try gateway.firstConnection.isClosedWithoutAWord())
        try client.send("there")
        #expect(try connection.read(count: 10).text == "hellothere")
        try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nfin\r\n0\r\n\r\n")
        #expect(try client.readAnswer().body.text == "fin")
        #expect(try gateway.waitForExit() == 0)
    }

    @Test func `waits no longer than it is allowed to`() throws {
        let gateway = try start("timeouts: {drain: 1s}")
        let (client, connection) = try request(gateway)
        gateway.signal(SIGTERM)
        #expect(try gateway.waitForExit() == 0)
        #expect(try client.isClosedWithoutAWord())
        #expect(try connection.readToEnd().bytes.isEmpty)
        #expect(gateway.errors.contains("1 connections were still open"), "\(gateway.errors)")
    }

    @Test func `a second time waits for nobody`() throws {
        let gateway = try start("timeouts: {drain: 60s}")
        let (client, connection) = try request(gateway)
        gateway.signal(SIGINT)
        #expect(try gateway.firstConnection.isClosedWithoutAWord())
        gateway.signal(SIGINT)
        #expect(try gateway.waitForExit() == 0)
        #expect(try client.isClosedWithoutAWord())
        #expect(try connection.readToEnd().bytes.isEmpty)
        #expect(gateway.errors.contains("again: not waiting"), "\(gateway.errors)")
    }

    @Test func `serves no changed configuration any more`() throws {
        let gateway = try start()
        let (client, connection) = try request(gateway)
        gateway.signal(SIGTERM)
        #expect(try gateway.firstConnection.isClosedWithoutAWord())
        let port = Ports.next()
        let text = gateway.configuration(.init(), port: port)
        try gateway.write(configuration: text)
        gateway.signal(SIGHUP)
        try eventually("the outcome of the reload") { gateway.errors.contains("the changed configuration") }
        #expect((try? Wire(port: port)) == nil, "a new address was opened")
        #expect((try? gateway.client()) == nil, "the old address was opened again")
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
        #expect(try gateway.waitForExit() == 0)
    }

    @Test func `sends the rest of answers that wait for their readers`() throws {
        let gateway = try start()
        let readers = try (1...6).map { try slowReader(gateway, number: $0) }
        gateway.signal(SIGTERM)
        #expect(try gateway.firstConnection.isClosedWithoutAWord())
        for reader in readers {
            try reader.client.skip(count: reader.left)
            #expect(try reader.client.isClosedWithoutAWord())
        }
        #expect(try gateway.waitForExit() == 0)
    }

    /// A client that has so many bytes of its answer yet to read, when all of it has come from the upstream. How
    /// many of them the gateway itself still holds is the system's choice.
    private func slowReader(_ gateway: RunningGateway, number: Int) throws -> (client: Wire, left: Int) {
        let size = 6 << 20
        let client = try gateway.client(receiveBuffer: 4096)
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(size)\r\n\r\n")
        let sender = SendingThread(connection, count: size)
        _ = try client.readHead()
        var left = size
        // It is counted once the upstream's part is done.
        while left > 0, try gateway.metric("tollgate_responses_total{status=\"200\"}") != Double(number) {
            let count = min(left, 32 << 10)
            try client.skip(count: count)
            left -= count
        }
        try sender.join()
        return (client, left)
    }

    @Test(arguments: [false, true])
    func `ends although nobody reads its log`(_ isForErrorsToo: Bool) throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { for end in ends { Sockets.close(end) } }
        let gateway = try RunningGateway(
            .init(accessLog: "text"), upstreamPort: upstream.port, output: ends[1],
            errors: isForErrorsToo ? ends[1] : nil)
        // Ten times what a pipe takes, in many pieces.
        let client = try gateway.client()
        let path = "/" + String(repeating: "x", count: 8000)
        for _ in 0..<400 {
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readAnswer().status == 401)
        }
        gateway.signal(SIGTERM)
        #expect(try gateway.waitForExit(within: 10) == 0)
    }
}
