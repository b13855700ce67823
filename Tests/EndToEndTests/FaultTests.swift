import Foundation
import Testing

@Suite struct `A fault that is injected` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    private static let routes = """
        - name: fixed
          matches: [{path: {exact: /fixed}}]
          policies: {delay: {duration: 1500ms}}
          backends: [{host: "127.0.0.1:PORT"}]
        - name: chosen
          matches: [{path: {pathPrefix: /chosen}}]
          policies:
            delay: {duration: 'int(request.headers["x-milliseconds"])'}
          backends: [{host: "127.0.0.1:PORT"}]
        - name: two
          matches: [{path: {pathPrefix: /two}}]
          policies:
            delay: {duration: 'duration("200ms")'}
          backends: [{host: "127.0.0.1:PORT", policies: {http: {version: HTTP/2.0}}}]
        - name: bounded
          matches: [{path: {pathPrefix: /bounded}}]
          policies:
            delay: {duration: 5m}
            timeout: {requestTimeout: 200ms}
          backends: [{host: "127.0.0.1:PORT"}]
        - name: late
          matches: [{path: {pathPrefix: /late}}]
          policies:
            delay: {duration: 300ms}
            directResponse: {status: 200, body: late}
        - name: never
          matches: [{path: {pathPrefix: /never}}]
          policies:
            delay: {duration: 5m}
            directResponse: {status: 200}
            timeout: {requestTimeout: 200ms}
        - name: abort
          matches: [{path: {pathPrefix: /abort}}]
          policies:
            directResponse:
              conditional:
              - condition: request.headers["x-fault"] == "1"
                status: 503
                body: injected
              - {condition: 'random() < 0.5', status: 500}
              - {status: 418}
        - name: perhaps
          matches: [{path: {pathPrefix: /perhaps}}]
          policies:
            directResponse:
              conditional:
              - {condition: '"x-fault" in request.headers', status: 503}
          backends: [{host: "127.0.0.1:PORT"}]
        - name: page
          matches: [{path: {pathPrefix: /page}}]
          policies:
            directResponse:
              status: 200
              headers:
                content-type: '"application/json"'
                x-path: request.path
                x-host: request.headers["x-missing"]
              bodyExpression: 'toJson({"path": request.path, "query": request.uri.query("a")})'
        """

    init() throws {
        upstream = try Upstream()
        let routes = Self.routes.replacingOccurrences(of: "PORT", with: "\(upstream.port)")
        gateway = try RunningGateway(.init(accessLog: "text", routes: routes), upstreamPort: upstream.port)
    }

    private func client(_ path: String, _ lines: String = "", body: String = "") throws -> Wire {
        let client = try gateway.client()
        let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
        let method = body.isEmpty ? "GET" : "POST"
        try client.send("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(length)\(lines)\r\n\(body)")
        return client
    }

    private func serve(_ body: String = "ok", reading: String = "") throws -> String {
        let connection = try upstream.accept()
        let head = try connection.readHead()
        #expect(try connection.read(count: reading.utf8.count).text == reading)
        try connection.answer(body)
        return head
    }

    // MARK: - Delays

    @Test func `holds a request, with its body, and nobody else's`() throws {
        let start = ContinuousClock.now
        let late = try client("/fixed", body: "hello")
        // The one event loop serves others.
        let other = try client("/chosen", "X-Milliseconds: 0\r\n")
        #expect(try serve("quick").hasPrefix("GET /chosen "))
        #expect(try other.readAnswer().body.text == "quick")
        let connection = try upstream.accept()
        #expect(try connection.readHead().hasPrefix("POST /fixed "))
        #expect(ContinuousClock.now - start >= .milliseconds(1500))
        #expect(try connection.read(count: 5).text == "hello")
        try connection.answer("at last")
        #expect(try late.readAnswer().body.text == "at last")
        // The connections go on, on either side, bodies that have come and that have not included.
        for body in ["", "whole", "half"] {
            let sent = body == "half" ? "h" : body
            let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
            try late.send("PUT /chosen HTTP/1.1\r\nHost: a\r\n\(length)X-Milliseconds: 50\r\n\r\n\(sent)")
            #expect(try connection.readHead().hasPrefix("PUT /chosen "))
            if body == "half" { try late.send("alf") }
            #expect(try connection.read(count: body.utf8.count).text == body)
            try connection.answer("again")
            #expect(try late.readAnswer().body.text == "again")
        }
        #expect(try gateway.accessLog(lines: 5).count == 5)
    }

    @Test(arguments: ["X-Milliseconds: -5000\r\n", "X-Milliseconds: none\r\n", ""])
    func `is none where its expression says so, or fails`(_ lines: String) throws {
        let client = try client("/chosen", lines)
        _ = try serve()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `goes before requests by HTTP/2, too`() throws {
        let client = try FrameWire(port: gateway.port)
        let start = ContinuousClock.now
        try client.headers(1, FrameWire.request("/two", "POST"), end: false)
        try client.data(1, Array("up".utf8), end: true)
        let server = try FrameWire(serving: upstream.accept())
        _ = try server.next(.headers)
        #expect(ContinuousClock.now - start >= .milliseconds(200))
        #expect(try server.next(.data).payload.text == "up")
        try server.headers(1, [(":status", "204")])
        #expect(try client.message(1).status == 204)
    }

    @Test func `ends when its client leaves`() throws {
        let one = try client("/chosen", "X-Milliseconds: 300000\r\n")
        let two = try FrameWire(port: gateway.port)
        try two.headers(1, FrameWire.request("/chosen") + [("x-milliseconds", "300000")])
        let three = try client("/never")
        try eventually("three clients") { try gateway.metric("tollgate_connections_open") == 4 }
        one.abort()
        try two.send(.reset, stream: 1, payload: [0, 0, 0, 8])
        try eventually("the end of both") { try gateway.metric("tollgate_aborted_responses_total") == 2 }
        // The route's time goes on while its request waits.
        let answer = try three.readAnswer()
        #expect(answer.status == 504 && answer.refusal == "upstream_timeout")
        #expect(!upstream.hasVisitor)
    }

    @Test func `is not longer than the route's time`() throws {
        let client = try client("/bounded")
        let answer = try client.readAnswer()
        #expect(answer.status == 504 && answer.refusal == "upstream_timeout")
        #expect(try client.isClosedWithoutAWord())
        #expect(!upstream.hasVisitor)
    }

    @Test func `comes before an answer of the gateway's own`() throws {
        let start = ContinuousClock.now
        let client = try client("/late", "Connection: keep-alive\r\n")
        #expect(try client.readAnswer().body.text == "late")
        #expect(ContinuousClock.now - start >= .milliseconds(300))
        try client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /page HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().body.text == "late")
        #expect(try client.readAnswer().value("x-path") == "/page")
        // A body that nobody has read by then ends the connection.
        let sender = try self.client("/late", body: "hello")
        let answer = try sender.readAnswer()
        #expect(answer.body.text == "late" && answer.value("connection") == "close")
    }

    // MARK: - Answers

    @Test func `is the first of several answers whose condition holds, or none`() throws {
        #expect(try client("/abort", "X-Fault: 1\r\n").readAnswer().body.text == "injected")
        let client = try gateway.client()
        var statuses: [Int] = []
        for _ in 0..<100 {
            try client.send("GET /abort HTTP/1.1\r\nHost: a\r\n\r\n")
            statuses.append(try client.readAnswer().status)
        }
        #expect(Set(statuses) == [500, 418])
        #expect(try self.client("/perhaps", "X-Fault: 1\r\n").readAnswer().status == 503)
        let passing = try self.client("/perhaps")
        _ = try serve("passed")
        #expect(try passing.readAnswer().body.text == "passed")
    }

    @Test func `may be a whole answer of expressions`() throws {
        let answer = try client("/page/1?a=b").readAnswer()
        #expect(answer.value("content-type") == "application/json")
        #expect(answer.value("x-path") == "/page/1")
        #expect(answer.value("x-host") == nil)
        #expect(answer.body.text == #"{"path":"/page/1","query":["b"]}"#)
        let client = try gateway.client()
        try client.send("HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer(toHead: true).value("content-length") == "27")
    }
}
