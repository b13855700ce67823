import Foundation
import JOSE
import Testing

/// What `frontendPolicies` says of clients' connections and of the access log.
@Suite struct `The frontend policies` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    private func start(_ policies: String, config: String = "", jwtAuth: String = "") throws -> RunningGateway {
        let top = policies.isEmpty ? "" : "frontendPolicies:\n\(policies.indented(by: 2))"
        return try RunningGateway(
            .init(top: top, config: config, accessLog: "json", jwtAuth: jwtAuth), upstreamPort: upstream.port)
    }

    private func lines(_ gateway: RunningGateway, _ count: Int) throws -> [[String: Any]] {
        try gateway.accessLog(lines: count).map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    @Test func `add to a line what expressions answer, and take fields away`() throws {
        let gateway = try start(
            """
            accessLog:
              add:
                user.name: jwt.sub
                tier: default(jwt.tier, "none")
                code: response.code
                backend: backend.name
                audience: 'jwt.aud'
                host: 'request.headers["x-host"]'
                absent: 'request.headers["x-absent"]'
                broken: '1 / (request.method == "GET" ? 0 : 1)'
              remove: [peer, http.path]
            """)
        let client = try gateway.client()
        let token = try Tokens.token()
        try client.send("GET /a HTTP/1.1\r\nHost: a\r\nX-Host: other\r\nAuthorization: Bearer \(token)\r\n\r\n")
        #expect(try client.readAnswer().status == 200)
        try client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().status == 401)
        let lines = try lines(gateway, 2)
        #expect(lines[0]["user.name"] as? String == "alice")
        #expect(lines[0]["tier"] as? String == "none")
        #expect(lines[0]["code"] as? Int == 200)
        #expect(lines[0]["backend"] as? String == "127.0.0.1:\(upstream.port)")
        // A claim as it is: a list of one here.
        let audience = lines[0]["audience"]
        #expect(audience as? [String] == ["api"] || audience as? String == "api", "\(String(describing: audience))")
        // In place of the usual field of that name.
        #expect(lines[0]["host"] as? String == "other")
        for name in ["absent", "broken", "peer", "path"] { #expect(lines[0][name] == nil, "\(name)") }
        #expect(lines[1]["user.name"] == nil && lines[1]["backend"] == nil)
        #expect(lines[1]["code"] as? Int == 401)
    }

    @Test func `log the requests that a filter holds for, and what never became a request`() throws {
        let gateway = try start("logging: {filter: 'response.code >= 400 && request.path != \"/health\"'}")
        let client = try gateway.client()
        for path in ["/open", "/health", "/closed"] {
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try client.readAnswer()
        }
        let other = try gateway.client()
        try other.send("NOT HTTP\r\n\r\n")
        _ = try other.readAnswer()
        let lines = try lines(gateway, 2)
        #expect(lines.compactMap { $0["status"] as? Int } == [502, 400])
    }

    @Test func `say what became of calls of gRPC`() throws {
        let upstream = try Upstream()
        let gateway = try RunningGateway(
            .init(
                top: "frontendPolicies: {accessLog: {add: {call: response.grpcStatus}}}", accessLog: "json"),
            upstreamPort: upstream.port)
        let client = try gateway.client()
        let call = "HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n"
        try client.send("POST /open/late \(call)")
        let server = try FrameWire(serving: upstream.accept())
        let late = try server.next(.headers).stream
        try server.headers(late, [(":status", "200"), ("content-type", "application/grpc")], end: false)
        try server.data(late, [0, 0, 0, 0, 0], end: false)
        try server.headers(late, [("grpc-status", "5")], end: true)
        #expect(try client.readAnswer().status == 200)
        try client.send("POST /open/early \(call)")
        let early = try server.next(.headers).stream
        try server.headers(early, [(":status", "200"), ("grpc-status", "12")], end: true)
        #expect(try client.readAnswer().status == 200)
        // Refused.
        try client.send("POST /guarded \(call)")
        #expect(try client.readAnswer().status == 200)
        try client.send("GET /guarded HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().status == 401)
        #expect(try lines(gateway, 4).map { $0["call"] as? Int } == [5, 12, 16, nil])
    }

    /// Whoever writes such an expression would write tokens to a file that many may read.
    @Test func `never show a credential, whether it was good or not`() throws {
        let gateway = try start(
            """
            accessLog:
              add:
                auth: 'request.headers["authorization"]'
                cookie: 'request.headers["cookie"]'
                all: toJson(request.headers)
                uri: request.uri
                sent: 'request.headers["x-sent"]'
            """, jwtAuth: "locations: [{header: {name: x-token}}, {queryParameter: {name: key}}]")
        let (good, bad) = (try Tokens.token(), try Tokens.token(expiresIn: -1000))
        let client = try gateway.client()
        for token in [good, bad, "opaque-secret"] {
            try client.send(
                "GET /a?key=\(token)&b=c HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n"
                    + "Cookie: a=\(token)\r\nX-Plain: seen\r\n\r\n")
            _ = try client.readAnswer()
            try client.send("GET /a HTTP/1.1\r\nHost: a\r\nX-Token: \(token)\r\nX-Sent: \(good)\r\n\r\n")
            _ = try client.readAnswer()
        }
        let lines = try lines(gateway, 6)
        #expect(gateway.output.contains("seen") && gateway.output.contains("b=c"))
        #expect(lines.allSatisfy { $0["auth"] == nil && $0["cookie"] == nil })
        for secret in [good, bad, "opaque-secret", "eyJ"] {
            #expect(!gateway.output.contains(secret), "\(secret) in \(gateway.output)")
        }
        #expect(lines.count { $0["sent"] as? String == "withheld" } == 3)
    }

    @Test func `are the same under config.logging`() throws {
        let gateway = try start(
            "", config: "logging: {filter: 'true', fields: {add: {verb: request.method}, remove: [method]}}")
        _ = try gateway.get("/open")
        let line = try #require(try lines(gateway, 1).first)
        #expect(line["verb"] as? String == "GET" && line["method"] == nil)
    }

    @Test func `may be changed while the gateway runs`() throws {
        let gateway = try start("accessLog: {add: {word: '\"one\"'}}")
        _ = try gateway.get("/open")
        var setup = RunningGateway.Setup(accessLog: "json")
        setup.top = "frontendPolicies: {accessLog: {add: {word: '\"two\"'}}}"
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("the new word") {
            _ = try gateway.get("/open")
            return gateway.output.contains(#""word":"two""#)
        }
        #expect(gateway.output.contains(#""word":"one""#))
        #expect(gateway.errors.contains("access log"), "\(gateway.errors)")
    }

    @Test func `bound the headers of a request and the age of a connection`() throws {
        let gateway = try start("http: {http1MaxHeaders: 8, maxConnectionDuration: 2s, http1IdleTimeout: 1m}")
        let many = (0..<9).map { "X-\($0): a\r\n" }.joined()
        #expect(try gateway.get("/open", many).status == 431)
        let client = try gateway.client()
        let start = ContinuousClock.now
        var last: Answer?
        while last?.value("connection") != "close" {
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            last = try client.readAnswer()
            #expect(last?.status == 200)
            guard ContinuousClock.now - start < .seconds(10) else { break }
        }
        #expect(last?.value("connection") == "close")
        #expect(ContinuousClock.now - start > .seconds(1.9))
        // One that waits is closed as well.
        let idle = try gateway.client()
        try idle.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try idle.readAnswer()
        #expect(try !idle.readToEnd().wasReset)
    }

    @Test(arguments: [
        ("jwt.rawToken", "is a secret"), ("request.body", "is not kept"), ("response.headers", "is not kept"),
        ("unvalidatedJwtPayload('a')", "proves nothing"), ("request.pth", "no member 'pth'"),
    ])
    func `do not compile where they ask for what no log may have`(_ expression: String, _ reason: String) throws {
        let folder = try CommandLineFolder()
        try folder.write(
            """
            gateways: {default: {port: 3000}}
            routes: [{backends: [{host: "127.0.0.1:80"}]}]
            frontendPolicies: {accessLog: {add: {a: "\(expression)"}}}
            """, to: "config.yaml")
        let result = try folder.run("validate", "-f", "config.yaml")
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("config.yaml:3:") && result.errors.contains(reason), "\(result.errors)")
    }
}
