import Foundation
import JOSE
import Testing

@Suite struct `Requests whose body rules read` {
    private let upstream: Upstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try Upstream()
        let routes = """
            - name: ruled
              matches: [{path: {pathPrefix: /ruled}}]
              policies:
                authorization:
                  rules: ['request.method == "HEAD" || json(request.body).team == "red"']
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            - name: known
              matches: [{path: {pathPrefix: /known}}]
              policies:
                jwtAuth:
                  mode: strict
                  issuer: https://issuer.test
                  audiences: [api]
                  jwks: '\(Tokens.key.verificationJWKS.text)'
                authorization: {rules: ['json(request.body).owner == jwt.sub']}
              backends: [{host: "127.0.0.1:\(upstream.port)"}]
            """
        gateway = try RunningGateway(
            .init(
                config: "timeouts: {body: 5s}\nlimits: {bufferedBodyBytes: 100000, bufferedBytes: 1048576}",
                accessLog: "text", routes: routes), upstreamPort: upstream.port)
    }

    private static let red = #"{"team":"red"}"#
    private static let blue = #"{"team":"no"}"#

    private static func post(_ path: String, _ body: String, _ lines: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)"
    }

    /// JSON of that size in bytes which the rule allows.
    private static func red(padTo count: Int) -> String {
        let frame = #"{"team":"red","x":""}"#
        return #"{"team":"red","x":""# + String(repeating: "x", count: count - frame.utf8.count) + "\"}"
    }

    @Test func `are forwarded whole where the rule holds, and refused where not`() throws {
        let client = try gateway.client()
        try client.send(Self.post("/ruled", Self.red))
        let connection = try upstream.accept()
        let head = try connection.readHead()
        #expect(head.hasPrefix("POST /ruled HTTP/1.1\r\n"))
        #expect(head.contains("Content-Length: 14\r\n"))
        #expect(!head.lowercased().contains("transfer-encoding"))
        #expect(try connection.read(count: 14).text == Self.red)
        try connection.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        try client.send(Self.post("/ruled", Self.blue))
        let refusal = try client.readAnswer()
        #expect(refusal.status == 403)
        #expect(refusal.refusal == "authorization_denied")
        #expect(refusal.value("connection") == nil)
        // The connection serves on; nothing of the refused request has gone to the upstream.
        try client.send(Self.post("/ruled", Self.red))
        #expect(try connection.readHead().hasPrefix("POST /ruled HTTP/1.1\r\n"))
        #expect(try connection.read(count: 14).text == Self.red)
        try connection.answer("two")
        #expect(try client.readAnswer().body.text == "two")
        let log = try gateway.accessLog(lines: 3)
        #expect(log[0].contains(" in=14 "), "\(log[0])")
    }

    @Test func `are gathered from pieces of one byte, and the next request behind them is served`() throws {
        let client = try gateway.client()
        let chunked =
            "POST /ruled HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\n{\"tea\r\n9\r\nm\":\"red\"}\r\n0\r\nX-Sum: 7\r\nContent-Length: 1\r\n\r\n"
        for byte in Array((chunked + Self.post("/open", "next")).utf8) { try client.send([byte]) }
        let connection = try upstream.accept()
        #expect(try connection.readHead().contains("transfer-encoding: chunked\r\n"))
        #expect(try connection.read(through: "\r\n\r\n") == "e\r\n\(Self.red)\r\n0\r\nX-Sum: 7\r\n\r\n")
        try connection.answer("one")
        #expect(try client.readAnswer().body.text == "one")
        #expect(try connection.readHead().hasPrefix("POST /open HTTP/1.1\r\n"))
        #expect(try connection.read(count: 4).text == "next")
        try connection.answer("two")
        #expect(try client.readAnswer().body.text == "two")
    }

    @Test func `are answered in order when several come at once`() throws {
        let client = try gateway.client()
        try client.send(Self.post("/ruled", Self.blue) + Self.post("/ruled", Self.red) + Self.post("/ruled", Self.blue))
        #expect(try client.readAnswer().status == 403)
        let connection = try upstream.accept()
        _ = try connection.readHead()
        #expect(try connection.read(count: 14).text == Self.red)
        #expect(client.isSilent)
        try connection.answer("yes")
        #expect(try client.readAnswer().body.text == "yes")
        #expect(try client.readAnswer().status == 403)
    }

    @Test func `with an empty body in chunks have none`() throws {
        let client = try gateway.client()
        try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        #expect(try client.readAnswer().refusal == "authorization_denied")
        try client.send("HEAD /ruled HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        let connection = try upstream.accept()
        #expect(try connection.readHead().contains("transfer-encoding: chunked\r\n"))
        #expect(try connection.read(count: 5).text == "0\r\n\r\n")
    }

    @Test func `may be as large as the limit, and no byte larger`() throws {
        let client = try gateway.client()
        let body = Self.red(padTo: 100_000)
        try client.send(Self.post("/ruled", body))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        #expect(try connection.read(count: 100_000).text == body)
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
        try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n")
        let announced = try client.readAnswer()
        #expect(announced.status == 413)
        #expect(announced.refusal == "body_exceeds_buffer")
        let other = try gateway.client()
        try other.send("POST /ruled HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n\(body)")
        #expect(other.isSilent)
        try other.send("x")
        #expect(try other.readAnswer().refusal == "body_exceeds_buffer")
        #expect(!upstream.hasVisitor)
    }

    @Test func `are refused when they do not come whole in time`() throws {
        let client = try gateway.client()
        try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{")
        // A piece now and then does not put the end off: memory is held for all of it.
        let deadline = ContinuousClock.now + .seconds(30)
        while client.isSilent, ContinuousClock.now < deadline {
            poll(nil, 0, 200)
            _ = try? client.send(" ")
        }
        let answer = try client.readAnswer()
        #expect(answer.status == 408)
        #expect(answer.refusal == "request_timeout")
        #expect(!upstream.hasVisitor)
    }

    @Test func `are forgotten when their client goes`() throws {
        // All of them together would not find room.
        let body = Self.red(padTo: 100_000)
        for number in 1...15 {
            let client = try gateway.client()
            try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body.dropLast())
            client.close()
            try eventually("its end") { try gateway.metric("tollgate_aborted_responses_total") == Double(number) }
        }
        let client = try gateway.client()
        try client.send(Self.post("/ruled", body))
        let connection = try upstream.accept()
        _ = try connection.readHead()
        #expect(try connection.read(count: 100_000).text == body)
    }

    @Test func `are refused where all of them together are too large`() throws {
        let body = Self.red(padTo: 100_000).dropLast()
        // Ten of them find room, whichever come first.
        let crowd = try (0..<11).map { _ in
            let client = try gateway.client()
            try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n\(body)")
            return client
        }
        try eventually("an answer to one of them") { crowd.contains { !$0.isSilent } }
        let refused = try #require(crowd.first { !$0.isSilent })
        let answer = try refused.readAnswer()
        #expect(answer.status == 503)
        #expect(answer.refusal == "body_buffers_full")
    }

    @Test func `are told to go on by the gateway itself where they ask`() throws {
        let client = try gateway.client()
        try client.send(
            "POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(!upstream.hasVisitor)
        try client.send(Self.red)
        let connection = try upstream.accept()
        #expect(!(try connection.readHead().lowercased().contains("expect")))
        #expect(try connection.read(count: 14).text == Self.red)
        try connection.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `are not told to go on where they are too large, or their sender is not known`() throws {
        let client = try gateway.client()
        try client.send(
            "POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.readAnswerHead().status == 413)
        let stranger = try gateway.client()
        try stranger.send(
            "POST /known HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\nExpect: 100-continue\r\n\r\n")
        #expect(try stranger.readAnswerHead().refusal == "token_missing")
    }

    @Test func `are judged with the claims of the token that came with them`() throws {
        let token = "Authorization: Bearer \(try Tokens.token())\r\n"
        let client = try gateway.client()
        try client.send(Self.post("/known", #"{"owner":"mallory"}"#, token))
        #expect(try client.readAnswer().refusal == "authorization_denied")
        try client.send(Self.post("/known", #"{"owner":"alice"}"#, token))
        let connection = try upstream.accept()
        #expect(!(try connection.readHead().contains("Authorization")))
        #expect(try connection.read(count: 17).text == #"{"owner":"alice"}"#)
    }

    @Test func `are sent again with their body where a kept connection has died`() throws {
        let client = try gateway.client()
        try client.send(Self.post("/ruled", Self.red))
        let first = try upstream.accept()
        _ = try first.readHead()
        _ = try first.read(count: 14)
        try first.answer()
        #expect(try client.readAnswer().status == 200)
        let put = Self.post("/ruled", Self.red).replacingOccurrences(of: "POST", with: "PUT")
        try client.send(put)
        #expect(try first.readHead().hasPrefix("PUT /ruled HTTP/1.1\r\n"))
        _ = try first.read(count: 14)
        first.abort()
        let second = try upstream.accept()
        #expect(try second.readHead().hasPrefix("PUT /ruled HTTP/1.1\r\n"))
        #expect(try second.read(count: 14).text == Self.red)
        try second.answer("again")
        #expect(try client.readAnswer().body.text == "again")
    }

    @Test func `close the connection when they are no HTTP`() throws {
        let client = try gateway.client()
        try client.send("POST /ruled HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX")
        #expect(try client.readAnswer().refusal == "malformed_request")
        let half = try gateway.client()
        try half.send("POST /ruled HTTP/1.1\r\nHost: a\r\nContent-Length: 14\r\n\r\n{")
        half.endSending()
        #expect(try half.isClosedWithoutAWord())
        #expect(!upstream.hasVisitor)
    }
}
