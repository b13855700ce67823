import Testing

@Suite struct `filters of answers` {
    private static func filters(_ filters: String, more: String = "") -> String {
        #""response-rewrite":{"filters":[\#(filters)]\#(more)}"#
    }

    @Test(arguments: [
        (#"{"regex":"secret","replace":"***"}"#, "secret secret", "*** secret"),
        (#"{"regex":"secret","replace":"","scope":"global"}"#, "a secret secret", "a  "),
        (#"{"regex":"(\\w+)@(\\w+)","replace":"$2 at ${1} ($0) $$1","scope":"global"}"#, "a@b", "b at a (a@b) $1"),
        (#"{"regex":"SECRET","replace":"x","options":"jio"}"#, "secret", "x"),
        (#"{"regex":"qu","replace":"QU"},{"regex":"QU","replace":"TT"}"#, "ququ", "TTqu"),
        (#"{"regex":"none","replace":"x"}"#, "some", "some"),
    ])
    func `replace what they find`(_ filters: String, _ sent: String, _ expected: String) throws {
        let about = [
            "ETag", "Last-Modified", "Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest",
        ]
        let plugged = try PluggedGateway(lines: about.map { "\($0): 1\r\n" }.joined())
        try plugged.plug(Self.filters(filters))
        let answer = try plugged.send("/r", "Mark: <\(sent)>\r\n")
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self).contains("Mark: <\(expected)>"))
        #expect(answer.values("content-length") == ["\(answer.body.count)"])
        for name in about { #expect(answer.values(name.lowercased()) == [], "\(name)") }
    }

    @Test func `ask for an answer that can be searched, and give none that can't`() throws {
        let plugged = try PluggedGateway(lines: "Content-Encoding: gzip\r\n")
        let filter = #"{"regex":"a","replace":"b"}"#
        try plugged.plug(Self.filters(filter))
        let answer = try plugged.send("/r", "Accept-Encoding: gzip, br\r\nRange: bytes=0-1\r\nIf-Range: \"1\"\r\n")
        #expect((answer.status, answer.refusal) == (502, "answer_encoded"))
        let head = plugged.upstream.heads.last?.lowercased() ?? ""
        #expect(head.contains("\r\naccept-encoding: identity\r\n") && !head.contains("gzip") && !head.contains("range"))
        // An answer without a body has nothing to be searched; and others are as they were.
        #expect(try plugged.send("/r", method: "HEAD").status == 200)
        try plugged.plug(Self.filters(filter, more: #","vars":[["status","==",500]]"#))
        #expect(try plugged.send("/r").values("content-encoding") == ["gzip"])
        try plugged.plug(
            #""mocking":{"response_example":"a","response_headers":{"Content-Encoding":"gzip"}},"#
                + Self.filters(filter))
        #expect(try plugged.send("/r").refusal == "answer_encoded")
    }

    @Test func `give none that is too long, or takes too long to be searched`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(Self.filters(#"{"regex":"b","replace":"c"}"#, more: #","max_resp_body_size":400"#))
        #expect(try plugged.send("/r").status == 200)
        let long = "Mark: \(String(repeating: "a", count: 4_000))\r\n"
        let wire = try Wire(port: plugged.gateway.port)
        for _ in 0..<2 {
            try wire.send("GET /r HTTP/1.1\r\nHost: localhost\r\n\(long)\r\n")
            let answer = try wire.readAnswer()
            #expect((answer.status, answer.refusal) == (502, "answer_exceeds_buffer"))
        }
        try plugged.plug(Self.filters(#"{"regex":"a.*z|a","replace":"c","scope":"global"}"#))
        try wire.send("GET /r HTTP/1.1\r\nHost: localhost\r\n\(long)\r\n")
        #expect(try wire.readAnswer().refusal == "answer_exceeds_buffer")
    }

    @Test func `leave refusals as they are, and make no answer longer than one may be that they search`() throws {
        let plugged = try PluggedGateway()
        let empty = #"{"regex":"(?s).+","replace":""}"#
        try plugged.plug(Self.filters(empty, more: #","max_resp_body_size":10"#))
        let long = try plugged.send("/r")
        #expect((long.status, long.refusal) == (502, "answer_exceeds_buffer"))
        #expect(long.body.text.hasPrefix("{"))
        try plugged.plug(#""key-auth":{},"# + Self.filters(empty))
        let unknown = try plugged.send("/r")
        #expect(unknown.status == 401 && unknown.body.text.hasPrefix("{"))
        try plugged.plug(
            Self.filters(
                #"{"regex":"Q","replace":"\#(String(repeating: "b", count: 50))","scope":"global"}"#,
                more: #","max_resp_body_size":1000"#))
        #expect(try plugged.send("/r", "Mark: QQQQQ\r\n").status == 200)
        #expect(
            try plugged.send("/r", "Mark: \(String(repeating: "Q", count: 50))\r\n").refusal == "answer_exceeds_buffer")
    }

    @Test(arguments: [
        (#"{"regex":"a"}"#, #"failed to validate item 1: property \"replace\" is required"#),
        (#"{"regex":"","replace":"b"}"#, #"property \"regex\" validation failed: string too short"#),
        (#"{"regex":"a","replace":"b","scope":"two"}"#, #"property \"scope\" validation failed: matches none"#),
        (
            #"{"regex":"a","replace":"b","options":"h"}"#,
            #"regex \"a\" validation failed: unknown flag \"h\" (flags \"h\")"#
        ),
        (#"{"regex":"a","replace":"b","options":"x"}"#, "the flag `x` is part of APISIX and not offered"),
        (#"{"regex":"a(?=b)","replace":"b"}"#, "look-around is not supported"),
        (#"{"regex":"(","replace":"b"}"#, "is not a regular expression"),
        (#"{"regex":"a","replace":"$x"}"#, "write `$$` for a dollar"),
        (#"{"regex":"a","replace":"b"}],"body":"c","x":["#, #"dependent schema for \"filters\""#),
        ("", "expect array to have at least 1 items"),
        (
            Array(repeating: #"{"regex":"a","replace":"b"}"#, count: 17).joined(separator: ","),
            #"property \"filters\" validation failed: expect array to have at most 16 items"#
        ),
    ])
    func `are refused with a reason`(_ filters: String, _ message: String) throws {
        let answer = try PluggedGateway().write(Self.filters(filters))
        #expect(answer.status == 400)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(message), "\(answer)")
    }
}
