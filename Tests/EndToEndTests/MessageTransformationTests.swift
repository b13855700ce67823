import Foundation
import JOSE
import Testing

/// What transformations do beside giving headers values: a test plays client and backend.
@Suite struct `Transformations of whole messages` {
    /// A gateway with one route to an upstream, with policies at listener, route and backend.
    private struct Place {
        let upstream: Upstream
        let gateway: GatewayProcess

        init(
            route: String = "{}", listener: String = "{}", backend: String = "{}", more: String = "",
            limits: String = "{bufferedBodyBytes: 1000}"
        ) throws {
            let upstream = try Upstream()
            self.upstream = upstream
            gateway = try GatewayProcess { port in
                """
                config:
                  {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "off", limits: \(limits)}
                binds:
                - port: \(port)
                  listeners:
                  - policies: \(listener)
                    routes:
                    - backends: [{host: "127.0.0.1:\(upstream.port)", policies: \(backend)}]
                      policies: \(route)
                \(more.replacingOccurrences(of: "PORT", with: "\(upstream.port)").indented(by: 4))
                """
            }
        }

        /// What the backend gets of a request whose body has `count` bytes there.
        func exchange(_ request: String, body count: Int = 0) throws -> (
            client: Wire, upstream: Wire, head: String, body: String
        ) {
            let client = try Wire(port: gateway.port)
            try client.send(request)
            let connection = try upstream.accept()
            let head = try connection.readHead()
            return (client, connection, head, String(decoding: try connection.read(count: count), as: UTF8.self))
        }

        /// The client's answer to what the backend answers to a request.
        ///
        /// - Parameter goesOn: whether both connections are seen to serve another request, which shows that not a byte
        ///   of this one was too many.
        func answer(
            _ text: String, to request: String = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", goesOn: Bool = true
        ) throws -> Answer {
            let (client, connection, _, _) = try exchange(request)
            try connection.send(text)
            let answer = try client.readAnswer(toHead: request.hasPrefix("HEAD"))
            guard goesOn else { return answer }
            try client.send("HEAD /next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try connection.readHead().hasPrefix("HEAD /next "))
            try connection.send("HTTP/1.1 404 Not Found\r\nx-next: 1\r\n\r\n")
            #expect(try client.readAnswer(toHead: true).value("x-next") == "1")
            return answer
        }
    }

    private static func transformations(request: String? = nil, response: String? = nil) -> String {
        let parts = [request.map { "request: \($0)" }, response.map { "response: \($0)" }].compactMap { $0 }
        return "{transformations: {\(parts.joined(separator: ", "))}}"
    }

    // MARK: - The request

