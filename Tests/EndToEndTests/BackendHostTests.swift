import Foundation
import Testing

/// Which `Host` a backend gets: its own where it is called by a name, as with agentgateway, unless the route says more.
@Suite struct `The Host that a backend gets` {
    private let upstream: Upstream
    private let dead: Int
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        dead = Ports.next()
        let server = "[{host: \"localhost:\(upstream.port)\"}]"
        let address = "[{host: \"127.0.0.1:\(upstream.port)\"}]"
        func route(_ path: String, _ policies: String, _ backends: String) -> String {
            "- {name: \(path), matches: [{path: {pathPrefix: /\(path)}}], policies: \(policies), backends: \(backends)}"
        }
        let routes = [
            route("named", "{}", server), route("numbered", "{}", address),
            route("kept", "{urlRewrite: {authority: none}}", server),
            route("own", "{urlRewrite: {authority: auto}}", address),
            route("other", "{urlRewrite: {authority: {host: other.test}}}", server),
            route("moved", "{urlRewrite: {path: {prefix: /to}}}", server),
            route("set", "{transformations: {request: {set: {\":authority\": \"'set.test'\"}}}}", server),
            route(
                "backend", "{}",
                "[{host: \"localhost:\(upstream.port)\", policies: {transformations: {request: "
                    + "{set: {\":authority\": \"'last.test'\", x-host: \"request.host\"}}}}}]"),
            route(
                "again", "{retry: {codes: [503]}}",
                "[{host: \"localhost:\(dead)\"}, {host: \"localhost:\(upstream.port)\"}]"),
        ].joined(separator: "\n")
        gateway = try RunningGateway(.init(routes: routes), upstreamPort: upstream.port)
    }

    private func exchange(_ request: String) throws -> String {
        let client = try gateway.client()
        try client.send(request)
        let connection = try upstream.accept()
        let head = try connection.readHead()
        try connection.answer("ok", "Connection: close\r\n")
        #expect(try client.readAnswer().status == 200)
        return head
    }

    @Test(arguments: [
        ("/named", "localhost:PORT"), ("/numbered", "a.test:81"), ("/kept", "a.test:81"), ("/own", "127.0.0.1:PORT"),
        ("/other", "other.test"), ("/moved", "localhost:PORT"), ("/set", "set.test"), ("/backend", "last.test"),
    ])
    func `is that of its name, or what the route says`(_ path: String, _ host: String) throws {
        let head = try exchange("GET \(path) HTTP/1.1\r\nHost: a.test:81\r\n\r\n")
        let lines = head.components(separatedBy: "\r\n").filter { $0.lowercased().hasPrefix("host:") }
        #expect(lines.map { $0.dropFirst(6) } == [host.replacing("PORT", with: "\(upstream.port)")[...]])
        #expect(head.contains("\r\nx-forwarded-host: a.test:81\r\n"))
        if path == "/backend" { #expect(head.contains("\r\nx-host: localhost\r\n"), "\(head)") }
    }

    @Test func `is that of the next server where a request is sent again`() throws {
        for _ in 0..<4 {
            let head = try exchange("GET /again HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n\r\n")
            #expect(head.hasPrefix("GET /again HTTP/1.1\r\nhost: localhost:\(upstream.port)\r\nX-A: b\r\n"), "\(head)")
        }
    }

    @Test func `is that of its name over HTTP/2, too`() throws {
        let client = try FrameWire(port: gateway.port)
        try client.headers(1, FrameWire.request("/named"))
        let connection = try upstream.accept()
        #expect(try connection.readHead().hasPrefix("GET /named HTTP/1.1\r\nhost: localhost:\(upstream.port)\r\n"))
        try connection.answer("ok", "Connection: close\r\n")
        #expect(try client.message(1).status == 200)
    }
}
