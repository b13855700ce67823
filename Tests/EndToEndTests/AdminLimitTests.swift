import Testing

@Suite struct `limits of requests` {
    @Test func `are as large as variables say, and last as long`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(
            #""limit-count":{"count":"$http_x_quota","time_window":"${http_x_window ?? 3600}","rejected_code":429}"#)
        let first = try plugged.send("/a", "X-Quota: 2\r\nX-Window: 1800\r\n")
        #expect((first.status, first.values("x-ratelimit-limit")) == (200, ["2"]))
        #expect(first.values("x-ratelimit-remaining") == ["1"])
        let reset = try #require(first.values("x-ratelimit-reset").first.flatMap { Int($0) })
        #expect((1000...1800).contains(reset))
        #expect(try plugged.send("/a", "X-Quota: 2\r\n").status == 200)
        #expect(try plugged.send("/a", "X-Quota: 2\r\n").status == 429)
        #expect(try plugged.send("/a", "X-Quota: 3\r\n").values("x-ratelimit-remaining") == ["0"])
        // Nobody passes by leaving it out.
        for line in ["", "X-Quota: many\r\n", "X-Quota: 0\r\n"] {
            let unknown = try plugged.send("/a", line)
            #expect((unknown.status, unknown.refusal) == (500, "rate_limit_unknown"))
        }
        try plugged.plug(#""limit-count":{"count":"$http_x_quota","time_window":60,"allow_degradation":true}"#)
        let degraded = try plugged.send("/a")
        #expect((degraded.status, degraded.values("x-ratelimit-limit")) == (200, []))
        try plugged.plug(#""limit-count":{"count":"$no_such_variable","time_window":60}"#)
        #expect(try plugged.send("/a").status == 500)
    }

    @Test func `stand side by side as rules, of which one has to be about the request`() throws {
        let plugged = try PluggedGateway()
        let rules = #"""
            {"key":"${http_user}","count":"${http_quota}","time_window":3600,"header_prefix":"jack"},
            {"key":"$http_project","count":1,"time_window":3600}
            """#
        try plugged.plug(#""limit-count":{"rejected_msg":"no more","rules":[\#(rules)]}"#)
        #expect(try plugged.send("/a").status == 500)
        #expect(try plugged.send("/a", "User: a\r\n").status == 500)
        let jack = try plugged.send("/a", "User: a\r\nQuota: 2\r\n")
        #expect((jack.status, jack.values("x-jack-ratelimit-limit")) == (200, ["2"]))
        #expect(jack.values("x-jack-ratelimit-remaining") == ["1"])
        #expect(jack.values("x-ratelimit-limit") == [] && jack.values("x-2-ratelimit-limit") == [])
        let both = try plugged.send("/a", "User: a\r\nQuota: 2\r\nProject: p\r\n")
        #expect(both.status == 200)
        #expect(both.values("x-jack-ratelimit-remaining") == ["0"] && both.values("x-2-ratelimit-remaining") == ["0"])
        let refused = try plugged.send("/a", "Project: p\r\n")
        #expect(String(decoding: refused.body, as: UTF8.self) == #"{"error_msg":"no more"}"# + "\n")
        #expect((refused.status, refused.values("x-2-ratelimit-remaining")) == (503, ["0"]))
        #expect(try plugged.send("/a", "User: b\r\nQuota: 2\r\n").status == 200)
        try plugged.plug(#""limit-count":{"allow_degradation":true,"rules":[\#(rules)]}"#)
        #expect(try plugged.send("/a").status == 200)
    }
}
