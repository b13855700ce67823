import Foundation
import Testing

/// A request that `transformations` of the listener change, as agentgateway's users have them: what a route's rules are
/// about is the request as its backend reads it.
@Suite struct `A request that its listener changes` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    init() throws {
        let upstream = try EchoUpstream()
        self.upstream = upstream
        let top = """
            frontendPolicies:
              accessLog:
                add: {path_now: request.path, role: "request.headers['x-role']", secret: "request.headers['authorization']"}
            """
        let listener = """
            policies:
              transformations:
                request:
                  set:
                    ":path": "'/inner' + request.pathAndQuery"
                    x-role: "default(request.headers['x-token'], '') == 's3cret' ? 'admin' : 'nobody'"
                    authorization: "'Bearer of-the-gateway'"
                  remove: [x-token, x-old]
            """
        let routes = """
            - name: guarded
              matches: [{path: {pathPrefix: /inner}}]
              policies:
                authorization:
                  rules:
                  - deny: "request.path.startsWith('/inner/admin') && request.headers['x-role'] != 'admin'"
                  - deny: "'x-token' in request.headers || 'x-old' in request.headers"
                requestHeaderModifier: {set: {x-fixed: fixed}, remove: [x-fallen]}
                transformations:
                  response: {set: {x-seen: "request.path + ' ' + request.headers['x-role']"}}
              backends:
              - host: 127.0.0.1:\(upstream.port)
                policies:
                  backendAuth: {key: key-of-the-backend}
                  transformations:
                    request:
                      set:
                        x-last: "request.headers['x-fixed'] + ' ' + request.headers['x-role'] + ' ' + request.path"
                        x-fallen-seen: "string('x-fallen' in request.headers)"
                        x-key: "default(request.headers['authorization'], 'none')"
            """
        gateway = try RunningGateway(
            .init(top: top, accessLog: "json", routes: routes, listener: listener), upstreamPort: upstream.port)
    }

    private let lines = "X-Old: 1\r\nX-Fallen: 1\r\nX-Role: admin\r\n"

    @Test func `is decided on as it is now, and each stage sees what those before it have made of it`() throws {
        let client = try Wire(port: gateway.port)
        try client.send("GET /admin?a HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
        let refused = try client.readAnswer()
        #expect(refused.refusal == "authorization_denied")
        try client.send("GET /admin?a HTTP/1.1\r\nHost: a\r\nX-Token: s3cret\r\n\(lines)\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        let head = answer.body.text
        #expect(head.hasPrefix("GET /inner/admin?a HTTP/1.1\r\n"), "\(head)")
        for line in [
            "x-last: fixed admin /inner/admin", "x-fallen-seen: false", "x-key: none", "x-role: admin",
            "authorization: Bearer key-of-the-backend",
        ] {
            #expect(head.contains("\r\n\(line)\r\n"), "\(line) in \(head)")
        }
        #expect(answer.value("x-seen") == "/inner/admin admin")
        let log = try gateway.accessLog(lines: 2).joined(separator: "\n")
        #expect(log.contains(#""path_now":"/inner/admin","role":"admin""#))
        for secret in ["s3cret", "of-the-gateway", "key-of-the-backend"] { #expect(!log.contains(secret)) }
    }

    @Test func `over HTTP/2 is the same`() throws {
        let client = try FrameWire(port: gateway.port)
        let fields = FrameWire.request("/admin?a") + [("x-old", "1"), ("x-role", "admin")]
        try client.headers(1, fields)
        #expect(try client.message(1)["tollgate-refusal"] == "authorization_denied")
        try client.headers(3, fields + [("x-token", "s3cret")])
        let answer = try client.message(3)
        #expect(answer.status == 200)
        #expect(answer["x-seen"] == "/inner/admin admin")
        #expect(answer.body.text.contains("\r\nx-last: fixed admin /inner/admin\r\n"))
    }
}

/// An answer that `responseHeaderModifier`, `transformations` and `cors` change.
@Suite struct `An answer that several policies change` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try EchoUpstream(lines: "X-Both: backend\r\nX-Gone: 1\r\n")
        let routes = """
            - name: to
              matches: [{path: {pathPrefix: /to}}]
              policies:
                cors: {allowOrigins: ["https://app.test"]}
                responseHeaderModifier:
                  set: {x-both: route, x-route: modified, access-control-allow-origin: "*", content-type: text/route}
                  remove: [x-gone]
                transformations:
                  response:
                    set:
                      x-seen: "response.headers['x-both'] + ' ' + default(response.headers['x-gone'], 'gone')"
                      x-route: "'transformed'"
                RULES
              backends:
              - host: 127.0.0.1:\(upstream.port)
                policies: {responseHeaderModifier: {set: {x-both: of-the-backend}}}
            """
        let deaf = routes.replacingOccurrences(of: "/to", with: "/deaf")
            .replacingOccurrences(of: "name: to", with: "name: deaf")
            .replacingOccurrences(of: "RULES", with: "authorization: {rules: [{deny: \"true\"}]}")
        gateway = try RunningGateway(
            .init(routes: routes.replacingOccurrences(of: "    RULES\n", with: "") + "\n" + deaf),
            upstreamPort: upstream.port)
    }

    @Test func `is modified first, the route's before the backend's, then transformed, and CORS has the last word`()
        throws
    {
        let answer = try gateway.get("/to", "Origin: https://app.test\r\n")
        #expect(answer.status == 200)
        #expect(answer.values("x-both") == ["of-the-backend"])
        #expect(answer.values("x-seen") == ["of-the-backend gone"])
        #expect(answer.values("x-route") == ["transformed"])
        #expect(answer.values("access-control-allow-origin") == ["https://app.test"])
        #expect(answer.values("content-type") == ["text/route"])
    }

    @Test func `that is a refusal has the same, and goes on saying what it is`() throws {
        let answer = try gateway.get("/deaf", "Origin: https://app.test\r\n")
        #expect(answer.refusal == "authorization_denied")
        #expect(answer.values("x-seen") == [])
        #expect(answer.values("x-both") == ["route"])
        #expect(answer.value("content-type")?.hasPrefix("text/plain") == true)
        #expect(answer.values("access-control-allow-origin") == ["https://app.test"])
    }
}
