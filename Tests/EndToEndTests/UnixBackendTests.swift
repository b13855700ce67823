import Foundation
import Testing

/// Backends that are Unix sockets, as `host: unix:/path`, with each driver.
@Suite final class `A backend at a Unix socket` {
    private let folder: URL
    private let upstream: Upstream
    private var path: String { folder.appending(path: "a").path }

    #if os(Linux)
        private static let drivers = ["epoll", "nio"]
    #else
        private static let drivers = ["nio"]
    #endif

    init() throws {
        // Short: the path of a socket has little room.
        folder = URL(filePath: "/tmp/tollgate-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        upstream = try Upstream(path: folder.appending(path: "a").path)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// - Parameter route: what stands beside the matches of the route `/unix`; its backend's own `backends`, too.
    private func start(_ driver: String, config: String = "", route: String? = nil) throws -> RunningGateway {
        let route = route ?? "backends: [{host: \"unix:\(path)\"}]"
        return try RunningGateway(
            .init(
                config: config, accessLog: "text",
                routes: """
                    - name: unix
                      matches: [{path: {pathPrefix: /unix}}]
                    \(route.indented(by: 2))
                    """, arguments: ["--driver", driver]),
            upstreamPort: 1)
    }

    private func client(_ gateway: RunningGateway, _ request: String = "GET /unix HTTP/1.1\r\nHost: a.test\r\n\r\n")
        throws -> Wire
    {
        let client = try gateway.client()
        try client.send(request)
        return client
    }

    @Test(arguments: drivers)
    func `is asked as others are, on connections that are kept`(driver: String) throws {
        let gateway = try start(driver)
        let client = try gateway.client()
        var server: Wire?
        for number in 1...3 {
            try client.send("GET /unix/\(number)?q HTTP/1.1\r\nHost: a.test\r\n\r\n")
            let connection = try server ?? upstream.accept()
            server = connection
            let head = try connection.readHead()
            #expect(head.hasPrefix("GET /unix/\(number)?q HTTP/1.1\r\n"))
            #expect(head.contains("\r\nHost: a.test\r\n"))
            try connection.answer("number \(number)")
            #expect(try client.readAnswer().body.text == "number \(number)")
        }
        for line in try gateway.accessLog(lines: 3) {
            #expect(line.contains(" status=200 ") && line.contains(" upstream=unix:\(path) "), "\(line)")
        }
    }

    @Test(arguments: drivers)
    func `takes and gives bodies that are larger than any buffer`(driver: String) throws {
        let count = 8 << 20
        let gateway = try start(driver)
        let client = try client(
            gateway, "POST /unix HTTP/1.1\r\nHost: a.test\r\nContent-Length: \(count)\r\n\r\n")
        let request = SendingThread(client, count: count)
        let server = try upstream.accept()
        _ = try server.readHead()
        try server.skip(count: count)
        try request.join()
        try server.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
        let answer = SendingThread(server, count: count)
        #expect(try client.readAnswerHead().status == 200)
        try client.skip(count: count)
        try answer.join()
    }

    @Test(arguments: drivers)
    func `that nobody listens at is unreachable, until somebody does`(driver: String) throws {
        let other = folder.appending(path: "b").path
        let gateway = try start(driver, route: "backends: [{host: \"unix:\(other)\"}]")
        func expectUnreachable(_ why: Comment) throws {
            let answer = try gateway.get("/unix")
            #expect(answer.status == 502 && answer.refusal == "upstream_unreachable", why)
        }
        try expectUnreachable("nothing stands there")
        do { _ = try Upstream(path: other) }
        try expectUnreachable("a socket that is left behind")
        try FileManager.default.removeItem(atPath: other)
        try "text".write(toFile: other, atomically: true, encoding: .utf8)
        try expectUnreachable("a file")
        try FileManager.default.removeItem(atPath: other)
        let late = try Upstream(path: other)
        let client = try client(gateway)
        let server = try late.accept()
        _ = try server.readHead()
        try server.answer("late")
        #expect(try client.readAnswer().body.text == "late")
        #expect(try gateway.accessLog(lines: 4)[0].contains(" upstream=unix:\(other) "))
    }

    @Test(arguments: drivers)
    func `stands in for another that is gone`(driver: String) throws {
        let gateway = try start(
            driver,
            route: """
                policies: {retry: {codes: [503]}}
                backends: [{host: "unix:\(folder.path)/gone"}, {host: "unix:\(path)"}]
                """)
        for _ in 0..<4 {
            let client = try client(gateway, "GET /unix HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
            let server = try upstream.accept()
            _ = try server.readHead()
            try server.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            #expect(try client.readAnswer().body.text == "ok")
        }
    }

    @Test(arguments: drivers)
    func `whose queue is full is waited for`(driver: String) throws {
        let full = folder.appending(path: "f").path
        let busy = try Upstream(path: full, backlog: 0)
        let crowd = (0..<4).compactMap { _ in Sockets.connect(path: full).map(Wire.init(descriptor:)) }
        let gateway = try start(
            driver, config: "timeouts: {connect: 30s, request: 30s}", route: "backends: [{host: \"unix:\(full)\"}]")
        let client = try client(gateway)
        // It has been tried, and was not let in.
        let begin = ContinuousClock.now
        try eventually("a while") { begin.duration(to: .now) > .milliseconds(200) }
        for _ in crowd { _ = try busy.accept() }
        let server = try busy.accept()
        #expect(try server.readHead().hasPrefix("GET /unix "))
        try server.answer("at last")
        #expect(try client.readAnswer().body.text == "at last")
    }

    @Test(arguments: drivers)
    func `whose queue stays full takes no longer than a connection may`(driver: String) throws {
        let full = folder.appending(path: "f").path
        let busy = try Upstream(path: full, backlog: 0)
        let crowd = (0..<4).compactMap { _ in Sockets.connect(path: full).map(Wire.init(descriptor:)) }
        let gateway = try start(
            driver, config: "timeouts: {connect: 1s, request: 30s}", route: "backends: [{host: \"unix:\(full)\"}]")
        let answer = try gateway.get("/unix")
        #expect(answer.status == 504 && answer.refusal == "upstream_connect_timeout")
        withExtendedLifetime((busy, crowd)) {}
    }

    @Test(arguments: drivers)
    func `is localhost where the backend's name takes the place of the client's`(driver: String) throws {
        let gateway = try start(
            driver,
            route: """
                policies: {urlRewrite: {authority: auto}}
                backends: [{host: "unix:\(path)"}]
                """)
        let client = try client(gateway)
        let server = try upstream.accept()
        #expect(try server.readHead().lowercased().contains("\r\nhost: localhost\r\n"))
        try server.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test(arguments: drivers)
    func `may speak HTTP/2`(driver: String) throws {
        let gateway = try start(
            driver, route: "backends: [{host: \"unix:\(path)\", policies: {http: {version: HTTP/2.0}}}]")
        let client = try client(gateway)
        let server = try FrameWire(serving: upstream.accept())
        let head = try server.next(.headers)
        let fields = Dictionary(try server.fields(of: head)) { "\($0), \($1)" }
        #expect(fields[":authority"] == "a.test" && fields[":path"] == "/unix")
        client.close()
    }

    // MARK: - TLS

    /// Answers every request with the name it was asked for. Arguments: the path, and the name of its certificate.
    private static let secure = """
        import socket, ssl, sys, threading
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(sys.argv[1])
        listener.listen()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2] + ".pem", sys.argv[2] + ".key")
        def named(connection, name, context): connection.asked = name
        context.sni_callback = named
        def serve(plain):
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    while connection.recv(65536):
                        body = str(getattr(connection, "asked", None)).encode()
                        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%s" % (len(body), body))
            except OSError: pass
        print(0, flush=True)
        while True: threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
        """

    @Test(
        .enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl and python3: install them"),
        arguments: drivers)
    func `has TLS by the name that is said`(driver: String) throws {
        let authority = try CertificateAuthority()
        try authority.sign("app.test")
        let secured = folder.appending(path: "t").path
        let server = try HelperProcess("python3", ["-c", Self.secure, secured, "app.test"], in: authority.folder)
        func gateway(_ tls: String) throws -> RunningGateway {
            try start(driver, route: "backends: [{host: \"unix:\(secured)\", policies: {backendTLS: {\(tls)}}}]")
        }
        let root = "root: \(authority.path("ca.pem"))"
        #expect(try gateway("\(root), hostname: app.test").get("/unix").body.text == "app.test")
        #expect(try gateway("\(root), insecureHost: true").get("/unix").body.text == "None")
        let other = try gateway("\(root), hostname: other.test").get("/unix")
        #expect(other.status == 502 && other.refusal == "upstream_untrusted")
        withExtendedLifetime(server) {}
    }

    @Test func `has no TLS without a name`() throws {
        let log = try GatewayProcess.failure(
            of: """
                binds:
                - port: \(Ports.next())
                  listeners:
                  - routes:
                    - backends: [{host: "unix:/run/app.sock", policies: {backendTLS: {}}}]
                """)
        #expect(log.contains("`unix:/run/app.sock` has no name that its certificate could be for"))
        #expect(log.contains("hostname: app.internal"))
    }
}
