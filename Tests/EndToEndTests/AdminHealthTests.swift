import Foundation
import Testing

/// Servers that are taken out of service and back, by `checks` of the Admin API.
@Suite struct `Health checks of the Admin API` {
    private let gateway: AdminGateway
    private let servers: [SwitchedServer]

    init() throws {
        gateway = try AdminGateway()
        servers = try (0..<2).map { _ in try SwitchedServer() }
    }

    private static let often = #""healthy":{"interval":1,"successes":1},"unhealthy":{"interval":1,"http_failures":1}"#
    /// Asks once, and then no more while a test runs.
    private static let seldom = #""http_path":"/status","healthy":{"interval":3600},"unhealthy":{"interval":3600}"#

    /// Writes a route `/a` to both servers.
    private func route(
        _ checks: String, _ more: String = "", id: Int = 1, path: String = "/a", ports: [Int]? = nil
    ) throws {
        let nodes = (ports ?? servers.map(\.port)).map { "\"127.0.0.1:\($0)\":1" }.joined(separator: ",")
        let answer = try gateway.admin(
            "PUT", "/routes/\(id)",
            #"{"uri":"\#(path)","upstream":{"nodes":{\#(nodes)},"checks":{\#(checks)}\#(more)}}"#)
        #expect(answer.status < 300, "\(answer.body.text)")
    }

    /// How many of so many requests came to each server.
    private func shares(_ count: Int = 8, status: Int = 200, path: String = "/a") throws -> [Int] {
        let before = servers.map { $0.heads(path).count }
        for _ in 0..<count { #expect(try gateway.get(path).status == status) }
        return zip(servers, before).map { $0.heads(path).count - $1 }
    }

    private func out(_ port: Int, _ route: Int = 1) -> String {
        "127.0.0.1:\(port) of /apisix/routes/\(route) is out of service"
    }
    private func back(_ port: Int) -> String { "127.0.0.1:\(port) of /apisix/routes/1 is in service again" }

    private func awaitLog(_ text: String) throws {
        try eventually("the log says `\(text)`", within: 60) { gateway.log.contains(text) }
    }

    @Test func `take a server out whose probes are refused, and back`() throws {
        let headers = #""req_headers":["User-Agent: probe","X-Way: active"]"#
        try route(#""active":{"http_path":"/status?x=1","host":"probed.test",\#(headers),\#(Self.often)}"#)
        #expect(try shares() == [4, 4])
        servers[0].answer("500 Internal Server Error", path: "/status?x=1")
        try awaitLog(out(servers[0].port))
        #expect(try shares() == [0, 8])
        servers[0].answer("200 OK", path: "/status?x=1")
        try awaitLog(back(servers[0].port))
        #expect(try shares() == [4, 4])
        let head = try #require(servers[1].heads("/status?x=1").first)
        #expect(
            head == "GET /status?x=1 HTTP/1.1\r\nhost: probed.test\r\nUser-Agent: probe\r\nX-Way: active\r\n"
                + "connection: close\r\n\r\n")
    }

    @Test func `take a server out that no probe connects to`() throws {
        let dead = try ReservedPort()
        let ports = [dead.number, servers[1].port]
        try route(#""active":{"type":"tcp","unhealthy":{"tcp_failures":2}}"#, #","retries":0"#, ports: ports)
        try awaitLog(out(dead.number))
        #expect(try shares() == [0, 8])
        #expect(gateway.log.contains("2 probes found no connection"))
    }

    @Test func `take a server out that answers no probe in time`() throws {
        servers[0].answer(nil, path: "/")
        try route(#""active":{"timeout":0.2,"unhealthy":{"timeouts":1}}"#)
        try awaitLog(out(servers[0].port))
        #expect(try shares() == [0, 8])
    }

    @Test func `ask at another port, by another method`() throws {
        let sentinel = try SwitchedServer()
        sentinel.answer("503 Service Unavailable")
        try route(
            #""active":{"port":\#(sentinel.port),"http_method":"POST","http_req_body":"ping",\#(Self.often)}"#)
        try awaitLog(out(servers[0].port))
        try awaitLog(out(servers[1].port))
        // None is left, so all are asked.
        #expect(try shares() == [4, 4])
        #expect(
            sentinel.heads("/").allSatisfy {
                $0.hasPrefix("POST / HTTP/1.1\r\n") && $0.contains("content-length: 4\r\n")
            })
        #expect(servers.allSatisfy { $0.heads("/").isEmpty })
    }

    @Test(arguments: ["roundrobin", #"chash","key":"arg_x"#, "least_conn", "ewma"])
    func `take a server out by its answers to requests`(_ type: String) throws {
        try route(
            #""active":{\#(Self.seldom)},"passive":{"unhealthy":{"http_statuses":[500],"http_failures":1}}"#,
            #","type":"\#(type)""#)
        servers[0].answer("500 Internal Server Error")
        servers[0].answer("200 OK", path: "/status")
        let statuses = try (0..<64).map { try gateway.get("/a?x=\($0)").status }
        // The first that it gets is the last.
        #expect(statuses.count { $0 == 500 } == 1)
        try awaitLog(out(servers[0].port))
    }

    @Test func `take a server out by connections of requests, beside retries`() throws {
        let dead = try ReservedPort()
        try route(
            #""active":{\#(Self.seldom)},"passive":{"unhealthy":{"tcp_failures":1}}"#,
            ports: [dead.number, servers[1].port])
        #expect(try shares() == [0, 8])
        try awaitLog(out(dead.number))
        try route(
            #""active":{\#(Self.seldom)},"passive":{"unhealthy":{"timeouts":1}}"#,
            #","timeout":{"connect":9,"send":9,"read":0.2},"retries":0"#, id: 2, path: "/b")
        servers[0].answer(nil, path: "/b")
        #expect(try Set((0..<2).map { _ in try gateway.get("/b").status }) == [200, 504])
        try awaitLog(out(servers[0].port, 2))
        #expect(try shares(path: "/b") == [0, 8])
    }

    @Test func `go on when another route is written, and end with their own`() throws {
        try route(#""active":{"http_path":"/one",\#(Self.often)}"#)
        servers[0].answer("500 Internal Server Error", path: "/one")
        try awaitLog(out(servers[0].port))
        try route(#""active":{"http_path":"/two",\#(Self.often)}"#, id: 2, path: "/b")
        let lines = gateway.log.components(separatedBy: out(servers[0].port)).count
        #expect(try shares() == [0, 8])
        #expect(try shares(path: "/b") == [4, 4])
        // The same document once more, and another way to balance: nothing is forgotten.
        try route(#""active":{"http_path":"/one",\#(Self.often)}"#, #","type":"least_conn""#)
        #expect(try shares() == [0, 8])
        #expect(gateway.log.components(separatedBy: out(servers[0].port)).count == lines)
        #expect(try gateway.admin("DELETE", "/routes/1").status == 200)
        // Requests of probes that were under way have been read once a later one has.
        func awaitProbes(_ count: Int) throws {
            let before = servers.map { $0.heads("/two").count }
            try eventually("probes of the other route", within: 60) {
                zip(servers, before).allSatisfy { $0.heads("/two").count >= $1 + count }
            }
        }
        try awaitProbes(1)
        let asked = servers.map { $0.heads("/one").count }
        try awaitProbes(3)
        #expect(servers.map { $0.heads("/one").count } == asked)
    }

    @Test func `are refused where they can't be, in the words of theirs`() throws {
        func refusal(_ checks: String) throws -> String {
            let answer = try gateway.admin(
                "PUT", "/upstreams/1", #"{"nodes":{"127.0.0.1:1":1},"checks":\#(checks)}"#)
            #expect(answer.status == 400)
            return answer.body.text
        }
        #expect(try refusal(#"{"passive":{}}"#).contains("object matches none of the required"))
        #expect(try refusal(#"{"active":{"port":65536}}"#).contains("expected 65536 to be at most 65535"))
        #expect(try refusal(#"{"active":{"type":"udp"}}"#).contains("matches none of the enum values"))
        #expect(try refusal(#"{"active":{"http_path":"/a\r\nX: y"}}"#).contains("failed to match pattern"))
        #expect(try refusal(#"{"active":{"req_headers":["Host: other"]}}"#).contains("failed to match pattern"))
    }
}

@Suite(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl and python3: install them"))
struct `Health checks over TLS` {
    private static let server = """
        import http.server, ssl, sys
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("api.test.pem", "api.test.key")
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test func `want a certificate, unless it is not to be verified`() throws {
        let authority = try CertificateAuthority()
        try authority.sign("api.test")
        let server = try HelperProcess("python3", ["-c", Self.server], in: authority.folder)
        let gateway = try AdminGateway()
        func write(_ verifies: Bool) throws {
            let active =
                #"{"type":"https","host":"api.test","https_verify_certificate":\#(verifies),"healthy":{"successes":1}}"#
            let body =
                #"{"uri":"/a","upstream":{"scheme":"https","nodes":{"127.0.0.1:\#(server.port)":1},"#
                + #""checks":{"active":\#(active),"passive":{"unhealthy":{"http_statuses":[501],"http_failures":1}}}}}"#
            #expect(try gateway.admin("PUT", "/routes/1", body).status < 300)
        }
        try write(true)
        try eventually("probes fail", within: 60) { gateway.log.contains("2 probes found no connection") }
        // What is not verified is served as it is, so that nobody is left out while all are out.
        #expect(try gateway.get("/a").status == 200)
        try write(false)
        let wire = try Wire(port: gateway.port)
        // To a method that it does not know it answers 501.
        try wire.send("POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(try wire.readAnswer().status == 501)
        try eventually("a probe is answered", within: 60) { gateway.log.contains("is in service again") }
    }
}
