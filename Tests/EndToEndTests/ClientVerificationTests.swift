import Foundation
import Testing

/// Connections of clients whose certificates were verified, when what verifies them changes.
@Suite(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl and python3: install them"))
struct `A connection that was verified` {
    private let authority: CertificateAuthority
    private let client: (certificate: String, key: String)
    private let upstream: Upstream

    init() throws {
        authority = try CertificateAuthority()
        client = try authority.sign("client")
        upstream = try Upstream()
    }

    #if os(Linux)
        private static let drivers = ["epoll", "nio"]
    #else
        private static let drivers = ["nio"]
    #endif

    /// Has TLS on behalf of a client in plain text. Arguments: the port, the authority, the certificate and its key,
    /// and the protocol that is offered.
    private static let relay = """
        import select, socket, ssl, sys, threading
        port, authority, certificate, key, protocol = sys.argv[1:]
        context = ssl.create_default_context(cafile=authority)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols([protocol])
        def serve(plain):
            with plain:
                try:
                    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname="localhost") as secured:
                        while True:
                            ready = [secured] if secured.pending() else select.select([plain, secured], [], [])[0]
                            for source in ready:
                                data = source.recv(65536)
                                if not data: return
                                (plain if source is secured else secured).sendall(data)
                except OSError: pass
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True: threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
        """

    private func relay(to gateway: RunningGateway, _ protocolName: String) throws -> HelperProcess {
        try HelperProcess(
            "python3",
            [
                "-c", Self.relay, "\(gateway.port)", authority.certificate, client.certificate, client.key,
                protocolName,
            ], in: authority.folder)
    }

    private func setup(driver: String, _ more: String, config: String = "") throws -> RunningGateway.Setup {
        let (certificate, key) = try authority.sign("localhost")
        return .init(
            config: config, listener: "tls: {cert: \"\(certificate)\", key: \"\(key)\"\(more)}",
            arguments: ["--driver", driver])
    }

    /// A gateway whose clients are verified by a file that begins with the authority's certificate.
    private func start(driver: String) throws -> RunningGateway {
        let trusted = authority.path("trusted.pem")
        try FileManager.default.copyItem(atPath: authority.certificate, toPath: trusted)
        return try RunningGateway(
            setup(driver: driver, ", root: \"\(trusted)\""), upstreamPort: upstream.port)
    }

    private func trustOthers(_ gateway: RunningGateway) throws {
        let others = try CertificateAuthority()
        try Data(contentsOf: URL(filePath: others.certificate))
            .write(to: URL(filePath: authority.path("trusted.pem")), options: .atomic)
        try awaitReload(gateway)
    }

    private func awaitReload(_ gateway: RunningGateway, count: Int = 1) throws {
        try eventually("the reload", within: 45) {
            gateway.errors.components(separatedBy: "serving the changed configuration").count > count
        }
    }

    private func answer(_ client: Wire, _ text: String) throws -> Wire {
        try client.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try connection.answer(text)
        #expect(try client.readAnswer().body.text == text)
        return connection
    }

    @Test(arguments: drivers)
    func `closes while it is idle, and is not had again`(driver: String) throws {
        let gateway = try start(driver: driver)
        let relay = try relay(to: gateway, "http/1.1")
        let idle = try Wire(port: relay.port)
        let connection = try answer(idle, "verified")
        try trustOthers(gateway)
        #expect(try idle.isClosedWithoutAWord())
        let other = try Wire(port: relay.port)
        try other.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try other.isClosedWithoutAWord())
        withExtendedLifetime(connection) {}
    }

    @Test(arguments: drivers)
    func `ends with the request that it serves`(driver: String) throws {
        let gateway = try start(driver: driver)
        let relay = try relay(to: gateway, "http/1.1")
        let busy = try Wire(port: relay.port)
        try busy.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try trustOthers(gateway)
        try connection.answer("last")
        let answer = try busy.readAnswer()
        #expect(answer.body.text == "last" && answer.value("connection") == "close")
        #expect(try busy.isClosedWithoutAWord())
    }

    @Test(arguments: drivers)
    func `takes no further stream of HTTP/2`(driver: String) throws {
        let gateway = try start(driver: driver)
        let relay = try relay(to: gateway, "h2")
        let idle = try FrameWire(port: relay.port)
        _ = try idle.next(.settings)
        let busy = try FrameWire(port: relay.port)
        try busy.headers(1, FrameWire.request("/open"))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        try trustOthers(gateway)
        for (client, last) in [(idle, 0), (busy, 1)] {
            let frame = try client.next(.goAway)
            #expect(frame.errorCode == FrameWire.ErrorCode.none && frame.payload.prefix(4).number == last)
        }
        #expect(try idle.wire.isClosedWithoutAWord())
        // The one that is begun after all is nobody's: whoever asked may ask elsewhere (RFC 9113 §6.8).
        try busy.headers(3, FrameWire.request("/open"))
        try connection.answer("last")
        #expect(try busy.message(1).body.text == "last")
        _ = try busy.wire.readToEnd()
        #expect(!upstream.hasVisitor)
    }

    @Test(arguments: drivers)
    func `that showed nothing ends where something is asked for, and stays where nothing has changed`(
        driver: String
    ) throws {
        let gateway = try RunningGateway(setup(driver: driver, ""), upstreamPort: upstream.port)
        let relay = try relay(to: gateway, "http/1.1")
        let idle = try Wire(port: relay.port)
        let connection = try answer(idle, "first")
        // Other versions of TLS are for other connections.
        try gateway.write(
            configuration: gateway.configuration(setup(driver: driver, ", minTLSVersion: TLS_V1_3")))
        try awaitReload(gateway)
        try idle.send("GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n")
        _ = try connection.readHead()
        try connection.answer("second")
        #expect(try idle.readAnswer().body.text == "second")
        try gateway.write(
            configuration: gateway.configuration(setup(driver: driver, ", root: \"\(authority.certificate)\"")))
        try awaitReload(gateway, count: 2)
        #expect(try idle.isClosedWithoutAWord())
    }
}
