import Foundation
import Testing

/// Routes of the Admin API that are told apart by more than host, path and method.
@Suite struct `routes with conditions` {
    private struct Case: Sendable {
        var vars: String
        var target = "/hello"
        var lines = ""
        var isMet: Bool
    }

    private static let cases = [
        Case(vars: #"[["arg_k","==","v"]]"#, target: "/hello?k=v&k=w", isMet: true),
        Case(vars: #"[["arg_k","==","v"]]"#, isMet: false),
        Case(vars: #"[["arg_k","v"]]"#, target: "/hello?k=%76", isMet: true),
        Case(vars: #"[["arg_k","~=","v"]]"#, isMet: true),
        Case(vars: #"[["arg_k","!","==","v"]]"#, isMet: true),
        Case(vars: #"[["arg_k","==",null]]"#, isMet: true),
        Case(vars: #"[["arg_k","==",null]]"#, target: "/hello?k=1", isMet: false),
        Case(vars: #"[["arg_k","==",10]]"#, target: "/hello?k=10.0", isMet: true),
        Case(vars: #"[["arg_k","==",10]]"#, target: "/hello?k=x", isMet: false),
        Case(vars: #"[["arg_k",">","9"]]"#, target: "/hello?k=10", isMet: true),
        Case(vars: #"[["arg_k","<",9]]"#, target: "/hello?k=10", isMet: false),
        Case(vars: #"[["http_x_team","~~","^r.d$"]]"#, lines: "X-Team: red\r\n", isMet: true),
        Case(vars: #"[["http_x_team","~~","^r.d$"]]"#, lines: "X-Team: RED\r\n", isMet: false),
        Case(vars: #"[["http_x_team","~*","^r.d$"]]"#, lines: "X-Team: RED\r\n", isMet: true),
        Case(vars: #"[["cookie_k","in",["a","b"]]]"#, lines: "Cookie: j=1; k=b\r\n", isMet: true),
        Case(vars: #"[["cookie_k","in",["a","b"]]]"#, lines: "Cookie: k=c\r\n", isMet: false),
        Case(vars: #"[["remote_addr","ipmatch",["10.0.0.0/8","127.0.0.1"]]]"#, isMet: true),
        Case(vars: #"[["remote_addr","!","ipmatch",["127.0.0.0/8"]]]"#, isMet: false),
        Case(
            vars: #"["OR",["arg_a","==","1"],["AND",["uri","==","/hello"],["request_method","==","GET"]]]"#, isMet: true
        ),
        Case(vars: #"["!OR",["arg_a","==","1"],["uri","==","/hello"]]"#, isMet: false),
        Case(vars: #"["!AND",["arg_a","==","1"],["uri","==","/hello"]]"#, isMet: true),
        Case(vars: #"[["nonsense","==","1"]]"#, isMet: false),
    ]

    private static func route(_ port: Int, _ more: String) -> String {
        #"{"uri":"/hello",\#(more),"upstream":{"type":"roundrobin","nodes":{"127.0.0.1:\#(port)":1}}}"#
    }

    @Test func `take the requests that fulfil them`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        for item in Self.cases {
            let written = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port, #""vars":\#(item.vars)"#))
            #expect(
                (200...201).contains(written.status), "\(item.vars): \(String(decoding: written.body, as: UTF8.self))")
            #expect(try gateway.get(item.target, item.lines).status == (item.isMet ? 200 : 404), "\(item)")
        }
    }

    @Test func `leave other requests to the routes that are left`() throws {
        let gateway = try AdminGateway()
        let (red, blue) = (try EchoUpstream(), try EchoUpstream())
        _ = try gateway.admin(
            "PUT", "/routes/1", Self.route(red.port, #""vars":[["arg_team","==","red"]],"priority":1"#))
        _ = try gateway.admin("PUT", "/routes/2", Self.route(blue.port, #""priority":0"#))
        #expect(try gateway.get("/hello?team=red").status == 200)
        #expect(try gateway.get("/hello?team=blue").status == 200)
        #expect((red.heads.count, blue.heads.count) == (1, 1))
    }

    @Test func `read forms and JSON in the body, which then goes on`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        func post(_ vars: String, _ type: String, _ body: String) throws -> Int {
            let written = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port, #""vars":\#(vars)"#))
            #expect((200...201).contains(written.status), "\(String(decoding: written.body, as: UTF8.self))")
            let wire = try Wire(port: gateway.port)
            try wire.send(
                "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(body)")
            return try wire.readAnswer().status
        }
        let form = "application/x-www-form-urlencoded"
        #expect(try post(#"[["post_arg_k","==","a b"]]"#, form, "k=a+b") == 200)
        #expect(try post(#"[["post_arg_k","==","a b"]]"#, "text/plain", "k=a+b") == 404)
        #expect(try post(#"[["post_arg.model.name","==","x"]]"#, "application/json", #"{"model":{"name":"x"}}"#) == 200)
        #expect(try post(#"[["post_arg.model.name","==","x"]]"#, "application/json", #"{"model":"x"}"#) == 404)
        #expect(try post(#"[["post_arg.n",">",3]]"#, "application/json", #"{"n":4}"#) == 200)
        let types = #"[["post_arg.m[*].c[*].type","has","image"]]"#
        #expect(try post(types, "application/json", #"{"m":[{"c":[{"type":"text"},{"type":"image"}]}]}"#) == 200)
        #expect(try post(types, "application/json", #"{"m":[{"c":[{"type":"text"}]},{"d":1}]}"#) == 404)
        #expect(upstream.heads.count == 4)
    }

    @Test func `take clients by their address`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        let lists = [
            (#""remote_addr":"127.0.0.3/24""#, 200), (#""remote_addrs":["10.0.0.1","::1"]"#, 404),
            (#""remote_addrs":["10.0.0.1","127.0.0.1"]"#, 200),
        ]
        for (list, status) in lists {
            _ = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port, list))
            #expect(try gateway.get("/hello").status == status, "\(list)")
        }
    }

    @Test(arguments: [
        (#""vars":["arg_k","==","v"]"#, "rule should be wrapped inside brackets"),
        (#""vars":[["arg_k","=","v"]]"#, "invalid operator '='"),
        (#""vars":[["arg_k","?","==","v"]]"#, "bad 'not' expression"),
        (#""vars":["OR",["arg_k","==","v"]]"#, "rule too short"),
        (#""vars":[["post_arg.a[.b","==","v"]]"#, "failed to validate the 'vars' expression: invalid expression"),
        (#""vars":[["uri","~~","("]]"#, "invalid regular expression: this group is not closed"),
        (#""remote_addr":"127.0.0.33333""#, #"property \"remote_addr\" validation failed"#),
        (#""remote_addr":"::1","remote_addrs":["::1"]"#, "only one of remote_addr or remote_addrs is allowed"),
        (#""filter_func":"function(vars) return true end""#, "there is no Lua here"),
    ])
    func `are refused with a reason`(_ item: (more: String, message: String)) throws {
        let gateway = try AdminGateway()
        let answer = try gateway.admin("PUT", "/routes/1", Self.route(1, item.more))
        #expect(answer.status == 400)
        #expect(String(decoding: answer.body, as: UTF8.self).contains(item.message), "\(item)")
    }
}
