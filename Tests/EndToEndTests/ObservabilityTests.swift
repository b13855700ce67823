import Foundation
import JOSE
import Testing

@Suite struct `The control address` {
    private let upstream: EchoUpstream
    private let gateway: RunningGateway

    init() throws {
        upstream = try EchoUpstream()
        gateway = try RunningGateway(.init(threads: 2), upstreamPort: upstream.port)
    }

    @Test func `counts answers by status, refusals by code and tokens in the cache`() throws {
        let token = "Authorization: Bearer \(try Tokens.token())\r\n"
        let expired = "Authorization: Bearer \(try Tokens.token(expiresIn: -1000))\r\n"
        // One connection, so that one loop has the token in its cache.
        let client = try gateway.client()
        for lines in [token, token, token, expired, "", ""] {
            try client.send("GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n")
            _ = try client.readAnswer()
        }
        #expect(try gateway.get("/closed").status == 502)
        #expect(try gateway.get("/open/%2f").status == 400)
        try eventually("the last answer in the count") {
            try gateway.metric("tollgate_responses_total{status=\"400\"}") == 1
        }
        let expected: [(String, Double)] = [
            ("tollgate_responses_total{status=\"200\"}", 3),
            ("tollgate_responses_total{status=\"401\"}", 3),
            ("tollgate_responses_total{status=\"502\"}", 1),
            ("tollgate_refusals_total{code=\"token_missing\"}", 2),
            ("tollgate_refusals_total{code=\"token_expired\"}", 1),
            ("tollgate_refusals_total{code=\"upstream_unreachable\"}", 1),
            ("tollgate_refusals_total{code=\"ambiguous_target\"}", 1),
            ("tollgate_token_cache_hits_total", 2),
            ("tollgate_token_cache_entries", 1),
            ("tollgate_request_duration_seconds_count", 8),
            ("tollgate_request_duration_seconds_bucket{le=\"+Inf\"}", 8),
            ("tollgate_upstream_retries_total", 0),
            ("tollgate_aborted_responses_total", 0),
        ]
        for (name, value) in expected { #expect(try gateway.metric(name) == value, "\(name)") }
    }

    @Test func `counts the time that answers of the gateway's own take, too`() throws {
        let route = "- matches: [{path: {exact: /own}}]\n  policies: {directResponse: {status: 200}}"
        let gateway = try RunningGateway(.init(accessLog: "text", routes: route), upstreamPort: upstream.port)
        #expect(try gateway.get("/own").status == 200)
        #expect(try #require(try gateway.metric("tollgate_request_duration_seconds_sum")) > 0)
        #expect(try !gateway.accessLog(lines: 1)[0].contains(" us=0 "))
    }

    @Test func `counts connections while they are open`() throws {
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = try client.readAnswer()
        #expect(try gateway.metric("tollgate_connections_open") == 2)
        client.close()
        gateway.firstConnection.close()
        try eventually("no open connection") { try gateway.metric("tollgate_connections_open") == 0 }
        #expect(try gateway.metric("tollgate_connections_accepted_total") == 2)
    }

    @Test func `says in Prometheus' format what each number is`() throws {
        let answer = try gateway.control("/metrics")
        #expect(answer.value("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
        var typed: Set<Substring> = []
        for line in answer.body.text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if line.hasPrefix("# TYPE ") {
                #expect(typed.insert(words[2]).inserted, "\(line)")
            } else if !line.hasPrefix("#") {
                #expect(words.count == 2 && Double(words[1]) != nil, "\(line)")
                let name = words[0].prefix { $0 != "{" }
                #expect(typed.contains { name.hasPrefix($0) }, "\(line)")
            }
        }
        #expect(typed.count > 10)
    }

    @Test func `answers whether the gateway is ready and alive, and nothing else`() throws {
        #expect(try gateway.control("/healthz/ready").status == 200)
        #expect(try gateway.control("/healthz/live").status == 200)
        #expect(try gateway.control("/open").status == 404)
        #expect(upstream.heads.isEmpty)
        // What is served there is not served to clients.
        #expect(try gateway.get("/metrics").status == 401)
    }
}

