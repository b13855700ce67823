import JOSE
import Testing

@Suite struct `The main job` {
    private let stage: Stage

    init() throws { stage = try Stage() }

    @Test func `a good token gets through, and stays behind`() throws {
        let token = try Tokens.token()
        let (client, upstream, head) = try stage.exchange(
            "GET /a/../b?c=d HTTP/1.1\r\nHost: Example.test\r\nAuthorization: Bearer \(token)\r\nX-Forwarded-For: 1.2.3.4\r\n"
                + "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n\r\n")
        #expect(
            head.split(separator: "\r\n").map(String.init) == [
                "GET /b?c=d HTTP/1.1", "Host: Example.test", "X-End: 2", "x-forwarded-for: 127.0.0.1",
                "x-forwarded-proto: http", "x-forwarded-host: Example.test",
            ])
        try upstream.answer("hello", "X-A: 1\r\n")
        let answer = try client.readAnswer()
        #expect(answer.status == 200)
        #expect(answer.body.text == "hello")
        #expect(answer.value("x-a") == "1")
        #expect(answer.value("date") != nil)
    }

    @Test func `the same token gets through again on both connections`() throws {
        let token = try Tokens.token()
        let client = try stage.client()
        var upstream: Wire?
        for index in 0..<5 {
            try client.send("GET /\(index) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n")
            let connection = try upstream ?? stage.upstream.accept()
            upstream = connection
            #expect(try connection.readHead().hasPrefix("GET /\(index) "))
            try connection.answer("\(index)")
            #expect(try client.readAnswer().body.text == "\(index)")
        }
        #expect(!stage.upstream.hasVisitor)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var lines: @Sendable () throws -> String
        var status = 401
        var code: String
        var challenge: String?
        var testDescription: String { name }
    }

    static let refused: [Refused] = [
        Refused(name: "no token", lines: { "" }, code: "token_missing", challenge: "Bearer realm="),
        Refused(name: "another scheme", lines: { "Authorization: Basic YTpi\r\n" }, code: "token_missing"),
        Refused(
            name: "expired", lines: { "Authorization: Bearer \(try Tokens.token(expiresIn: -120))\r\n" },
            code: "token_expired", challenge: #"error="invalid_token""#),
        Refused(
            name: "another audience", lines: { "Authorization: Bearer \(try Tokens.token(audience: "web"))\r\n" },
            code: "audience_mismatch"),
        Refused(
            name: "another key", lines: { "Authorization: Bearer \(try Tokens.token(key: Tokens.stranger))\r\n" },
            code: "signature_invalid"),
        Refused(
            name: "tampered",
            lines: {
                var parts = try Tokens.token().split(separator: ".").map(String.init)
                parts[1] = try Tokens.token(expiresIn: 9000).split(separator: ".").map(String.init)[1]
                return "Authorization: Bearer \(parts.joined(separator: "."))\r\n"
            }, code: "signature_invalid"),
        Refused(name: "garbage", lines: { "Authorization: Bearer x\r\n" }, code: "token_malformed"),
        Refused(
            name: "two tokens",
            lines: {
                let token = try Tokens.token()
                return "Authorization: Bearer \(token)\r\nAuthorization: Bearer \(token)\r\n"
            }, status: 400, code: "token_ambiguous", challenge: #"error="invalid_request""#),
    ]

    @Test(arguments: refused)
    func `what is no good token is refused and never seen by the upstream`(_ entry: Refused) throws {
        let client = try stage.client()
        for method in ["GET", "HEAD", "GET"] {
            try client.send("\(method) / HTTP/1.1\r\nHost: a\r\n\(try entry.lines())\r\n")
            let answer = try client.readAnswer(toHead: method == "HEAD")
            #expect(answer.status == entry.status)
            #expect(answer.refusal == entry.code)
            #expect(answer.value("www-authenticate")?.contains(entry.challenge ?? "Bearer") == true)
            #expect(answer.value("content-length") != "0")
        }
        #expect(!stage.upstream.hasVisitor)
    }

    @Test func `an open route needs no token, and an upstream that is not there is 502`() throws {
        let (client, upstream, _) = try stage.exchange("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
        for _ in 0..<2 {
            try client.send("GET /closed HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.readAnswer()
            #expect(answer.status == 502)
            #expect(answer.refusal == "upstream_unreachable")
        }
    }
}
