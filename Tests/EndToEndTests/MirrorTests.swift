import Foundation
import JOSE
import Testing

@Suite struct `Copies of requests` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream("upstream: ") }

    /// A gateway that copies requests to `/copied` for a backend.
    private func start(
        _ mirror: String, percentage: String = "1", policies: String = "", top: String = ""
    ) throws -> RunningGateway {
        let routes = """
            - name: copied
              matches: [{path: {pathPrefix: /copied}}]
              policies:
                requestMirror: {backend: \(mirror), percentage: \(percentage)}
            \(policies.indented(by: 4))
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        return try RunningGateway(.init(top: top, routes: routes), upstreamPort: upstream.port)
    }

    private func start(_ mirror: Upstream, policies: String = "", top: String = "") throws -> RunningGateway {
        try start("{host: \"127.0.0.1:\(mirror.port)\"}", policies: policies, top: top)
    }

    private func count(_ gateway: RunningGateway, _ result: String) throws -> Int {
        try gateway.metric("tollgate_mirrored_requests_total{result=\"\(result)\"}").map { Int($0) } ?? 0
    }

    /// Waits until so many copies have ended so.
    private func expect(_ number: Int, _ result: String, of gateway: RunningGateway, within seconds: Int = 15) throws {
        try eventually("\(number) that are \(result)", within: seconds) { try count(gateway, result) == number }
    }

    // MARK: - What is copied

    @Test func `are what the upstream gets, and their answers go to nobody`() throws {
        let mirror = try Upstream()
        let gateway = try start(
            mirror,
            policies: """
                jwtAuth:
                  mode: strict
                  issuer: https://issuer.test
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
                requestHeaderModifier: {set: {x-set: "yes"}}
                urlRewrite: {path: {prefix: /new}}
                """)
        let client = try gateway.client()
        let bearer = "Authorization: Bearer \(try Tokens.token())\r\n"
        var connection: Wire?
        for number in 1...2 {
            try client.send("GET /copied/a?b=c HTTP/1.1\r\nHost: a.test\r\n\(bearer)X-Number: \(number)\r\n\r\n")
            let answer = try client.readAnswer()
            #expect(answer.body.text.hasPrefix("upstream: GET /new/a?b=c HTTP/1.1\r\n"))
            let wire = try connection ?? mirror.accept()
            connection = wire
            let head = try wire.readHead()
            #expect("upstream: " + head == answer.body.text)
            #expect(head.contains("x-set: yes\r\n") && head.contains("X-Number: \(number)\r\n"))
            #expect(!head.lowercased().contains("authorization"))
            try wire.answer("for nobody", status: "500 Internal Server Error", "Set-Cookie: a=b\r\n")
            try expect(number, "answered", of: gateway)
        }
        // A request that is refused is nobody's.
        try client.send("GET /copied HTTP/1.1\r\nHost: a.test\r\n\r\n")
        #expect(try client.readAnswer().status == 401)
        #expect(!mirror.hasVisitor)
    }

    @Test(arguments: [
        "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: yes\r\n\r\n",
    ])
    func `have the body, whether rules have read it or not`(_ rest: String) throws {
        for rules in ["", "authorization: {rules: ['request.body.size() == 5']}"] {
            let (own, mirror) = (try Upstream(), try Upstream())
            let gateway = try RunningGateway(
                .init(
                    routes: """
                        - matches: [{path: {pathPrefix: /copied}}]
                          policies:
                            requestMirror: {backend: {host: "127.0.0.1:\(mirror.port)"}, percentage: 1.0}
                        \(rules.indented(by: 4))
                          backends: [{host: "127.0.0.1:\(own.port)"}]
                        """), upstreamPort: own.port)
            let client = try gateway.client()
            try client.send("POST /copied HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\(rest)")
            let body = String(rest.split(separator: "\r\n\r\n", maxSplits: 1)[1])
            let wire = try own.accept()
            _ = try wire.readHead()
            #expect(try wire.read(count: body.utf8.count).text == body)
            let copy = try mirror.accept()
            #expect(try !copy.readHead().lowercased().contains("expect"))
            #expect(try copy.read(count: body.utf8.count).text == body)
            // The copy is answered first, and the client hears nothing of it.
            try copy.answer("copy", status: "404 Not Found")
            try expect(1, "answered", of: gateway)
            try wire.answer("own")
            var answer = try client.readAnswer()
            if answer.status == 100 { answer = try client.readAnswer() }
            #expect(answer.status == 200 && answer.body.text == "own")
        }
    }

    @Test func `are those of HTTP/2 too, on either side`() throws {
        let mirror = try Upstream()
        let gateway = try start(
            "{backend: mirror}",
            top: """
                backends:
                - {name: mirror, host: "127.0.0.1:\(mirror.port)", policies: {http: {version: HTTP/2.0}}}
                """)
        let client = try FrameWire(port: gateway.port)
        try client.headers(1, FrameWire.request("/copied"))
        let server = try FrameWire(serving: mirror.accept())
        #expect(try server.fields(of: server.next(.headers)).contains { $0 == (":path", "/copied") })
        try server.headers(1, [(":status", "200")], end: false)
        try server.data(1, Array("for nobody".utf8), end: true)
        #expect(try client.message(1).body.text.hasPrefix("upstream: GET /copied"))
        // At once: the upstream does not wait for bodies, and what is answered before it is whole is not copied.
        let block = FrameWire.block(FrameWire.request("/copied", "POST"))
        try client.wire.send(
            FrameWire.bytes(.headers, flags: 4, stream: 3, payload: block)
                + FrameWire.bytes(.data, flags: 1, stream: 3, payload: Array("up".utf8)))
        #expect(try server.next(.headers).stream == 3)
        #expect(try server.next(.data).payload.text == "up")
        // The copy ends without an answer.
        try server.send(.reset, stream: 3, payload: [0, 0, 0, 8])
        try expect(1, "failed", of: gateway)
        try expect(1, "answered", of: gateway)
    }

    @Test func `are the part of them that is asked for`() throws {
        let mirror = try EchoUpstream()
        let gateway = try start("{host: \"127.0.0.1:\(mirror.port)\"}", percentage: ".25")
        let client = try gateway.client()
        for _ in 0..<100 {
            try client.send("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readAnswer().status == 200)
        }
        try eventually("copies, each answered") {
            try (24...26).contains(mirror.heads.count) && mirror.heads.count == count(gateway, "answered")
        }
    }

    @Test func `carry credentials of their own backend, and none that is another's`() throws {
        let mirror = try EchoUpstream()
        let gateway = try start(
            "{backend: mirror}", policies: "backendAuth: {key: upstreams-own}",
            top: """
                backends:
                - name: mirror
                  host: "127.0.0.1:\(mirror.port)"
                  policies:
                    backendAuth: {key: mirrors-own}
                    requestHeaderModifier: {set: {x-copy: "1"}, remove: [x-left-out]}
                """)
        let answer = try gateway.get("/copied", "X-Left-Out: 1\r\n")
        try expect(1, "answered", of: gateway)
        let (own, copy) = (answer.body.text.lowercased(), try #require(mirror.heads.first).lowercased())
        #expect(own.contains("bearer upstreams-own") && own.contains("x-left-out: 1") && !own.contains("x-copy"))
        #expect(copy.contains("bearer mirrors-own") && !copy.contains("upstreams-own"))
        #expect(copy.contains("x-copy: 1") && !copy.contains("x-left-out"))
    }

    // MARK: - What clients do not notice

    @Test func `that cannot be sent are counted, and nobody waits for them`() throws {
        let gateway = try start("{host: \"127.0.0.1:\(Ports.next())\"}")
        for number in 1...3 {
            #expect(try gateway.get("/copied").status == 200)
            try expect(number, "failed", of: gateway)
        }
    }

    @Test func `are not made of large bodies, nor of requests that never end`() throws {
        let mirror = try Upstream()
        let own = try Upstream()
        let gateway = try RunningGateway(
            .init(
                routes: """
                    - matches: [{path: {pathPrefix: /copied}}]
                      policies:
                        requestMirror: {backend: {host: "127.0.0.1:\(mirror.port)"}, percentage: 1}
                      backends: [{host: "127.0.0.1:\(own.port)"}]
                    """), upstreamPort: own.port)
        let body = String(repeating: "x", count: 70_000)
        let client = try gateway.client()
        var connection: Wire?
        for (number, framing) in ["Content-Length: 70000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n11170\r\n"]
            .enumerated()
        {
            try client.send("POST /copied HTTP/1.1\r\nHost: a\r\n\(framing)\(body)")
            if number == 1 { try client.send("\r\n0\r\n\r\n") }
            let wire = try connection ?? own.accept()
            connection = wire
            _ = try wire.readHead()
            try wire.skip(count: body.utf8.count)
            if number == 1 { _ = try wire.read(through: "\r\n0\r\n\r\n") }
            try wire.answer()
            #expect(try client.readAnswer().status == 200)
            try expect(number + 1, "body_too_large", of: gateway)
        }
        try client.send("POST /copied HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        let wire = try connection ?? own.accept()
        _ = try wire.readHead()
        _ = try wire.read(count: 4)
        client.abort()
        try expect(1, "unfinished", of: gateway)
        #expect(!mirror.hasVisitor)
    }

    @Test func `are given up where nobody answers them, and left out where too many wait`() throws {
        let mirror = try Upstream()
        let gateway = try start(mirror)
        let client = try gateway.client()
        var silent: [Wire] = []
        for _ in 0..<300 {
            try client.send("GET /copied HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.readAnswer().status == 200)
            if mirror.hasVisitor { silent.append(try mirror.accept()) }
        }
        try expect(300 - 256, "busy", of: gateway)
        try expect(256, "late", of: gateway, within: 90)
        #expect(try gateway.metric("tollgate_responses_total{status=\"200\"}") == 300)
        // There is room again.
        #expect(try gateway.get("/copied").status == 200)
        #expect(try count(gateway, "busy") == 300 - 256)
    }

    @Test func `have answers that are read to a bound`() throws {
        let mirror = try Upstream()
        let gateway = try start(mirror)
        #expect(try gateway.get("/copied").status == 200)
        let wire = try mirror.accept()
        _ = try wire.readHead()
        try wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "10000\r\n" + String(repeating: "x", count: 65_536) + "\r\n"
        for _ in 0..<64 { guard (try? wire.send(chunk)) != nil else { break } }
        try expect(1, "answered", of: gateway)
        _ = try? wire.readToEnd()
    }
}