@Suite struct `The addresses of the gateway's own` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    @Test func `offer what each is for and nothing else`() throws {
        let (admin, readiness) = (Ports.next(), Ports.next())
        let gateway = try RunningGateway(
            .init(config: "adminAddr: \"localhost:\(admin)\"\nreadinessAddr: \"127.0.0.1:\(readiness)\""),
            upstreamPort: upstream.port)
        let offered = [
            gateway.controlPort: [
                "/metrics", "/stats/prometheus", "/keys", "/v1/healthcheck", "/healthz/ready", "/healthz/live",
            ],
            admin: ["/config_dump", "/keys", "/v1/healthcheck"], readiness: ["/healthz/ready", "/healthz/live"],
        ]
        for (port, paths) in offered {
            for path in Set(offered.values.joined()) {
                #expect(
                    try gateway.get(path, port: port).status == (paths.contains(path) ? 200 : 404), "\(port) \(path)")
            }
        }
    }

    @Test func `may be one for all`() throws {
        let port = Ports.next()
        let shared = "adminAddr: \"127.0.0.1:\(port)\"\nreadinessAddr: \"127.0.0.1:\(port)\""
        let gateway = try RunningGateway(.init(config: shared), upstreamPort: upstream.port)
        #expect(try gateway.get("/config_dump", port: port).status == 200)
        #expect(try gateway.get("/healthz/ready", port: port).status == 200)
        #expect(try gateway.get("/metrics", port: port).status == 404)
    }

    /// What a request meets, as it is after a change too; and nothing that only the gateway may know.
    @Test func `show what is in force, without secrets`() throws {
        let admin = Ports.next()
        var setup = RunningGateway.Setup(config: "adminAddr: \"127.0.0.1:\(admin)\"")
        setup.listener = """
            policies:
              apiKey: {mode: permissive, keys: [{key: not-for-anyone}]}
              authorization: {rules: ['request.headers["x-word"] != "hush"'], logOnly: true}
            """
        setup.jwtAuth = """
            logOnly: true
            algorithms: [ES256]
            requiredScopes: [read]
            maxLifetime: 1h
            claims: [{key: tier, oneOf: [gold, 3]}]
            claimsToHeaders: [{claim: sub, header: x-sub}]
            """
        let gateway = try RunningGateway(setup, upstreamPort: upstream.port)
        let text = try gateway.get("/config_dump", port: admin).body.text
        let dump = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let bind = try #require((dump["binds"] as? [[String: Any]])?.first)
        #expect(bind["address"] as? String == "0.0.0.0:\(gateway.port)")
        let listener = try #require((bind["listeners"] as? [[String: Any]])?.first)
        let routes = try #require(listener["routes"] as? [[String: Any]])
        #expect(routes.compactMap { $0["name"] as? String }.contains("guarded"))
        let guarded = try #require(routes.first { $0["name"] as? String == "guarded" })
        let jwt = (guarded["policies"] as? [String: Any])?["jwtAuth"] as? [String: Any]
        #expect(jwt?["mode"] as? String == "strict")
        let providers = jwt?["providers"] as? [[String: Any]]
        #expect(providers?.first?["issuers"] as? [String] == ["https://issuer.test"])
        #expect(providers?.first?["audiences"] as? [String] == ["api"])
        #expect(jwt?["logOnly"] as? Bool == true)
        for part in [
            #""locations":[{"header":"authorization","prefix":"Bearer "}]"#, #""algorithms":["ES256"]"#,
            #""requiredScopes":["read"]"#, #""maxLifetimeSeconds":3600"#,
            #""claims":[{"key":"tier","oneOf":["gold",3]}]"#,
            #""claimsToHeaders":[{"header":"x-sub","claim":"sub"}]"#, #""clockSkewSeconds":60"#,
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        let backend = (guarded["backends"] as? [[String: Any]])?.first
        #expect(backend?["port"] as? Int == upstream.port)
        #expect(((listener["gatewayPolicies"] as? [String: Any])?["authorizationLogOnly"] as? [String])?.count == 1)
        for secret in ["not-for-anyone", "hush", "\"n\":", "BEGIN"] { #expect(!text.contains(secret)) }

        setup.routes = "- name: fresh\n  matches: [{path: {exact: /new}}]\n  backends: []"
        try gateway.write(configuration: gateway.configuration(setup))
        try eventually("the new route") {
            try gateway.get("/config_dump", port: admin).body.text.contains(#""name":"fresh""#)
        }
    }
}

@Suite(.enabled(if: CertificateAuthority.isAvailable, "TLS is tested with openssl: install it"))
struct `What is shown of routes and connections` {
    /// What is secret of each is `hush`, in whatever field it stands.
    private func setup(_ authority: CertificateAuthority, _ admin: Int, _ backend: Int) throws -> RunningGateway.Setup {
        let (certificate, key) = try authority.sign("a.test")
        var setup = RunningGateway.Setup(config: "adminAddr: \"127.0.0.1:\(admin)\"")
        setup.top = """
            frontendPolicies:
              tcp: {keepalives: {time: 30s, interval: 5s, retries: 4}}
            """
        setup.routes = """
            - name: matched
              hostnames: [api.test, "*.api.test"]
              matches:
              - path: {pathPrefix: /orders}
                method: POST
                headers: [{name: x-word, value: {exact: hush}}, {name: x-kind, value: {regex: "hu.h"}}]
                query: [{name: code, value: {exact: hush}}]
              - path: {exact: /exact}
              - path: {regex: "/r/[0-9]+"}
              backends:
              - host: 127.0.0.1:\(backend)
                policies:
                  health:
                    unhealthyExpression: 'response.headers["x-hush"] == "hush"'
                    eviction: {duration: 3s, consecutiveFailures: 2}
                  backendTLS: {cert: "\(certificate)", key: "\(key)", root: "\(authority.certificate)"}
                  tcp: {connectTimeout: 4s, keepalives: {enabled: false}}
            """
        setup.listeners = """
            - name: safe
              hostname: a.test
              tls:
                cert: "\(certificate)"
                key: "\(key)"
                root: "\(authority.certificate)"
                minTLSVersion: TLS_V1_2
                cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
              routes: [{policies: {directResponse: {status: 200}}}]
            """
        setup.listener = "hostname: b.test\ntls: {cert: \"\(certificate)\", key: \"\(key)\"}"
        return setup
    }

    @Test func `says what they are, and nothing of them that is secret`() throws {
        let (authority, admin) = (try CertificateAuthority(), Ports.next())
        let upstream = try EchoUpstream()
        let gateway = try RunningGateway(setup(authority, admin, upstream.port), upstreamPort: upstream.port)
        let text = try gateway.get("/config_dump", port: admin).body.text
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        for part in [
            #""hostnames":["*.api.test","api.test"],"matches":[{"path":{"exact":"/exact"}},"#
                + #"{"path":{"pathPrefix":"/orders"},"method":"POST","headers":[{"name":"x-word","value":"exact"},"#
                + #"{"name":"x-kind","value":"regex"}],"query":[{"name":"code","value":"exact"}]},"#
                + #"{"path":{"regex":"/r/[0-9]+"}}]"#,
            #""hostnames":["*"],"matches":[{"path":{"pathPrefix":"/"}}]"#,
            #""tcp":{"keepalives":{"enabled":true,"timeSeconds":30,"intervalSeconds":5,"retries":4}}"#,
            #""tls":{"minTLSVersion":"TLS_V1_2","maxTLSVersion":"TLS_V1_3","#
                + #""cipherSuites":["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],"alpn":["h2","http/1.1"],"#
                + #""certificates":1,"root":1}"#,
            #""tls":{"verification":"full","serverName":"127.0.0.1","root":1,"certificates":1}"#,
            #""tcp":{"connectTimeoutSeconds":4,"keepalives":{"enabled":false}}"#,
            #""answers":{"successes":1,"statusFailures":2,"connectionFailures":2,"timeouts":2,"addsUpFailures":true},"#
                + #""unhealthyExpression":true,"outageMilliseconds":3000}"#,
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        for secret in ["hush", "hu.h", "BEGIN"] { #expect(!text.contains(secret), "\(secret) in \(text)") }
    }

    @Test func `says how servers of the Admin API are asked, without what they are told`() throws {
        let folder = try CommandLineFolder()
        try folder.write(AdminGateway.key, to: "keys")
        let (admin, port, api) = (Ports.next(), Ports.next(), Ports.next())
        let upstream = try EchoUpstream()
        let gateway = try RunningGateway(
            .init(
                config: """
                    adminAddr: "127.0.0.1:\(admin)"
                    admin:
                      plain: true
                      listen: 127.0.0.1:\(api)
                      data: "\(folder.url.path)/data"
                      keyFile: "\(folder.url.path)/keys"
                      gatewayGroups: [{listen: [127.0.0.1:\(port)]}]
                    """), upstreamPort: upstream.port)
        let body = """
            {"uris":["/a/*","/b"],"methods":["GET","POST"],"hosts":["x.test"],"vars":[["http_word","==","hush"]],
            "upstream":{"nodes":{"127.0.0.1:\(upstream.port)":1},"timeout":{"connect":2,"send":5,"read":5},
            "checks":{"active":{"type":"http","http_path":"/up?token=hush","req_headers":["X-Word: hush"],
            "healthy":{"interval":7,"successes":1}}}}}
            """
        try eventually("the Admin API takes calls") { (try? Wire(port: api)) != nil }
        #expect(try AdminGateway.put("/routes/1", body, port: api) == 201)
        let text = try gateway.get("/config_dump", port: admin).body.text
        for part in [
            #""hostnames":["x.test"],"matches":[{"path":{"exact":"/b"},"method":"GET","conditional":true},"#
                + #"{"path":{"exact":"/b"},"method":"POST","conditional":true},"#
                + #"{"path":{"bytePrefix":"/a/"},"method":"GET","conditional":true},"#,
            #""probe":{"type":"http","method":"GET","path":"/up","timeoutMilliseconds":1000,"#
                + #""healthyIntervalMilliseconds":7000,"#,
            #""tcp":{"connectTimeoutSeconds":2"#,
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
        #expect(!text.contains("hush"))
    }
}

@Suite struct `The access log` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    private func start(_ format: String, jwtAuth: String = "") throws -> RunningGateway {
        try RunningGateway(.init(accessLog: format, jwtAuth: jwtAuth), upstreamPort: upstream.port)
    }

    @Test func `has a line of text per request`() throws {
        let gateway = try start("text")
        let token = try Tokens.token()
        let client = try gateway.client()
        try client.send("GET /a/../b?c=d HTTP/1.1\r\nHost: Api.test:80\r\nAuthorization: Bearer \(token)\r\n\r\n")
        let size = try client.readAnswer().body.count
        try client.send("POST /secret HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        #expect(try client.readAnswer().status == 401)
        let other = try gateway.client()
        try other.send("NOT HTTP\r\n\r\n")
        #expect(try other.readAnswer().status == 400)
        let lines = try gateway.accessLog(lines: 3)
        #expect(lines.count == 3)
        let number = /[0-9]+/
        let words = lines[2].split(separator: " ").map { $0.replacing(number, with: "0") }
        let upstreamName = "upstream=127.0.0.1:\(self.upstream.port)"
        #expect(lines[0].contains(" request status=200 method=GET host=api.test"), "\(lines[0])")
        #expect(lines[0].contains(" path=/b peer=127.0.0.1 route=guarded sub=alice \(upstreamName) us="))
        #expect(lines[0].hasSuffix(" in=0 out=\(size)"))
        #expect(
            lines[1].contains(
                " request status=401 refusal=token_missing method=POST host=a path=/secret peer=127.0.0.1"))
        #expect(!lines[1].contains("upstream="))
        #expect(
            words == [
                "0-0-0T0:0:0.0Z",
                "request", "status=0", "refusal=malformed_request", "peer=0.0.0.0", "us=0", "in=0", "out=0",
            ])
    }

    @Test(arguments: ["text", "json"]) func `has no token that a client wrote into its path`(format: String) throws {
        let gateway = try start(format)
        let token = try Tokens.token()
        _ = try gateway.get("/open/\(token)/rest")
        let line = try #require(try gateway.accessLog(lines: 1).last)
        #expect(line.contains(format == "text" ? " path=withheld " : "\"path\":\"withheld\""), "\(line)")
        #expect(!gateway.output.contains(token))
    }

    @Test func `has a JSON object per request`() throws {
        let gateway = try start("json")
        #expect(try gateway.get("/b?c=d", "Authorization: Bearer \(try Tokens.token())\r\n").status == 200)
        #expect(try gateway.get("/secret").status == 401)
        let lines = try gateway.accessLog(lines: 2)
        #expect(lines.count == 2)
        let objects = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(
            Set(objects[0].keys) == [
                "time", "status", "method", "host", "path", "peer", "route", "sub", "upstream", "us", "in", "out",
            ])
        #expect(objects[0]["status"] as? Int == 200)
        #expect(objects[0]["path"] as? String == "/b")
        #expect(objects[0]["sub"] as? String == "alice")
        #expect(objects[1]["refusal"] as? String == "token_missing")
        #expect(objects[1]["sub"] == nil)
    }

    @Test func `says that an answer broke off`() throws {
        let broken = try Upstream()
        let gateway = try RunningGateway(.init(accessLog: "text"), upstreamPort: broken.port)
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        let connection = try broken.accept()
        _ = try connection.readHead()
        try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        connection.close()
        #expect(try client.readToEnd().bytes.text.hasSuffix("half"))
        let line = try #require(try gateway.accessLog(lines: 1).first)
        #expect(line.hasSuffix(" out=4 aborted=true"))
        #expect(try gateway.metric("tollgate_aborted_responses_total") == 1)
    }

    @Test(
        arguments: ["text", "json"],
        ["queryParameter: {name: token}", "cookie: {name: token}", "header: {name: x-token}"])
    func `holds no token, no query and no cookie`(_ format: String, _ location: String) throws {
        let gateway = try start(format, jwtAuth: "location: {\(location)}")
        let tokens = [try Tokens.token(), try Tokens.token(expiresIn: -1000), "hush1.hush2.hush3"]
        for token in tokens {
            let answer = try gateway.get(
                "/a?token=\(token)&hush=query-secret",
                "Cookie: token=\(token); hush=cookie-secret\r\nX-Token: \(token)\r\nX-Other: header-secret\r\n")
            #expect(answer.status == (token == tokens[0] ? 200 : 401))
        }
        // Refused before a policy has looked at it.
        #expect(try gateway.get("/a%2fb?token=\(tokens[0])&hush=query-secret").status == 400)
        let log = try gateway.accessLog(lines: 4).joined(separator: "\n") + gateway.errors
        #expect(!log.contains("secret") && !log.contains("hush") && !log.contains("?"))
        for part in tokens.flatMap({ $0.split(separator: ".") }) {
            #expect(!log.contains("\(part)"), "\(log)")
        }
    }

    @Test(arguments: ["text", "json"])
    func `takes no line from a client`(_ format: String) throws {
        let gateway = try start(format)
        let subject = #"eve\n2026-01-01T00:00:00.000Z request status=200 \" sub=root\u001b[2J"#
        let claims = #"{"iss":"https://issuer.test","sub":"\#(subject)","aud":"api","exp":4102444800}"#
        let token = try Tokens.key.token(claims: claims).text
        #expect(try gateway.get("/", "Authorization: Bearer \(token)\r\n").status == 200)
        let hostile = [
            "GET /open/%0a%0d%22%20status=200%1b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /open/\"x\"\\ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /open/\u{1b}[2J HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /open/é HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /open HTTP/1.1\r\nHost: a\"b\r\n\r\n",
            "GET /open HTTP/1.1\r\nHost: a b status=200\r\n\r\n",
            "GET /open HTTP/1.1\r\nHost: a\u{1b}[2J\r\n\r\n",
            "\u{1b}[2J /open HTTP/1.1\r\nHost: a\r\n\r\n",
            "GE\"T /open HTTP/1.1\r\nHost: a\r\n\r\n",
        ]
        for text in hostile {
            let client = try gateway.client()
            try client.send(text)
            client.endSending()
            _ = try client.readAnswer()
        }
        let lines = try gateway.accessLog(lines: hostile.count + 1)
        #expect(lines.count == hostile.count + 1)
        for line in lines {
            #expect(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "\(line.debugDescription)")
            if format == "json" {
                #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any])
            } else {
                #expect(line.wholeMatch(of: Self.textLine) != nil, "\(line)")
            }
        }
    }

    /// A time, then words and names with values, which are words or in quotes.
    private nonisolated(unsafe) static let textLine =
        /[0-9TZ:.-]+ request status=[0-9]+( [a-z]+=([!#-\[\]-~]+|"([^"\\]|\\.)*"))+/

    @Test func `survives a short refused target behind a long one`() throws {
        let gateway = try start("text")
        let client = try gateway.client()
        let long = String(repeating: "x", count: 6000)
        let targets = ["/open/\(long)", "/open/../open/%41\(long)", "http://a/open/\(long)"]
        for target in targets {
            for refused in ["/%2f", "*", "x", "/a/..%2f", "http://b/", "/%"] {
                let client = try gateway.client()
                try client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.readAnswer().status == 200)
                try client.send("GET \(refused) HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.readAnswer().status >= 400)
            }
        }
        // The process still lives, with the connection of before.
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.readAnswer().status == 200)
        let lines = try gateway.accessLog(lines: 37)
        for line in lines where line.contains("status=400") { #expect(line.utf8.count < 300, "\(line)") }
    }
}
