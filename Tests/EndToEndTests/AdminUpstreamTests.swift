import Foundation
import Testing

/// How requests find a server of an upstream that was written by the Admin API.
@Suite struct `An upstream of the Admin API` {
    private let gateway: AdminGateway
    private let servers: [EchoUpstream]

    init() throws {
        gateway = try AdminGateway()
        servers = try ["[first]", "[second]", "[third]"].map { try EchoUpstream($0) }
    }

    /// Writes a route `/hello` to an upstream of these members.
    private func route(_ members: String, _ more: String = "") throws {
        let answer = try gateway.admin(
            "PUT", "/routes/1", #"{"uri":"/hello*","upstream":{\#(members)}\#(more)}"#)
        #expect(answer.status < 300, "\(answer.body.text)")
    }

    private var nodes: String {
        "\"nodes\":{" + servers.map { "\"127.0.0.1:\($0.port)\":1" }.joined(separator: ",") + "}"
    }

    /// Which server answered.
    private func server(_ lines: String = "", path: String = "/hello") throws -> String {
        let answer = try gateway.get(path, lines)
        #expect(answer.status == 200, "\(answer.body.text)")
        return String(answer.body.text.prefix { $0 != "]" })
    }

    @Test(arguments: [("scheme", "kafka"), ("type", "fastest")])
    func `gets no requests where it is for streams, or balanced in a way that nobody knows`(
        _ field: String, _ value: String
    ) throws {
        try route(#""\#(field)":"\#(value)",\#(nodes)"#)
        #expect(try gateway.get("/hello").status == 503)
        #expect(servers.allSatisfy { $0.heads.isEmpty })
        #expect(gateway.log.contains("the upstream's `\(field)` `\(value)` is not offered for requests"))
    }

    @Test func `gives requests with the same header to the same server`() throws {
        try route(#""type":"chash","hash_on":"header","key":"X-User",\#(nodes)"#)
        var seen: Set<String> = []
        for user in 0..<64 {
            let first = try server("X-User: \(user)\r\n")
            #expect(try server("X-User: \(user)\r\n") == first)
            seen.insert(first)
        }
        #expect(seen.count == 3)
        // A request without it is told by its address.
        #expect(Set(try (0..<4).map { _ in try server() }).count == 1)
    }

    @Test func `gives requests of the same cookie, parameter and consumer to the same server`() throws {
        try route(#""type":"chash","hash_on":"cookie","key":"sid",\#(nodes)"#)
        #expect(Set(try (0..<4).map { try server("Cookie: a=\($0); sid=7\r\n") }).count == 1)
        try route(#""type":"chash","key":"arg_device",\#(nodes)"#)
        #expect(Set(try (0..<4).map { try server(path: "/hello?n=\($0)&device=7") }).count == 1)
        #expect(Set(try (0..<64).map { try server(path: "/hello?device=\($0)") }).count == 3)
        _ = try gateway.admin("PUT", "/consumers/jack", #"{"username":"jack","plugins":{"key-auth":{"key":"k"}}}"#)
        try route(#""type":"chash","hash_on":"consumer",\#(nodes)"#, #","plugins":{"key-auth":{}}"#)
        #expect(Set(try (0..<4).map { _ in try server("apikey: k\r\n") }).count == 1)
    }

    @Test func `has its other servers asked where one is dead`() throws {
        let dead = try ReservedPort()
        let live = servers[0].port
        for type in ["roundrobin", "least_conn", #"chash","key":"uri"#] {
            try route(#""type":"\#(type)","nodes":{"127.0.0.1:\#(dead.number)":1,"127.0.0.1:\#(live)":1}"#)
            for _ in 0..<8 { #expect(try server() == "[first") }
        }
        try route(#""retries":0,"nodes":{"127.0.0.1:\#(dead.number)":1,"127.0.0.1:\#(live)":0}"#)
        let answer = try gateway.get("/hello")
        #expect(answer.status == 502)
        #expect(answer.body.text == "{\"error_msg\":\"502 Bad Gateway\"}\n")
    }

    @Test func `has those asked that were added to it, for routes that name it`() throws {
        let dead = try ReservedPort()
        func write(_ nodes: [Int]) throws {
            let nodes = nodes.map { #""127.0.0.1:\#($0)":1"# }.joined(separator: ",")
            let answer = try gateway.admin("PUT", "/upstreams/u", #"{"nodes":{\#(nodes)}}"#)
            #expect(answer.status < 300, "\(answer.body.text)")
        }
        try write([dead.number])
        let answer = try gateway.admin("PUT", "/routes/1", #"{"uri":"/hello*","upstream_id":"u"}"#)
        #expect(answer.status < 300, "\(answer.body.text)")
        #expect(try gateway.get("/hello").status == 502)
        try write([dead.number, servers[0].port])
        for _ in 0..<8 { #expect(try server() == "[first") }
        try write([dead.number])
        #expect(try gateway.get("/hello").status == 502)
    }

    @Test func `asks servers of lower priority when those above are dead, each once`() throws {
        let dead = try (0..<3).map { _ in try ReservedPort() }
        let above = dead.map { #"{"host":"127.0.0.1","port":\#($0.number),"weight":1},"# }.joined()
        try route(#""nodes":[\#(above){"host":"127.0.0.1","port":\#(servers[0].port),"weight":1,"priority":-1}]"#)
        for _ in 0..<8 { #expect(try server() == "[first") }
    }

    @Test func `is waited for as long as it says, or its route`() throws {
        let silent = try Upstream()
        let node = #""nodes":{"127.0.0.1:\#(silent.port)":1}"#
        try route(#""timeout":{"connect":1,"send":1,"read":0.2},\#(node)"#)
        let answer = try gateway.get("/hello")
        #expect(answer.status == 504)
        #expect(answer.body.text == "{\"error_msg\":\"504 Gateway Time-out\"}\n")
        try route(
            #""timeout":{"connect":60,"send":60,"read":60},\#(node)"#,
            #","timeout":{"connect":1,"send":1,"read":0.2}"#)
        #expect(try gateway.get("/hello").status == 504)
    }
}

@Suite(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl and python3: install them"))
struct `An upstream of the Admin API with TLS` {
    private static let server = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_GET(self):
                body = ("%s for %s" % (getattr(self.connection, "asked", None), self.headers["Host"])).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1] + ".pem", sys.argv[1] + ".key")
        def named(connection, name, context): connection.asked = name
        context.sni_callback = named
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test func `is taken for what it is called, unless its certificate is to be verified`() throws {
        let authority = try CertificateAuthority()
        try authority.sign("api.test")
        let server = try HelperProcess("python3", ["-c", Self.server, "api.test"], in: authority.folder)
        let gateway = try AdminGateway()
        func ask(_ more: String) throws -> Answer {
            let body =
                #"{"uri":"/hello","upstream":{"scheme":"https","nodes":{"127.0.0.1:\#(server.port)":1}\#(more)}}"#
            let written = try gateway.admin("PUT", "/routes/1", body)
            #expect(written.status < 300, "\(written.body.text)")
            return try gateway.get("/hello")
        }
        let renamed = try ask(#","pass_host":"rewrite","upstream_host":"api.test""#)
        #expect(renamed.body.text == "api.test for api.test")
        #expect(gateway.log.contains("upstream_unverified"))
        #expect(try ask("").status == 200)
        let verified = try ask(#","tls":{"verify":true}"#)
        #expect(verified.status == 502)
        #expect(verified.refusal == "upstream_untrusted")
    }
}