    @Test(arguments: [
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", "<body>"),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-t: 1\r\n\r\n", "<body>"),
        ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody", "<body>"),
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "<>"),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "<>"),
    ])
    func `give the backend another body, of its own length`(_ request: String, _ body: String) throws {
        let place = try Place(route: Self.transformations(request: #"{body: "'<' + string(request.body) + '>'"}"#))
        let exchange = try place.exchange(request, body: body.utf8.count)
        #expect(exchange.body == body)
        let head = exchange.head.lowercased()
        #expect(head.components(separatedBy: "content-length").count == 2)
        #expect(head.contains("content-length: \(body.utf8.count)\r\n"))
        for name in ["transfer-encoding", "expect", "x-t"] { #expect(!head.contains(name)) }
        try exchange.upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        if request.contains("Expect") { #expect(try exchange.client.readHead().contains("100")) }
        #expect(try exchange.client.readAnswer().body.text == "ok")
        // Both connections serve on.
        try exchange.client.send(request.replacingOccurrences(of: "Expect: 100-continue\r\n", with: ""))
        #expect(try exchange.upstream.readHead().contains("\(body.utf8.count)"))
        #expect(try exchange.upstream.read(count: body.utf8.count) == Array(body.utf8))
    }

    @Test(arguments: [
        ("json(request.body).a", #"{"a": {"b": [1, "ü"]}}"#, #"{"b":[1,"ü"]}"#), ("json(request.body).a", "{", ""),
        ("size(request.body)", "abc", "3"), ("base64.encode(request.body)", "abc", "YWJj"),
        ("jwt.sub", "abc", ""),
    ])
    func `write texts as they are, all else as JSON, and nothing where there is no value`(
        _ expression: String, _ sent: String, _ body: String
    ) throws {
        let place = try Place(route: Self.transformations(request: "{body: \"\(expression)\"}"))
        let exchange = try place.exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(sent.utf8.count)\r\n\r\n\(sent)", body: body.utf8.count)
        #expect(exchange.body == body)
        #expect(exchange.head.contains("\r\ncontent-length: \(body.utf8.count)\r\n"))
    }

    @Test func `change method, target and host, and read the body for headers`() throws {
        let request = """
            {set: {":method": "'PUT'", ":path": "'/v2' + request.path + '?a=' + string(size(request.body))",
                   ":authority": "'b.test:81'", x-model: "json(request.body).model"}}
            """
        let place = try Place(route: Self.transformations(request: request))
        let text = #"{"model":"small"}"#
        let exchange = try place.exchange(
            "POST /x?token=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 17\r\n\r\n\(text)", body: 17)
        #expect(exchange.head.hasPrefix("PUT /v2/x?a=17 HTTP/1.1\r\nhost: b.test:81\r\n"))
        #expect(exchange.head.contains("\r\nx-model: small\r\n"))
        #expect(exchange.head.contains("\r\nx-forwarded-host: a\r\n"))
        #expect(!exchange.head.contains("Host: a\r\n"))
        #expect(exchange.body == text)
    }

    @Test(arguments: [
        (":path", "'/a b'"), (":path", "'x'"), (":path", "'/a\\\\r\\\\nx-evil: 1'"), (":path", "'/%2f'"),
        (":path", "jwt.sub"),
        (":method", "'HEAD'"), (":method", "'G T'"), (":method", "'GET / HTTP/1.1\\\\r\\\\nx-evil: 1'"),
        (":method", "'CONNECT'"), (":authority", "'a/b'"), (":authority", "'a\\\\r\\\\nx-evil: 1'"),
        (":authority", "''"),
    ])
    func `leave a request line as it is where there is no value that would do`(
        _ name: String, _ expression: String
    ) throws {
        let place = try Place(route: Self.transformations(request: "{set: {\"\(name)\": \"\(expression)\"}}"))
        let head = try place.exchange("GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n").head
        #expect(head.hasPrefix("GET /x?y HTTP/1.1\r\nHost: a\r\n"), "\(head)")
        #expect(!head.contains("evil"))
    }

    @Test func `of a backend give it another host and path than the route does`() throws {
        let place = try Place(
            route: Self.transformations(request: #"{set: {":authority": "'route.test'", ":path": "'/route'"}}"#),
            backend: Self.transformations(
                request: #"{set: {":authority": "'backend.test'", ":path": "'/backend?a'"}, body: "'x'"}"#))
        let exchange = try place.exchange("PUT /?b HTTP/1.1\r\nHost: a\r\n\r\n", body: 1)
        #expect(exchange.head.hasPrefix("PUT /backend?a HTTP/1.1\r\nhost: backend.test\r\n"))
        #expect(exchange.head.lowercased().components(separatedBy: "\r\nhost:").count == 2)
        #expect(exchange.body == "x")
        let only = try Place(backend: Self.transformations(request: #"{set: {":authority": "'b.test'"}}"#))
        let head = try only.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head
        #expect(head.lowercased().components(separatedBy: "\r\nhost:").count == 2)
        #expect(head.contains("\r\nhost: b.test\r\n"))
    }

    @Test func `take all headers from a map, but those that say how the message is conveyed`() throws {
        let request = """
            {replace: "{'x-a': ['1', '2'], 'x-b': request.headers['x-c'], 'x bad': 'x', 'Content-Length': '9', ':path': '/no',
              'x-evil': 'a\\\\r\\\\nb'}", set: {x-d: "'4'"}}
            """
        let place = try Place(route: Self.transformations(request: request))
        let head = try place.exchange(
            "POST / HTTP/1.1\r\nHost: a\r\nX-C: 3\r\nCookie: a=b\r\nContent-Length: 1\r\n\r\nx", body: 1
        ).head
        let lines = head.components(separatedBy: "\r\n").filter { !$0.hasPrefix("x-forwarded-") && !$0.isEmpty }
        #expect(
            lines == [
                "POST / HTTP/1.1", "Host: a", "Content-Length: 1", "x-a: 1", "x-a: 2", "x-b: 3", "x-d: 4",
            ])
    }

    @Test func `are chosen by the first condition that holds`() throws {
        let place = try Place(
            route: """
                {transformations: {conditional: [
                  {condition: "request.path == '/a'", request: {set: {x-case: "'a'"}}},
                  {condition: "jwt.sub == 'a'", request: {set: {x-case: "'never'"}}},
                  {request: {set: {x-case: "'else'"}}}]}}
                """)
        #expect(try place.exchange("GET /a HTTP/1.1\r\nHost: a\r\n\r\n").head.contains("\r\nx-case: a\r\n"))
        #expect(try place.exchange("GET /b HTTP/1.1\r\nHost: a\r\n\r\n").head.contains("\r\nx-case: else\r\n"))
    }

    @Test func `of the listener decide the route, and those of the backend come last`() throws {
        let listener = """
            {transformations: {request: {set: {x-model: "json(request.body).model", ":path": "'/v2' + request.path"},
               metadata: {size: "size(request.body)"}}}}
            """
        let place = try Place(
            listener: listener,
            backend: Self.transformations(request: #"{set: {x-size: "metadata.size", x-kind: "'last'"}}"#),
            more: """
                - matches: [{path: {pathPrefix: /v2/x}, headers: [{name: X-Model, value: {exact: small}}]}]
                  policies:
                    urlRewrite: {path: {prefix: /small}}
                    requestHeaderModifier: {set: {x-kind: first}}
                    authorization: {rules: [{require: "metadata.size == 17"}]}
                  backends: [{host: "127.0.0.1:PORT"}]
                """)
        let text = #"{"model":"small"}"#
        let request = "POST /x/y?z HTTP/1.1\r\nHost: a\r\nX-Model: large\r\nContent-Length: 17\r\n\r\n"
        let small = try place.exchange(request + text, body: 17)
        #expect(small.head.hasPrefix("POST /small/y HTTP/1.1\r\n"))
        #expect(small.head.contains("\r\nx-kind: first\r\n") && small.head.contains("\r\nx-model: small\r\n"))
        #expect(small.body == text)
        let large = try place.exchange(request + text.replacingOccurrences(of: "small", with: "other"), body: 17)
        #expect(large.head.hasPrefix("POST /v2/x/y HTTP/1.1\r\n"))
        #expect(large.head.contains("\r\nx-size: 17\r\n") && large.head.contains("\r\nx-kind: last\r\n"))
        #expect(!large.head.lowercased().contains("x-model: large"))
    }

    // MARK: - The answer

    @Test func `read the answer, and give it another body of its own length`() throws {
        let response = """
            {set: {x-was: "string(response.code) + ' ' + response.headers['content-type']", content-type: "'text/html'",
                   x-path: "request.path"},
             body: "'<' + string(response.body) + '>'"}
            """
        let place = try Place(route: Self.transformations(response: response))
        for text in [
            "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody",
            "HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n"
                + "x-t: 1\r\n\r\n",
        ] {
            let answer = try place.answer(text)
            #expect(answer.status == 201)
            #expect(answer.values("content-type") == ["text/html"])
            #expect(answer.value("x-was") == "201 text/plain")
            #expect(answer.value("x-path") == "/")
            #expect(answer.values("content-length") == ["6"])
            #expect(answer.value("transfer-encoding") == nil)
            #expect(answer.body.text == "<body>")
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var response: String
        var answer: String
        var method = "GET"
        var status: Int
        var length: String?
        var body = ""
        var testDescription: String { name }
    }

    @Test(arguments: [
        Case(
            name: "HEAD has no body, and no length of another one", response: #"{body: "'another'"}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", method: "HEAD", status: 200),
        Case(
            name: "HEAD keeps the length of the body that stays", response: #"{set: {x-a: "'b'"}}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", method: "HEAD", status: 200, length: "4"),
        Case(
            name: "204 gets no body", response: #"{body: "'another'"}"#, answer: "HTTP/1.1 204 No Content\r\n\r\n",
            status: 204),
        Case(
            name: "304 gets no body", response: #"{body: "'another'"}"#,
            answer: "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n", status: 304),
        Case(
            name: "204 loses the body that came", response: #"{set: {":status": "204"}}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", status: 204),
        Case(
            name: "204 loses the chunks that came", response: #"{set: {":status": "204"}}"#,
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", status: 204),
        Case(
            name: "what was 204 has an empty body, or one of its own",
            response: #"{set: {":status": "200"}, body: "'new'"}"#, answer: "HTTP/1.1 204 No Content\r\n\r\n",
            status: 200, length: "3", body: "new"),
        Case(
            name: "another status keeps the body", response: #"{set: {":status": "response.code + 1"}}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", status: 201, length: "4", body: "body"),
        Case(
            name: "a status that is none is left as it is", response: #"{set: {":status": "101"}}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", status: 200, length: "4", body: "body"),
        Case(
            name: "a body that cannot be had is empty", response: #"{body: "json(response.body).a"}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", status: 200, length: "0"),
        Case(
            name: "a value cannot split",
            response: #"{set: {x-a: "'a\\\\r\\\\nx-evil: 1'", x-b: "string(response.body)"}}"#,
            answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na\r\nb: c\r\n", status: 200, length: "9",
            body: "a\r\nb: c\r\n"),
        Case(
            name: "a body is held that only a header reads", response: #"{set: {x-size: "size(response.body)"}}"#,
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", status: 200,
            length: "4", body: "body"),
    ])
    func `leave every answer framed as it has to be`(_ entry: Case) throws {
        let place = try Place(route: Self.transformations(response: entry.response))
        let request = "\(entry.method) / HTTP/1.1\r\nHost: a\r\n\r\n"
        let answer = try place.answer(entry.answer, to: request)
        #expect(answer.status == entry.status)
        #expect(answer.value("content-length") == entry.length)
        #expect(answer.value("transfer-encoding") == nil)
        #expect(answer.value("x-evil") == nil && answer.value("x-b") == nil)
        #expect(answer.body.text == entry.body)
    }

    @Test func `give up an answer that is too large to be held`() throws {
        let place = try Place(route: Self.transformations(response: #"{body: "response.body"}"#))
        let body = String(repeating: "x", count: 1001)
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n\(body)",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n\(body)\r\n0\r\n\r\n",
        ] {
            let answer = try place.answer(text, goesOn: false)
            #expect(answer.status == 502)
            #expect(answer.refusal == "answer_exceeds_buffer")
        }
        let whole = try place.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n\(body.dropLast())")
        #expect(whole.body.count == 1000)
    }

    @Test func `count an answer that was held until its client has read it`() throws {
        let place = try Place(
            route: Self.transformations(response: #"{set: {x-size: "size(response.body)"}}"#),
            limits: "{bufferedBodyBytes: 16777216, bufferedBytes: 16777216}")
        func answer(_ count: Int) -> String {
            "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n\(String(repeating: "x", count: count))"
        }
        let (slow, first, _, _) = try place.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        // More than sockets take of it while nobody reads.
        try first.send(answer(14_000_000))
        #expect(try slow.readHead().contains("14000000"))
        let second = try Wire(port: place.gateway.port)
        try second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try first.readHead()
        // Not all of it is taken.
        try? first.send(answer(4_000_000))
        let refused = try second.readAnswer()
        #expect((refused.status, refused.refusal) == (503, "body_buffers_full"))
        #expect(try slow.read(count: 14_000_000).count == 14_000_000)
        let (third, connection, _, _) = try place.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.send(answer(4_000_000))
        #expect(try third.readAnswer().body.count == 4_000_000)
    }

    @Test func `come from the backend outwards, each seeing what the others made of the answer`() throws {
        let mark = { (name: String) in
            Self.transformations(response: "{set: {x-marks: \"default(response.headers['x-marks'], '') + '\(name)'\"}}")
        }
        let place = try Place(route: mark("r"), listener: mark("l"), backend: mark("b"))
        let answer = try place.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        #expect(answer.values("x-marks") == ["brl"])
    }

    @Test func `of the listener shape what the route refuses and answers, and say no less of a refusal`() throws {
        let place = try Place(
            listener: """
                {transformations: {response: {set: {content-type: "'application/json'", x-code: "response.code",
                   tollgate-x: "response.headers['content-type']", www-authenticate: "'none'"},
                   body: "toJson({'was': string(response.body)})"}}}
                """,
            more: """
                - matches: [{path: {exact: /denied}}]
                  policies: {apiKey: {mode: strict, keys: [{key: a}]}}
                  backends: [{host: "127.0.0.1:PORT"}]
                - matches: [{path: {exact: /direct}}]
                  policies: {directResponse: {status: 200, body: hello}}
                """)
        func get(_ path: String) throws -> Answer {
            let client = try Wire(port: place.gateway.port)
            try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
            return try client.readAnswer()
        }
        let denied = try get("/denied")
        #expect(denied.status == 401)
        #expect(denied.refusal == "api_key_missing")
        #expect(denied.values("content-type") == ["application/json"])
        #expect(denied.value("x-code") == "401")
        #expect(denied.values("www-authenticate").count == 1 && denied.value("www-authenticate") != "none")
        #expect(denied.body.text == #"{"was":"api key authentication failure: no API Key found"}"#)
        let direct = try get("/direct")
        #expect(direct.body.text == #"{"was":"hello"}"#)
        #expect(direct.value("content-length") == "\(direct.body.count)")
    }

    // MARK: - HTTP/2

    @Test func `are the same of HTTP/2, on either side`() throws {
        let change = #"{body: "'<' + string(BODY) + '>'"}"#
        let place = try Place(
            route: Self.transformations(
                request: change.replacingOccurrences(of: "BODY", with: "request.body"),
                response: change.replacingOccurrences(of: "BODY", with: "response.body")),
            backend: "{http: {version: HTTP/2.0}}")
        let client = try FrameWire(port: place.gateway.port)
        try client.headers(1, FrameWire.request("/", "POST"), end: false)
        try client.data(1, Array("up".utf8), end: true)
        let server = try FrameWire(serving: place.upstream.accept())
        let head = try server.fields(of: server.next(.headers))
        #expect(head.filter { $0.0 == "content-length" }.map(\.1) == ["4"])
        #expect(!head.contains { $0.0 == "transfer-encoding" })
        #expect(try server.next(.data).payload.text == "<up>")
        try server.headers(1, [(":status", "200")], end: false)
        try server.data(1, Array("do".utf8))
        try server.data(1, Array("wn".utf8), end: true)
        let answer = try client.message(1)
        #expect(answer.fields.filter { $0.0 == "content-length" }.map(\.1) == ["6"])
        #expect(answer.body.text == "<down>")
        try client.headers(3, FrameWire.request("/", "HEAD"))
        _ = try server.next(.headers)
        try server.headers(3, [(":status", "200"), ("content-length", "4")])
        let headOnly = try client.message(3)
        #expect(headOnly.body.isEmpty)
        #expect(!headOnly.fields.contains { $0.0 == "content-length" })
    }
}
