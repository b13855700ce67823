import Foundation
import Testing

/// A gateway, an upstream, and one route with plugins.
struct PluggedGateway {
    let gateway: AdminGateway
    let upstream: EchoUpstream

    /// - Parameter lines: of the upstream's answers.
    init(lines: String = "") throws {
        gateway = try AdminGateway()
        upstream = try EchoUpstream(lines: lines)
    }

    func write(_ plugins: String, uri: String = "/*", more: String = "") throws -> Answer {
        let nodes = #""upstream":{"type":"roundrobin","nodes":{"127.0.0.1:\#(upstream.port)":1}}"#
        return try gateway.admin(
            "PUT", "/routes/1", #"{"name":"here","uri":"\#(uri)","plugins":{\#(plugins)}\#(more),\#(nodes)}"#)
    }

    func plug(_ plugins: String, uri: String = "/*", more: String = "") throws {
        let answer = try write(plugins, uri: uri, more: more)
        #expect((200...201).contains(answer.status), "\(String(decoding: answer.body, as: UTF8.self))")
    }

    /// What a request becomes: the head that the upstream gets.
    func head(_ target: String, _ lines: String = "", method: String = "GET") throws -> String {
        let answer = try send(target, lines, method: method)
        #expect(answer.status == 200, "\(target)")
        return upstream.heads.last ?? ""
    }

    func send(_ target: String, _ lines: String = "", method: String = "GET") throws -> Answer {
        let wire = try Wire(port: gateway.port)
        let host = lines.lowercased().contains("host:") ? "" : "Host: localhost\r\n"
        try wire.send("\(method) \(target) HTTP/1.1\r\n\(host)\(lines)Connection: close\r\n\r\n")
        return try wire.readAnswer(toHead: method == "HEAD")
    }
}

@Suite struct `plugins that change requests` {
    @Test func `rewrite path, query, host and method`() throws {
        let plugged = try PluggedGateway()
        let cases = [
            (#""uri":"/new""#, "/old?a=1", "GET /new?a=1 HTTP"), (#""uri":"/new?x=1""#, "/old", "GET /new?x=1 HTTP"),
            (#""uri":"/new?x=1""#, "/old?a=1", "GET /new?x=1&a=1 HTTP"),
            (#""uri":"/p/${arg_name}/$route_name""#, "/old?name=j%2Fk%20l", "GET /p/j/k%20l/here?name=j%2Fk%20l HTTP"),
            (#""uri":"/p/$arg_name""#, "/old?name=a%3Fb", "GET /p/a%3Fb?name=a%3Fb HTTP"),
            (#""uri":"/p/${arg_name ?? none}""#, "/old", "GET /p/none HTTP"),
            (#""uri":"/p$uri""#, "/a%20b/c", "GET /p/a%20b/c HTTP"),
            (#""regex_uri":["^/a/(.*)/(.*)$","/$2/${1}"]"#, "/a/b/c?q", "GET /c/b?q HTTP"),
            (#""regex_uri":["^/a/(.*)/(.*)$","/$1_$2x"]"#, "/a/b/c", "GET /b_cx HTTP"),
            (#""regex_uri":["^/a/(.*)","/x?y=$1"]"#, "/a/b?q=1", "GET /x?y=b&q=1 HTTP"),
            (#""regex_uri":["^/z","/no","^/a","/yes"]"#, "/a/b", "GET /yes/b HTTP"),
            (#""regex_uri":["^/a/(z)?([)(]?(?:b))","/$1-$2-$3"]"#, "/a/b", "GET /-b- HTTP"),
            (#""regex_uri":["^/a/(z)?.*","/c"],"headers":{"add":{"X-Found":"a/$1/$2/b"}}"#, "/a/b", "X-Found: a///b"),
            (#""regex_uri":["^/z","/no"]"#, "/a/b?q", "GET /a/b?q HTTP"),
            (#""regex_uri":["^/a(.*)","/$1"]"#, "/a//b", "GET /b HTTP"),
            (#""host":"other.test:81""#, "/a", "Host: other.test:81"), (#""method":"POST""#, "/a", "POST /a HTTP"),
            (#""headers":{"set":{"Host":"set.test"}}"#, "/a", "Host: set.test"),
        ]
        for (rewrite, target, expected) in cases {
            try plugged.plug(#""proxy-rewrite":{\#(rewrite)}"#)
            let head = try plugged.head(target)
            #expect(head.lowercased().contains(expected.lowercased()), "\(rewrite) \(target): \(head)")
        }
    }

    @Test(arguments: ["..%2F..", "../admin", "%2e%2e/admin", "a%5Cb"])
    func `let no variable lead out of its place`(_ value: String) throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""proxy-rewrite":{"uri":"/safe/$arg_p"}"#)
        let answer = try plugged.send("/a?p=\(value)")
        #expect(answer.status == 400 || (plugged.upstream.heads.last ?? "").contains("GET /safe/"))
        #expect(!plugged.upstream.heads.contains { $0.contains("GET /admin") })
    }

    @Test func `keep a request with HEAD what it is`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""proxy-rewrite":{"method":"GET"}"#)
        let answer = try plugged.send("/a", method: "HEAD")
        #expect((answer.status, answer.body.count) == (200, 0))
        #expect(plugged.upstream.heads.last?.hasPrefix("HEAD /a ") == true)
    }

    @Test func `add, set and remove headers, with variables and what a pattern has found`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(
            #"""
            "proxy-rewrite":{"regex_uri":["^/a/(.*)","/x/$1"],"headers":{"add":{"X-Add":["1",2]},"set":{"X-Id":"$1",
            "X-From":"$remote_addr $http_x_in","X-None":"<$arg_none>","X-Two":["a","$uri"]},"remove":["X-Gone"]}}
            """#)
        let head = try plugged.head("/a/b", "X-In: in\r\nX-Gone: 1\r\nX-Add: 0\r\nX-From: forged\r\n").lowercased()
        for line in [
            "get /x/b http", "x-add: 0\r\n", "x-add: 1\r\n", "x-add: 2\r\n", "x-id: b\r\n",
            "x-from: 127.0.0.1 in\r\n", "x-none: <>\r\n", "x-two: a\r\n", "x-two: /a/b\r\n",
        ] {
            #expect(head.contains(line), "\(line) in \(head)")
        }
        #expect(!head.contains("x-gone") && !head.contains("forged"))
        try plugged.plug(
            #""proxy-rewrite":{"use_real_request_uri_unsafe":false,"headers":{"X-Old":"$host","X-Number":5,"X-Void":""}}"#
        )
        let old = try plugged.head("/a", "X-Old: 1\r\nX-Void: 1\r\n").lowercased()
        #expect(old.contains("x-old: localhost\r\n") && old.contains("x-number: 5\r\n") && !old.contains("x-void"))
    }

    @Test func `of global rules run before a route's own`() throws {
        let plugged = try PluggedGateway()
        let rule = #"{"plugins":{"proxy-rewrite":{"uri":"/global","headers":{"set":{"X-A":"global","X-B":"global"}}}}}"#
        #expect(try plugged.gateway.admin("PUT", "/global_rules/1", rule).status == 201)
        try plugged.plug("")
        #expect(try plugged.head("/a").contains("GET /global "))
        try plugged.plug(#""proxy-rewrite":{"headers":{"set":{"X-A":"own"}}}"#)
        let head = try plugged.head("/a").lowercased()
        #expect(head.contains("get /global ") && head.contains("x-a: own\r\n") && head.contains("x-b: global\r\n"))
    }

    @Test func `name requests`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""request-id":{}"#)
        let answer = try plugged.send("/a")
        let id = try #require(answer.values("x-request-id").first)
        #expect(id.count == 36)
        #expect(plugged.upstream.heads.last?.lowercased().contains("x-request-id: \(id)") == true)
        #expect(try plugged.send("/a", "X-Request-Id: mine\r\n").values("x-request-id") == ["mine"])
        try plugged.plug(#""request-id":{"header_name":"X-My","algorithm":"nanoid","include_in_response":false}"#)
        let head = try plugged.head("/a")
        #expect(head.range(of: "(?i)x-my: [\\w-]{21}\r\n", options: .regularExpression) != nil)
        try plugged.plug(#""request-id":{"algorithm":"range_id","range_id":{"length":8,"char_set":"abcdef"}}"#)
        let short = try #require(try plugged.send("/a").values("x-request-id").first)
        #expect(short.count == 8 && short.allSatisfy { "abcdef".contains($0) })
    }

    @Test func `name requests for a global rule and for the route, where these write it into headers of their own`()
        throws
    {
        let plugged = try PluggedGateway()
        let rule = #"{"plugins":{"request-id":{"header_name":"Global-Request-ID"}}}"#
        #expect(try plugged.gateway.admin("PUT", "/global_rules/1", rule).status == 201)
        try plugged.plug(#""request-id":{"header_name":"Route-Request-ID"}"#)
        let answer = try plugged.send("/a", "Global-Request-ID: mine\r\n")
        let own = try #require(answer.values("route-request-id").first)
        #expect(own.count == 36)
        #expect(answer.values("global-request-id") == ["mine"])
        let head = try #require(plugged.upstream.heads.last?.lowercased())
        #expect(head.contains("route-request-id: \(own)\r\n") && head.contains("global-request-id: mine\r\n"))
        // In one header there is one name.
        try plugged.plug(#""request-id":{"header_name":"global-request-id","algorithm":"nanoid"}"#)
        let names = try plugged.send("/a").values("global-request-id")
        #expect(names.map(\.count) == [21])
    }

    @Test(arguments: [
        (#""limit-count":"x""#, #"{"error_msg":"invalid plugin conf \"x\" for plugin [limit-count]"}"#),
        (#""proxy-rewrite":{"uri":"new"}"#, #"failed to match pattern \"^\\/.*\" with \"new\""#),
        (#""proxy-rewrite":{}"#, "expect object to have at least 1 properties"),
        (#""proxy-rewrite":{"regex_uri":["^/a","/b","^/c"]}"#, "The length of regex_uri should be an even number"),
        (#""proxy-rewrite":{"headers":{"":"b"}}"#, "invalid field length in header"),
        (#""proxy-rewrite":{"headers":{"a b":"b"}}"#, "invalid field character in header"),
        (#""proxy-rewrite":{"headers":{"set":{"Content-Length":"1"}}}"#, "`Content-Length` cannot be changed"),
        (#""proxy-rewrite":{"method":"HEAD"}"#, "`HEAD` is part of APISIX and not offered"),
        (#""proxy-rewrite":{"regex_uri":["(","/b"]}"#, "invalid regular expression"),
        (#""redirect":{"uri":"/a","http_to_https":true}"#, "matches both schemas 1 and 3"),
        (#""redirect":{}"#, "value should match only one schema, but matches none"),
        (
            #""redirect":{"http_to_https":true,"append_query_string":true}"#,
            "only one of `http_to_https` and `append_query_string` can be configured."
        ),
        (#""cors":{"allow_origins":"a.test"}"#, "failed to match pattern"),
        (#""cors":{"allow_credential":true}"#, "you can not set '*' for other option when 'allow_credential' is true"),
        (#""cors":{"allow_origins_by_regex":["("]}"#, "is not a regular expression"),
        (#""ip-restriction":{"whitelist":["10.0.0.256"]}"#, "failed to validate item 1"),
        (#""ip-restriction":{"whitelist":["::1"],"blacklist":["::2"]}"#, "matches both schemas 1 and 2"),
        (#""limit-count":{"count":0,"time_window":1}"#, "value should match only one schema, but matches none"),
        (#""limit-count":{"count":1}"#, "value should match only one schema, but matches none"),
        (#""limit-count":{"count":1,"time_window":1,"policy":"redis"}"#, "`redis` is part of APISIX and not offered"),
        (#""limit-count":{"count":"ten","time_window":1}"#, #"\"ten\" is no number above zero, nor a variable"#),
        (#""limit-count":{"count":1,"time_window":1,"window_type":"sliding"}"#, "`sliding` is part of APISIX"),
        (#""limit-count":{"count":1,"rules":[]}"#, "count/time_window and rules cannot be specified at the same time"),
        (#""limit-count":{"group":"g","rules":[]}"#, "group and rules cannot be specified at the same time"),
        (
            #""limit-count":{"rules":[{"count":1,"time_window":1,"key":"$uri"},{"count":2,"time_window":9,"key":"$uri"}]}"#,
            "duplicate key '$uri' in rules"
        ),
        (
            #""limit-count":{"rules":[{"count":1,"time_window":1,"key":"a","header_prefix":"A"},"#
                + #"{"count":2,"time_window":9,"key":"b","header_prefix":"a"}]}"#,
            "duplicate header_prefix 'a' in rules"
        ),
        (
            #""limit-count":{"rules":[{"count":1,"time_window":1,"key":"a","header_prefix":"2"},"#
                + #"{"count":2,"time_window":9,"key":"b"}]}"#, "duplicate header_prefix '2' in rules"
        ),
        (
            #""limit-count":{"rules":[{"count":1,"time_window":1}]}"#,
            #"failed to validate item 1: property \"key\" is required"#
        ),
        (#""mocking":{}"#, "object matches none of the required"),
        (#""mocking":{"response_example":"","content_type":"image/png"}"#, "unsupported content type!"),
        (#""request-id":{"algorithm":"uuidv7"}"#, "`uuidv7` is part of APISIX and not offered"),
    ])
    func `are refused with a reason`(_ item: (plugins: String, message: String)) throws {
        let answer = try PluggedGateway().write(item.plugins)
        #expect(answer.status == 400)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(item.message), "\(item)")
    }
}

@Suite struct `plugins that answer or refuse` {
    @Test func `send clients elsewhere`() throws {
        let plugged = try PluggedGateway()
        let cases = [
            (#""uri":"/new$uri","ret_code":301"#, "/a?b=1", 301, "/new/a"),
            (#""uri":"https://$host.example/${request_uri}""#, "/a?b=1", 302, "https://localhost.example//a?b=1"),
            (#""uri":"/b?c","append_query_string":true"#, "/a?d", 302, "/b?c&d"),
            (#""uri":"/b","append_query_string":true"#, "/a?d", 302, "/b?d"),
            (#""uri":"/b","append_query_string":true"#, "/a", 302, "/b"),
            (#""regex_uri":["^/a/(.*)","http://x.test/$1"]"#, "/a/b", 302, "http://x.test/b"),
            (#""uri":"/$arg_to""#, "/a?to=x%0d%0aSet-Cookie:%20a", 302, "/x%0D%0ASet-Cookie:%20a"),
            (#""uri":"$uri/""#, "//evil.test", 302, "/evil.test/"),
            (#""http_to_https":true"#, "/a?b", 301, "https://localhost/a?b"),
        ]
        for (redirect, target, status, location) in cases {
            try plugged.plug(#""redirect":{\#(redirect)}"#)
            let answer = try plugged.send(target)
            #expect(answer.status == status, "\(redirect)")
            #expect(answer.values("location") == [location], "\(redirect)")
        }
        #expect(try plugged.send("/a", method: "POST").status == 308)
        #expect(plugged.upstream.heads.isEmpty)
        try plugged.plug(#""redirect":{"regex_uri":["^/a","/b"]}"#)
        #expect(try plugged.send("/c").status == 200)
    }

    @Test func `let scripts of other sites read answers`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""cors":{}"#)
        let open = try plugged.send("/a")
        #expect(open.values("access-control-allow-origin") == ["*"])
        #expect(open.values("access-control-allow-methods") == ["*"])
        #expect(open.values("access-control-max-age") == ["5"])
        #expect(open.values("access-control-expose-headers") == [])
        let preflight = try plugged.send("/a", "Origin: http://a.test\r\n", method: "OPTIONS")
        #expect((preflight.status, preflight.body.count) == (200, 0))
        #expect(preflight.values("access-control-allow-headers") == ["*"])
        #expect(plugged.upstream.heads.count == 1)
        try plugged.plug(
            #"""
            "cors":{"allow_origins":"http://a.test,http://b.test:81","allow_methods":"GET,PUT","allow_headers":"**",
            "expose_headers":"x,y","allow_credential":true,"timing_allow_origins":"http://a.test"}
            """#)
        let lines = "Origin: http://b.test:81\r\nAccess-Control-Request-Headers: X-One, X-Two\r\n"
        let listed = try plugged.send("/a", lines)
        #expect(listed.values("access-control-allow-origin") == ["http://b.test:81"])
        #expect(listed.values("access-control-allow-headers") == ["X-One, X-Two"])
        #expect(listed.values("access-control-allow-methods") == ["GET,PUT"])
        #expect(listed.values("access-control-expose-headers") == ["x,y"])
        #expect(listed.values("access-control-allow-credentials") == ["true"])
        #expect(listed.values("timing-allow-origin") == [])
        #expect(listed.values("vary") == ["Origin"])
        #expect(try plugged.send("/a", "Origin: http://c.test\r\n").values("access-control-allow-origin") == [])
        try plugged.plug(#""cors":{"allow_origins_by_regex":[".*\\.test$"]}"#)
        let found = try plugged.send("/a", "Origin: http://x.test\r\n").values("access-control-allow-origin")
        #expect(found == ["http://x.test"])
        #expect(try plugged.send("/a", "Origin: http://x.test.evil\r\n").values("access-control-allow-origin") == [])
        try plugged.plug(#""cors":{"allow_origins":"**"}"#)
        #expect(try plugged.send("/a", "Origin: null\r\n").values("access-control-allow-origin") == ["null"])
    }

    @Test func `let addresses in or keep them out`() throws {
        let plugged = try PluggedGateway()
        let cases = [
            (#""whitelist":["127.0.0.0/24","113.74.26.106"]"#, 200), (#""whitelist":["10.0.0.1","::1"]"#, 403),
            (#""blacklist":["127.0.0.1"]"#, 403), (#""blacklist":["10.0.0.0/8","fd00::/8"]"#, 200),
        ]
        for (list, status) in cases {
            try plugged.plug(#""ip-restriction":{\#(list)}"#)
            #expect(try plugged.send("/a").status == status, "\(list)")
        }
        try plugged.plug(#""ip-restriction":{"blacklist":["127.0.0.1"],"message":"Go away","response_code":404}"#)
        let answer = try plugged.send("/a")
        #expect(answer.status == 404)
        #expect(String(decoding: answer.body, as: UTF8.self) == #"{"message":"Go away"}"# + "\n")
    }

    @Test func `count requests, and say what is left`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""limit-count":{"count":2,"time_window":3600}"#)
        let first = try plugged.send("/a")
        #expect((first.status, first.values("x-ratelimit-limit")) == (200, ["2"]))
        #expect(first.values("x-ratelimit-remaining") == ["1"])
        let reset = try #require(first.values("x-ratelimit-reset").first.flatMap { Int($0) })
        #expect((3000...3600).contains(reset))
        #expect(try plugged.send("/a").values("x-ratelimit-remaining") == ["0"])
        let refused = try plugged.send("/a")
        #expect((refused.status, refused.refusal) == (503, "rate_limited"))
        #expect(refused.values("x-ratelimit-remaining") == ["0"])
        try plugged.plug(
            #"""
            "limit-count":{"count":1,"time_window":3600,"key_type":"var_combination","key":"$http_a $http_b",
            "rejected_code":429,"rejected_msg":"slow down","show_limit_quota_header":false}
            """#)
        for lines in ["A: 1\r\n", "A: 2\r\n", "A: 1\r\nB: 1\r\n", ""] {
            #expect(try plugged.send("/a", lines).status == 200)
            let refused = try plugged.send("/a", lines)
            #expect(refused.status == 429)
            #expect(String(decoding: refused.body, as: UTF8.self) == #"{"error_msg":"slow down"}"# + "\n")
            #expect(refused.values("x-ratelimit-limit") == [])
        }
        try plugged.plug(#""limit-count":{"count":1,"time_window":3600,"key":"http_a"}"#)
        #expect(try plugged.send("/a", "A: 1\r\n").status == 200)
        #expect(try plugged.send("/a", "A: 2\r\n").status == 200)
        #expect(try plugged.send("/a", "A: 2\r\n").status == 503)
        // Written as it was, it goes on; in other words, it begins anew.
        try plugged.plug(#""limit-count":{"count":1,"time_window":3600,"key":"http_a"}"#)
        #expect(try plugged.send("/a", "A: 2\r\n").status == 503)
        try plugged.plug(#""limit-count":{"count":1,"time_window":3600,"key":"http_a","rejected_msg":"no"}"#)
        #expect(try plugged.send("/a", "A: 2\r\n").status == 200)
    }

    @Test func `count together in a group, which is alike everywhere`() throws {
        let plugged = try PluggedGateway()
        func route(_ id: Int, _ count: Int) throws -> Answer {
            let limit = #"{"count":\#(count),"time_window":3600,"group":"g","key_type":"constant","key":"k"}"#
            return try plugged.gateway.admin(
                "PUT", "/routes/\(id)",
                #"{"uri":"/\#(id)","plugins":{"limit-count":\#(limit)},"upstream":{"nodes":{"127.0.0.1:\#(plugged.upstream.port)":1}}}"#
            )
        }
        #expect(try route(1, 1).status == 201)
        #expect(try route(2, 1).status == 201)
        #expect(try plugged.send("/1").status == 200)
        #expect(try plugged.send("/2").status == 503)
        let other = try route(3, 2)
        #expect(other.status == 400)
        let message = "failed to check the configuration of plugin limit-count err: group conf mismatched"
        #expect(String(decoding: other.body, as: UTF8.self) == #"{"error_msg":"\#(message)"}"# + "\n")
    }

    @Test func `mock answers`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(
            #"""
            "mocking":{"response_example":"{\"a\":\"$arg_a\"}","response_status":201,"response_headers":{"X-A":"$uri","X-B":2}}
            """#)
        let answer = try plugged.send("/m?a=1")
        #expect((answer.status, String(decoding: answer.body, as: UTF8.self)) == (201, #"{"a":"1"}"#))
        #expect(answer.values("content-type") == ["application/json;charset=utf8"])
        #expect(answer.values("x-a") == ["/m"] && answer.values("x-b") == ["2"])
        #expect(answer.values("x-mock-by") == ["Tollgate"])
        try plugged.plug(
            #"""
            "mocking":{"with_mock_header":false,"response_schema":{"type":"object","properties":{"id":{"type":"integer",
            "example":7.9},"tags":{"type":"array","items":{"type":"string"}}}}}
            """#)
        let made = try plugged.send("/m")
        #expect(String(decoding: made.body, as: UTF8.self) == #"{"id":7,"tags":["string"]}"#)
        #expect(made.values("x-mock-by") == [])
        #expect(plugged.upstream.heads.isEmpty)
    }
}

@Suite struct `plugins that change answers` {
    @Test func `replace status, headers and body`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(
            #"""
            "response-rewrite":{"status_code":201,"body":"new","headers":{"add":["X-Add: a:b"],
            "set":{"X-Set":"$arg_a/$uri","Content-Type":"text/x"},"remove":["Server"]}}
            """#)
        let answer = try plugged.send("/r?a=1")
        #expect((answer.status, String(decoding: answer.body, as: UTF8.self)) == (201, "new"))
        #expect(answer.values("x-add") == ["a:b"] && answer.values("x-set") == ["1//r"])
        #expect(answer.values("content-type") == ["text/x"] && answer.values("content-length") == ["3"])
        let head = try plugged.send("/r", method: "HEAD")
        #expect((head.status, head.body.count) == (201, 0))
        try plugged.plug(#""response-rewrite":{"body":"AAEC","body_base64":true}"#)
        #expect(try plugged.send("/r").body == [0, 1, 2])
        try plugged.plug(#""response-rewrite":{"status_code":404,"headers":{"X-Old":1}}"#)
        let kept = try plugged.send("/r")
        #expect(kept.status == 404 && kept.values("x-old") == ["1"])
        #expect(String(decoding: kept.body, as: UTF8.self).hasPrefix("GET /r "))
        try plugged.plug(#""response-rewrite":{"status_code":204}"#)
        let empty = try plugged.send("/r")
        #expect((empty.status, empty.values("content-length")) == (204, []))
    }

    @Test func `change those answers alone that fulfil conditions`() throws {
        let plugged = try PluggedGateway()
        let rewrite = #""response-rewrite":{"vars":[["status","==",500]],"status_code":403,"body":"new"}"#
        try plugged.plug(#""mocking":{"response_example":"old","response_status":500},"# + rewrite)
        let changed = try plugged.send("/r")
        #expect((changed.status, String(decoding: changed.body, as: UTF8.self)) == (403, "new"))
        try plugged.plug(rewrite)
        let kept = try plugged.send("/r")
        #expect((kept.status, String(decoding: kept.body, as: UTF8.self).hasPrefix("GET /r ")) == (200, true))
        let rule = #"{"plugins":{"response-rewrite":{"headers":{"X-All":"$status"}}}}"#
        #expect(try plugged.gateway.admin("PUT", "/global_rules/1", rule).status == 201)
        // They are about what the backend says.
        try plugged.plug(#""response-rewrite":{"vars":[["sent_http_x_all","==","200"]],"headers":{"X-Own":1}}"#)
        #expect(try plugged.send("/r").values("x-own") == [])
        try plugged.plug(
            #""response-rewrite":{"vars":[["http_x_y","==","1"],["upstream_status","<",201]],"headers":{"X-Own":1}}"#)
        for (line, own) in [("x_y: 1\r\n", ["1"]), ("X-Y: 1\r\n", ["1"]), ("X-Y: 2\r\n", [])] {
            let answer = try plugged.send("/r", line)
            #expect(answer.values("x-all") == ["200"] && answer.values("x-own") == own, "\(line)")
        }
        let wrong = try plugged.write(#""response-rewrite":{"vars":[["status","is",200]]}"#)
        #expect(wrong.status == 400)
        #expect(String(decoding: wrong.body, as: UTF8.self).contains("'vars' expression: invalid operator 'is'"))
    }

    @Test func `say nothing of a body that is gone`() throws {
        let plugged = try PluggedGateway()
        let mocked = #""mocking":{"response_example":"old","response_headers":{"ETag":"1","Content-Encoding":"gzip"}}"#
        try plugged.plug(mocked)
        #expect(try plugged.send("/r").values("etag") == ["1"])
        try plugged.plug(mocked + #","response-rewrite":{"body":"new"}"#)
        let gone = try plugged.send("/r")
        #expect(String(decoding: gone.body, as: UTF8.self) == "new")
        #expect(gone.values("etag") == [] && gone.values("content-encoding") == [])
        try plugged.plug(mocked + #","response-rewrite":{"body":"new","headers":{"etag":"2"}}"#)
        #expect(try plugged.send("/r").values("etag") == ["2"])
    }

    @Test func `leave the connection as it was`() throws {
        let plugged = try PluggedGateway()
        try plugged.plug(#""response-rewrite":{"body":"new"}"#)
        let wire = try Wire(port: plugged.gateway.port)
        for _ in 0..<3 {
            try wire.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try wire.readAnswer().body == Array("new".utf8))
        }
    }

    @Test func `change what the gateway answers itself, and leave refusals what they are`() throws {
        let plugged = try PluggedGateway()
        let rewrite = #""response-rewrite":{"status_code":299,"body":"new","headers":{"set":{"X-A":"1"}}}"#
        try plugged.plug(#""mocking":{"response_example":"old"},"# + rewrite)
        let mocked = try plugged.send("/a")
        #expect((mocked.status, String(decoding: mocked.body, as: UTF8.self)) == (299, "new"))
        #expect(mocked.values("x-a") == ["1"])
        try plugged.plug(#""key-auth":{},"# + rewrite)
        #expect(try plugged.send("/a").status == 401)
    }
}

@Suite struct `plugins that consumers bring along` {
    private static let keyAuth = #""key-auth":{}"#

    private func consumer(_ plugged: PluggedGateway, _ name: String, _ more: String) throws {
        let body = #"{"username":"\#(name)","plugins":{"key-auth":{"key":"\#(name)s"}\#(more)}"#
        let answer = try plugged.gateway.admin("PUT", "/consumers", body)
        #expect((200...201).contains(answer.status), "\(String(decoding: answer.body, as: UTF8.self))")
    }

    @Test func `hold for their requests, in the place of the route's`() throws {
        let plugged = try PluggedGateway()
        let limit = #"{"count":1,"time_window":3600,"key_type":"constant","key":"k"}"#
        let group = try plugged.gateway.admin("PUT", "/consumer_groups/g", #"{"plugins":{"limit-count":\#(limit)}}"#)
        #expect(group.status == 201)
        try consumer(plugged, "jack", #"},"group_id":"g""#)
        try consumer(plugged, "jane", #"},"group_id":"g""#)
        try consumer(plugged, "jill", #","proxy-rewrite":{"uri":"/jills"}}"#)
        try consumer(plugged, "joan", "}")
        try plugged.plug(
            Self.keyAuth + #","proxy-rewrite":{"uri":"/route","headers":{"set":{"X-A":"route"}}}"#, uri: "/a")
        func send(_ name: String) throws -> Int { try plugged.send("/a", "apikey: \(name)s\r\n").status }
        // Those of one group count together.
        #expect([try send("jack"), try send("jane")] == [200, 503])
        #expect([try send("joan"), try send("joan")] == [200, 200])
        #expect(plugged.upstream.heads.last?.hasPrefix("GET /route ") == true)
        #expect(try send("jill") == 200)
        #expect(plugged.upstream.heads.last?.hasPrefix("GET /jills ") == true)
    }

    @Test func `leave what a route makes of answers, or of requests`() throws {
        let plugged = try PluggedGateway()
        try consumer(plugged, "jack", #","proxy-rewrite":{"headers":{"set":{"X-A":"jacks"}}}}"#)
        try plugged.plug(Self.keyAuth + #","response-rewrite":{"headers":{"set":{"X-R":"route"}}}"#, uri: "/a")
        let answer = try plugged.send("/a", "apikey: jacks\r\n")
        #expect((answer.status, answer.values("x-r")) == (200, ["route"]))
        #expect(plugged.upstream.heads.last?.lowercased().contains("x-a: jacks\r\n") == true)
        try consumer(plugged, "jill", #","response-rewrite":{"body":"jills"}}"#)
        try plugged.plug(
            Self.keyAuth + #","proxy-rewrite":{"uri":"/route"},"response-rewrite":{"headers":{"X-R":"route"}}"#,
            uri: "/a")
        let own = try plugged.send("/a", "apikey: jills\r\n")
        #expect(String(decoding: own.body, as: UTF8.self) == "jills" && own.values("x-r") == [])
        #expect(plugged.upstream.heads.last?.hasPrefix("GET /route ") == true)
    }

    @Test func `let scripts read answers to their requests, and refusals of theirs`() throws {
        let plugged = try PluggedGateway()
        try consumer(plugged, "jack", #","cors":{"allow_origins":"https://jack.test"}}"#)
        try consumer(
            plugged, "jill", #","cors":{"allow_origins":"**"},"consumer-restriction":{"blacklist":["jill"]}}"#)
        let origin = "access-control-allow-origin"
        func answer(_ name: String, method: String = "GET") throws -> Answer {
            try plugged.send("/a", "apikey: \(name)s\r\nOrigin: https://jack.test\r\n", method: method)
        }
        try plugged.plug(Self.keyAuth)
        #expect(try answer("jack").values(origin) == ["https://jack.test"])
        let asked = try answer("jack", method: "OPTIONS")
        #expect((asked.status, asked.values(origin)) == (200, ["https://jack.test"]))
        #expect(plugged.upstream.heads.count == 1)
        let refused = try answer("jill")
        #expect((refused.status, refused.values(origin)) == (403, ["https://jack.test"]))
        let unknown = try answer("joan", method: "OPTIONS")
        #expect((unknown.status, unknown.values(origin)) == (401, []))
        try plugged.plug(Self.keyAuth + #","cors":{"allow_origins":"https://route.test","expose_headers":"X-R"}"#)
        let own = try answer("jack")
        #expect(own.values(origin) == ["https://jack.test"] && own.values("access-control-expose-headers") == [])
        #expect(try answer("joan").values(origin) == [])
    }

    @Test func `name requests, once`() throws {
        let plugged = try PluggedGateway()
        try consumer(plugged, "jack", #","request-id":{"header_name":"X-Jack"}}"#)
        try plugged.plug(Self.keyAuth)
        let answer = try plugged.send("/a", "apikey: jacks\r\n")
        let name = try #require(answer.values("x-jack").first)
        #expect(name.count == 36 && plugged.upstream.heads.last?.contains("X-Jack: \(name)\r\n") == true)
        #expect(try plugged.send("/a", "apikey: jacks\r\nX-Jack: own\r\n").values("x-jack") == ["own"])
        try plugged.plug(Self.keyAuth + #","request-id":{}"#)
        let both = try plugged.send("/a", "apikey: jacks\r\n")
        #expect(both.values("x-jack").count == 1 && both.values("x-jack") == both.values("x-request-id"))
    }

    @Test func `hold for the anonymous one, and keep out whom they keep out`() throws {
        let plugged = try PluggedGateway()
        let nobody = #"{"username":"nobody","plugins":{"limit-count":{"count":1,"time_window":3600}}}"#
        #expect(try plugged.gateway.admin("PUT", "/consumers", nobody).status == 201)
        try consumer(plugged, "jack", #","ip-restriction":{"blacklist":["127.0.0.1"]}}"#)
        try plugged.plug(#""key-auth":{"anonymous_consumer":"nobody"}"#)
        #expect([try plugged.send("/a").status, try plugged.send("/a").status] == [200, 503])
        #expect(try plugged.send("/a", "apikey: jacks\r\n").status == 403)
    }
}
