import Foundation
import Testing

@Suite(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl and python3: install them"))
struct `A backend with TLS` {
    private let authority: CertificateAuthority

    /// Answers with what it knows of the connection, and with how much it was sent. Arguments: the name of its
    /// certificate, and the file of authorities its clients must be signed by.
    private static let server = """
        import http.server, json, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                count = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                subject = dict(x[0] for x in (self.connection.getpeercert() or {}).get("subject", []))
                answer = {
                    "name": getattr(self.connection, "asked", None), "protocol": self.connection.selected_alpn_protocol(),
                    "client": subject.get("commonName"), "peer": self.client_address[1], "count": count}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body) + count))
                self.end_headers()
                self.wfile.write(body + b" " * count)
            do_GET = do_POST
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + ".pem", sys.argv[1] + ".key")
        context.set_alpn_protocols(["h2", "http/1.1"])
        def named(connection, name, context): connection.asked = name
        context.sni_callback = named
        if sys.argv[2]:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(sys.argv[2])
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    private struct Seen: Decodable {
        var name: String?
        var `protocol`: String?
        var client: String?
        var peer: Int
        var count: Int
    }

    init() throws { authority = try CertificateAuthority() }

    private func serve(_ name: String, clients: String = "") throws -> HelperProcess {
        try authority.sign(name)
        return try HelperProcess("python3", ["-c", Self.server, name, clients], in: authority.folder)
    }

    /// One whose route `/tls` leads there.
    private func start(
        _ host: String, _ port: Int, _ tls: String, config: String = "timeouts: {connect: 1s}"
    ) throws -> RunningGateway {
        try RunningGateway(Self.setup(host, port, tls, config: config), upstreamPort: port)
    }

    private static func setup(
        _ host: String, _ port: Int, _ tls: String, config: String = "", name: String = "tls"
    ) -> RunningGateway.Setup {
        .init(
            config: config,
            routes: """
                - name: \(name)
                  matches: [{path: {pathPrefix: /tls}}]
                  backends: [{host: "\(host):\(port)", policies: {backendTLS: \(tls)}}]
                """)
    }

    private func ask(_ gateway: RunningGateway) throws -> Seen {
        let answer = try gateway.get("/tls")
        #expect(answer.status == 200, "\(answer.refusal ?? "")")
        return try JSONDecoder().decode(Seen.self, from: Data(answer.body))
    }

    private var root: String { "root: \"\(authority.certificate)\"" }

    @Test func `is asked by its name, in HTTP/1.1, and keeps its connection`() throws {
        let server = try serve("localhost")
        let gateway = try start("localhost", server.port, "{\(root)}")
        let first = try ask(gateway)
        #expect(first.name == "localhost")
        #expect(first.protocol == "http/1.1")
        #expect(first.client == nil)
        #expect(try ask(gateway).peer == first.peer)
    }

    @Test func `is asked by the name that is given`() throws {
        let server = try serve("inner.test")
        let gateway = try start("127.0.0.1", server.port, "{\(root), hostname: inner.test}")
        #expect(try ask(gateway).name == "inner.test")
    }

    @Test func `is known by its address, which is never asked for`() throws {
        let server = try serve("127.0.0.1")
        #expect(try ask(start("127.0.0.1", server.port, "{\(root)}")).name == nil)
        let other = try start("127.0.0.1", server.port, "{\(root), hostname: 127.0.0.2}")
        #expect(try other.get("/tls").refusal == "upstream_untrusted")
    }

    @Test func `is asked nothing when it is not who it has to be`() throws {
        let server = try serve("other.test")
        for tls in ["{\(root)}", "{}", "{root: \"\(authority.path("other.test.pem"))\", hostname: inner.test}"] {
            let answer = try start("localhost", server.port, tls).get("/tls")
            #expect(answer.status == 502)
            #expect(answer.refusal == "upstream_untrusted")
        }
    }

    struct Offer: Sendable, CustomTestStringConvertible {
        /// Fields of the `backendTLS`, and of the backend's `http`.
        let tls: String
        var http = ""
        /// What the backend takes.
        var taken = "h2, http/1.1"
        /// What is spoken; nil: they find nothing.
        let version: String?
        var testDescription: String { "[\(tls)] {\(http)} to [\(taken)]" }
    }

    @Test(
        arguments: [
            Offer(tls: "", version: "HTTP/1.1"),
            Offer(tls: ", alpn: [http/1.1]", version: "HTTP/1.1"),
            Offer(tls: ", alpn: [h2]", version: "HTTP/2"),
            Offer(tls: ", alpn: [h2, http/1.1]", version: "HTTP/1.1"),
            Offer(tls: ", alpn: [h2, http/1.1]", http: "version: HTTP/2.0", version: "HTTP/2"),
            Offer(tls: ", alpn: [h2]", http: "version: HTTP/2.0", version: "HTTP/2"),
            Offer(tls: ", alpn: [h2]", taken: "http/1.1", version: nil),
        ])
    func `is spoken to as ALPN may offer`(_ offer: Offer) throws {
        let (certificate, key) = try authority.sign("localhost")
        let upstream = try Upstream()
        // Another gateway is the backend.
        let backend = try RunningGateway(
            .init(
                top: "frontendPolicies: {tls: {alpn: [\(offer.taken)]}}",
                routes: """
                    - matches: [{path: {pathPrefix: /tls}}]
                      policies: {directResponse: {status: 200, bodyExpression: request.version}}
                    """,
                listener: "tls: {cert: \"\(certificate)\", key: \"\(key)\"}"),
            upstreamPort: upstream.port)
        let gateway = try RunningGateway(
            .init(
                routes: """
                    - matches: [{path: {pathPrefix: /tls}}]
                      policies: {backendTLS: {\(root)\(offer.tls)}}
                      backends: [{host: "localhost:\(backend.port)", policies: {http: {\(offer.http)}}}]
                    """),
            upstreamPort: upstream.port)
        let answer = try gateway.get("/tls")
        guard let version = offer.version else {
            #expect(answer.status == 502 && answer.refusal == "upstream_tls_failed")
            return
        }
        #expect(answer.status == 200 && answer.body.text == version, "\(answer.refusal ?? "")")
    }

    @Test func `is not offered what is not spoken`() throws {
        for (tls, words) in [
            ("{insecure: true, alpn: [h3]}", "`alpn[0]` has to be `h2` or `http/1.1`"),
            ("{insecure: true, alpn: []}", "`alpn` is an empty list"),
            ("{insecure: true, alpn: [h2]}, http: {version: HTTP/1.1}", "add `http/1.1` to `alpn`"),
        ] {
            let text = Self.setup("localhost", 1, tls).text(port: 1, controlPort: 2, upstreamPort: 1, keys: "none")
            let failure = try GatewayProcess.failure(of: text)
            #expect(failure.contains(words), "\(failure)")
        }
    }

    @Test func `is taken for it where the configuration says so, with a warning`() throws {
        let server = try serve("other.test")
        let anyName = try start("localhost", server.port, "{\(root), insecureHost: true}")
        #expect(try ask(anyName).name == "localhost")
        #expect(anyName.errors.contains("backend_unverified"))
        let others = try CertificateAuthority()
        let wrong = try start("localhost", server.port, "{root: \"\(others.certificate)\", insecureHost: true}")
        #expect(try wrong.get("/tls").refusal == "upstream_untrusted")
        let anyone = try start("localhost", server.port, "{insecure: true}")
        #expect(try ask(anyone).count == 0)
        #expect(anyone.errors.contains("backend_unverified"))
    }

    @Test func `is shown a certificate`() throws {
        let client = try authority.sign("gateway.test")
        let server = try serve("localhost", clients: "ca.pem")
        let identity = "cert: \"\(client.certificate)\", key: \"\(client.key)\""
        #expect(try ask(start("localhost", server.port, "{\(root), \(identity)}")).client == "gateway.test")
        // TLS 1.3 tells the client after the handshake.
        #expect(try start("localhost", server.port, "{\(root)}").get("/tls").status == 502)
    }

    @Test func `carries bodies larger than any buffer, both ways`() throws {
        let server = try serve("localhost")
        let gateway = try start("localhost", server.port, "{\(root)}")
        let client = try gateway.client()
        let size = 8 << 20
        try client.send("POST /tls HTTP/1.1\r\nHost: a\r\nContent-Length: \(size)\r\n\r\n")
        try client.send([UInt8](repeating: 0x78, count: size))
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.body.count > size)
        #expect(Array(answer.body.prefix(200)).text.contains("\"count\": \(size)"))
    }

    @Test func `that does not speak it, is not there or stays silent is told apart`() throws {
        let plain = try Upstream()
        let gateway = try start("127.0.0.1", plain.port, "{insecure: true}")
        let client = try gateway.client()
        try client.send("GET /tls HTTP/1.1\r\nHost: a\r\n\r\n")
        try plain.accept().answer(status: "400 Bad Request")
        #expect(try client.readAnswer().refusal == "upstream_tls_failed")
        let nobody = try ReservedPort()
        let absent = try start("127.0.0.1", nobody.number, "{insecure: true}")
        #expect(try absent.get("/tls").refusal == "upstream_unreachable")
        let silent = try Upstream()
        let answer = try start("127.0.0.1", silent.port, "{insecure: true}").get("/tls")
        #expect(answer.refusal == "upstream_connect_timeout")
    }

    @Test func `is trusted by the files as they are now, and keeps its connections where these stay`() throws {
        let server = try serve("localhost")
        let trusted = authority.path("trusted.pem")
        try FileManager.default.copyItem(atPath: authority.certificate, toPath: trusted)
        let gateway = try start("localhost", server.port, "{root: \"\(trusted)\"}")
        let first = try ask(gateway)
        try gateway.write(
            configuration: gateway.configuration(
                Self.setup("localhost", server.port, "{root: \"\(trusted)\"}", name: "renamed")))
        try eventually("the reload") { gateway.errors.contains("serving the changed configuration") }
        #expect(try ask(gateway).peer == first.peer)
        let others = try CertificateAuthority()
        try Data(contentsOf: URL(filePath: others.certificate)).write(to: URL(filePath: trusted))
        try eventually("distrust") { try gateway.get("/tls").refusal == "upstream_untrusted" }
        try Data(contentsOf: URL(filePath: authority.certificate)).write(to: URL(filePath: trusted))
        try eventually("trust") { try gateway.get("/tls").status == 200 }
    }

    @Test func `cannot be had with files that are not there or do not fit`() throws {
        let (first, second) = (try authority.sign("a.test"), try authority.sign("b.test"))
        for (tls, words) in [
            ("{root: absent.pem}", "cannot read `absent.pem`"),
            ("{root: \"\(first.key)\"}", "the root file"),
            ("{cert: \"\(first.certificate)\", key: \"\(second.key)\"}", "with this key"),
        ] {
            let text = Self.setup("localhost", 1, tls).text(port: 1, controlPort: 2, upstreamPort: 1, keys: first.key)
            let failure = try GatewayProcess.failure(of: text)
            #expect(failure.contains(words), "\(failure)")
        }
    }
}
