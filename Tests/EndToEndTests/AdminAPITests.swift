import Foundation
import JOSE
import Testing

@Suite struct `the Admin API` {
    private static func route(_ port: Int, uri: String = "/hello", more: String = "") -> String {
        #"{"uri":"\#(uri)","upstream":{"type":"roundrobin","nodes":{"127.0.0.1:\#(port)":1}}\#(more)}"#
    }

    private func text(_ answer: Answer) -> String { String(decoding: answer.body, as: UTF8.self) }

    // MARK: - Who may call

    @Test func `asks for its key, in the header alone`() throws {
        let gateway = try AdminGateway()
        let without = try gateway.admin("GET", "/routes", "", "X-API-KEY: \r\n")
        #expect(without.status == 401)
        #expect(text(try gateway.admin("GET", "/routes", "", "X-API-KEY: wrong\r\n")).contains("wrong apikey"))
        let query = try gateway.admin("GET", "/routes?api_key=\(AdminGateway.key)", "", "X-API-KEY: x\r\n")
        #expect(query.status == 401)
        #expect(try gateway.admin("GET", "/routes").status == 200)
    }

    @Test func `lets a viewer read and nothing else`() throws {
        let gateway = try AdminGateway(keyFile: "me admin \(AdminGateway.key)\nyou viewer looking\n")
        #expect(try gateway.admin("GET", "/routes", "", "X-API-KEY: looking\r\n").status == 200)
        let write = try gateway.admin("PUT", "/routes/1", Self.route(1), "X-API-KEY: looking\r\n")
        #expect(write.status == 401)
        #expect(text(write).contains("invalid method for role viewer"))
    }

    @Test(arguments: [[], ["--mask-secrets"]])
    func `shows secrets to admins alone, and to nobody where it is told so`(_ options: [String]) throws {
        let gateway = try AdminGateway(
            keyFile: "me admin \(AdminGateway.key)\nyou viewer looking\n", arguments: options)
        let secret = "a-secret-that-is-only-jacks-own"
        let body = #"{"username":"jack","plugins":{"jwt-auth":{"key":"k","secret":"\#(secret)"}}}"#
        let isShown = options.isEmpty
        #expect(text(try gateway.admin("PUT", "/consumers", body)).contains(secret) == isShown)
        for path in ["/consumers", "/consumers/jack"] {
            #expect(text(try gateway.admin("GET", path)).contains(secret) == isShown)
            let seen = text(try gateway.admin("GET", path, "", "X-API-KEY: looking\r\n"))
            #expect(!seen.contains(secret))
            #expect(seen.contains(#""secret":"********""#))
        }
        // What was read with masks is written back with the secret.
        let masked = #"{"username":"jack","plugins":{"jwt-auth":{"key":"k","secret":"********"}}}"#
        #expect(try gateway.admin("PUT", "/consumers", masked).status == 200)
        #expect(try gateway.admin("PUT", "/consumers", masked.replacing("jack", with: "jill")).status == 400)
    }

    @Test func `moves no secret to where it is shown, and tells nobody whether one is guessed`() throws {
        let body =
            #"{"uri":"/a","desc":"mine","plugins":{"proxy-rewrite":{"headers":{"set":{"Authorization":"hidden"}}}}}"#
        let headers = "/plugins/proxy-rewrite/headers"
        let refused = [
            #"{"op":"copy","from":"\#(headers)/set/Authorization","path":"/desc"}"#,
            #"{"op":"move","from":"\#(headers)/set/Authorization","path":"\#(headers)/set/X-Plain"}"#,
            #"{"op":"copy","from":"\#(headers)/set","path":"/labels"}"#
                + #",{"op":"copy","from":"/labels/Authorization","path":"/desc"}"#,
            #"{"op":"test","path":"\#(headers)/set/Authorization","value":"hidden"}"#,
            #"{"op":"test","path":"\#(headers)/set/Authorization","value":"guessed"}"#,
            #"{"op":"test","path":"/plugins","value":{}}"#,
        ]
        let taken = [
            #"{"op":"copy","from":"\#(headers)/set/Authorization","path":"\#(headers)/set/X-API-Key"}"#,
            #"{"op":"test","path":"/desc","value":"mine"},{"op":"copy","from":"/desc","path":"/name"}"#,
        ]
        let gateway = try AdminGateway(arguments: ["--mask-secrets"])
        #expect(try gateway.admin("PUT", "/routes/1", body).status == 201)
        for patch in refused {
            let answer = try gateway.admin("PATCH", "/routes/1", "[\(patch)]")
            #expect(answer.status == 400 && text(answer).contains("is or holds a secret"), "\(patch) \(text(answer))")
        }
        for patch in taken {
            let answer = try gateway.admin("PATCH", "/routes/1", "[\(patch)]")
            #expect(answer.status == 200 && !text(answer).contains("hidden"), "\(patch) \(text(answer))")
        }
        // Who sees the secrets may have them where he likes.
        let open = try AdminGateway()
        #expect(try open.admin("PUT", "/routes/1", body).status == 201)
        #expect(try open.admin("PATCH", "/routes/1", "[\(refused[3]),\(refused[0])]").status == 200)
    }

    @Test func `takes asterisks for a mask where a secret belongs, and nowhere else`() throws {
        let gateway = try AdminGateway()
        let stars = #"{"uri":"/a","plugins":{"mocking":{"response_example":"********"}}}"#
        #expect(try gateway.admin("PUT", "/routes/1", stars).status == 201)
        #expect(text(try gateway.admin("GET", "/routes/1")).contains("********"))
        for place in [#"{"set":{"X-Token":"********"}}"#, #"{"add":["Cookie: ********"]}"#] {
            let body = #"{"uri":"/a","plugins":{"response-rewrite":{"headers":\#(place)}}}"#
            let answer = try gateway.admin("PUT", "/routes/2", body)
            #expect(answer.status == 400)
            #expect(text(answer).contains("`plugins.response-rewrite.headers."), "\(text(answer))")
        }
    }

    @Test func `hides secrets in members that it keeps and does not use`() throws {
        let gateway = try AdminGateway(keyFile: "me admin \(AdminGateway.key)\nyou viewer looking\n")
        let plugins = [
            #""openid-connect":{"client_id":"c","client_secret":"hidden-1","discovery":"https://id.example/.well-known/openid-configuration","#
                + #""bearer_only":true,"use_jwks":true,"session":{"secret":"hidden-2","redis":{"password":4711}}}"#,
            #""limit-count":{"count":1,"time_window":1,"old_redis_password":"hidden-3","apiKeys":["hidden-4"]}"#,
            #""multi-auth":{"auth_plugins":[{"jwt-auth":{"csrf_token":"hidden-5"}},{"key-auth":{"key":"hidden-6"}}]}"#,
            #""proxy-rewrite":{"headers":{"set":{"Authorization":"Basic hidden-7","X-Plain":"seen"}}}"#,
            #""mocking":{"response_example":"-----BEGIN PRIVATE KEY-----hidden-8","#
                + #""response_headers":{"Set-Cookie":"a=hidden-15","Cookie":"a=hidden-16"}}"#,
            #""response-rewrite":{"headers":{"add":["X-API-Key: hidden-9","set-cookie: a=hidden-10","Authorization : hidden-14","X-B: seen"]}}"#,
            #""redirect":{"uri":"https://user:hidden-11@a/$uri?b=//hidden-12@c","ret_code":302}"#,
        ]
        let checks = #"{"active":{"http_path":"/a","req_headers":["Cookie: a=hidden-13","Accept: seen"]}}"#
        let upstream = #"{"nodes":{"127.0.0.1:1":1},"checks":\#(checks)}"#
        let body = #"{"uri":"/a","plugins":{\#(plugins.joined(separator: ","))},"upstream":\#(upstream)}"#
        #expect(try gateway.admin("PUT", "/routes/1", body).status == 201)
        let shown = text(try gateway.admin("GET", "/routes/1"))
        for number in 1...16 { #expect(shown.contains("hidden-\(number)")) }

        let store = ["--data", gateway.data.path]
        let export = try CommandLineRunner.run(["store", "export"] + store).output
        let seen = text(try gateway.admin("GET", "/routes/1", "", "X-API-KEY: looking\r\n"))
        for answer in [seen, export] {
            #expect(!answer.contains("hidden") && !answer.contains("4711"), "\(answer)")
            #expect(
                answer.contains("********") && answer.contains("seen")
                    && answer.contains("https://id.example/.well-known/openid-configuration")
                    && answer.contains("https://user:********@a/$uri?b="))
        }
        gateway.kill(SIGTERM)
        let file = gateway.folder.appending(path: "masked.json")
        try export.write(to: file, atomically: true, encoding: .utf8)
        let imported = try CommandLineRunner.run(["store", "import", file.path] + store)
        #expect(imported.output == "nothing to change; revision 1\n", "\(imported)")
        #expect(try CommandLineRunner.run(["store", "export", "--with-secrets"] + store).output.contains("hidden-6"))
    }

    @Test func `encrypts what it stores by a key that is kept elsewhere`() throws {
        let key = FileManager.default.temporaryDirectory.appending(path: "store-key-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: key) }
        try "0123456789abcdef0123456789abcdef\n".write(to: key, atomically: true, encoding: .utf8)
        let gateway = try AdminGateway(arguments: ["--store-key-file", key.path])
        _ = try gateway.admin(
            "PUT", "/consumers", #"{"username":"jack","plugins":{"key-auth":{"key":"only-jacks-own"}}}"#)
        gateway.kill(SIGTERM)
        for name in try FileManager.default.contentsOfDirectory(atPath: gateway.data.path) {
            guard let bytes = try? Data(contentsOf: gateway.data.appending(path: name)) else { continue }
            #expect(bytes.range(of: Data("only-jacks-own".utf8)) == nil, "\(name)")
        }
        try gateway.start()
        #expect(text(try gateway.admin("GET", "/consumers/jack")).contains("only-jacks-own"))
        let export = try CommandLineRunner.run(["store", "export", "--data", gateway.data.path])
        #expect(export.exitCode == 1)
        #expect(export.errors.contains("--store-key-file"))
        let inside = gateway.data.appending(path: "key").path
        try FileManager.default.copyItem(atPath: key.path, toPath: inside)
        let refused = try CommandLineRunner.run(
            ["store", "export", "--data", gateway.data.path, "--store-key-file", inside])
        #expect(refused.errors.contains("is in the folder that it protects"))
    }

    @Test func `lets nobody guess keys for long, and lets nobody else be locked out who has one beyond guessing`()
        throws
    {
        let strong = "8f14e45fceea167a5a36dedd4bea2543"
        let long = String(repeating: "a", count: 40)
        let gateway = try AdminGateway(
            keyFile: "me admin \(AdminGateway.key)\nstrong admin \(strong)\nlong admin \(long)\n")
        for (name, isWeak) in [("me", true), ("strong", false), ("long", true)] {
            #expect(gateway.log.contains("the admin key of `\(name)` is shorter than 32") == isWeak)
        }
        #expect(!gateway.log.contains(AdminGateway.key) && !gateway.log.contains(long))
        for _ in 0..<20 { _ = try gateway.admin("GET", "/routes", "", "X-API-KEY: guess\r\n") }
        let locked = try gateway.admin("GET", "/routes", "", "X-API-KEY: guess\r\n")
        #expect(locked.status == 429 && text(locked).contains("32 characters or more, 8 of them different"))
        #expect(try gateway.admin("GET", "/routes").status == 429)
        #expect(try gateway.admin("GET", "/routes", "", "X-API-KEY: \(long)\r\n").status == 429)
        #expect(try gateway.admin("GET", "/routes", "", "X-API-KEY: \(strong)\r\n").status == 200)
        #expect(try gateway.admin("GET", "/routes", "", "X-API-KEY: \(strong)0\r\n").status == 429)
    }

    @Test(arguments: ["evil.test", "localhost.evil.test", "127.0.0.1.evil.test:9180"])
    func
        `is no name that a stranger has pointed at it`(_ host: String) throws
    {
        let gateway = try AdminGateway()
        #expect(try gateway.admin("GET", "/routes", "", "Host: \(host)\r\n").status == 421)
        #expect(try gateway.admin("GET", "/routes", "", "Host: [::1]:7443\r\n").status == 200)
    }

    // MARK: - Documents

    @Test func `serves what was written when the write is answered`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        for round in 0..<20 {
            let path = "/round-\(round)"
            #expect(try gateway.get(path).status == 404)
            let written = try gateway.admin("PUT", "/routes/\(round)", Self.route(upstream.port, uri: path))
            #expect(written.status == 201)
            #expect(try gateway.get(path).status == 200)
            #expect(try gateway.admin("DELETE", "/routes/\(round)").status == 200)
            #expect(try gateway.get(path).status == 404)
        }
    }

    @Test func `shows documents as APISIX does, and as API7 does`() throws {
        let gateway = try AdminGateway()
        let created = try gateway.admin("PUT", "/routes/1", Self.route(1))
        #expect(created.status == 201)
        #expect(text(created).hasPrefix(#"{"key":"/apisix/routes/1","value":{"uri":"/hello""#))
        #expect(try gateway.admin("PUT", "/routes/1", Self.route(1)).status == 200)
        #expect(text(try gateway.admin("GET", "/routes/1")).contains(#""createdIndex":1,"modifiedIndex":2}"#))
        #expect(text(try gateway.admin("GET", "/routes")).hasPrefix(#"{"list":[{"key":"/apisix/routes/1","value":"#))
        let flat = text(try gateway.admin("GET", "/routes?gateway_group_id=default"))
        #expect(flat.hasPrefix(#"{"list":[{"uri":"/hello""#))
        #expect(flat.hasSuffix("],\"total\":1}\n"))
        #expect(try gateway.admin("GET", "/routes/2").status == 404)
        #expect(try gateway.admin("HEAD", "/routes/1").status == 200)
    }

    @Test func `patches by merging, at a path and by RFC 6902`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/routes/1", Self.route(1, more: #","desc":"a","labels":{"x":"1","y":"2"}"#))
        let merged = try gateway.admin("PATCH", "/routes/1", #"{"desc":null,"labels":{"x":"3"}}"#)
        #expect(text(merged).contains(#""labels":{"x":"3","y":"2"}"#))
        #expect(!text(merged).contains("desc"))
        #expect(
            text(try gateway.admin("PATCH", "/routes/1/labels", #"{"z":"4"}"#)).contains(#""labels":{"z":"4"}"#))
        let patched = try gateway.admin(
            "PATCH", "/routes/1?gateway_group_id=default",
            #"[{"op":"test","path":"/uri","value":"/hello"},{"op":"replace","path":"/uri","value":"/bye"}]"#)
        #expect(text(patched).contains(#""uri":"/bye""#))
        let failed = try gateway.admin("PATCH", "/routes/1", #"[{"op":"test","path":"/uri","value":"/no"}]"#)
        #expect(failed.status == 400)
    }

    @Test func `takes a write only at the revision that it names`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/routes/1", Self.route(1))
        let tag = try #require(try gateway.admin("GET", "/routes/1").value("etag"))
        #expect(try gateway.admin("PUT", "/routes/1", Self.route(2), "If-Match: \(tag)\r\n").status == 200)
        #expect(try gateway.admin("PUT", "/routes/1", Self.route(3), "If-Match: \(tag)\r\n").status == 412)
        let none = "If-None-Match: *\r\n"
        #expect(try gateway.admin("PUT", "/routes/1", Self.route(3), none).status == 412)
        #expect(try gateway.admin("PUT", "/routes/2", Self.route(3), none).status == 201)
        #expect(try gateway.admin("PUT", "/routes/2", Self.route(3), none).status == 412)
    }

    @Test func `says what is wrong with a call in APISIX's words`() throws {
        let gateway = try AdminGateway()
        let short = try gateway.admin("GET", "/routes?page=1&page_size=2")
        #expect((short.status, text(short)) == (400, "page_size must be between 10 and 500"))
        let lifetime = try gateway.admin("PUT", "/routes?ttl=long", Self.route(1))
        #expect(text(lifetime).contains(#""invalid argument ttl: should be a number""#))
        #expect(text(try gateway.admin("PUT", "/routes/1?ttl=1", Self.route(1))).contains("`ttl` is part of APISIX"))
        _ = try gateway.admin("PUT", "/consumers", #"{"username":"jack"}"#)
        let cors = try gateway.admin("PUT", "/consumers/jack/credentials/1", #"{"plugins":{"cors":{}}}"#)
        #expect(text(cors) == #"{"error_msg":"only supports auth type plugins in consumer credential"}"# + "\n")
    }

    @Test func `keeps documents that others name`() throws {
        let gateway = try AdminGateway()
        _ = try gateway.admin("PUT", "/upstreams/1", #"{"nodes":{"127.0.0.1:1":1}}"#)
        let unknown = try gateway.admin("PUT", "/routes/1", #"{"uri":"/a","upstream_id":"9"}"#)
        #expect(text(unknown).contains("failed to fetch upstream info by upstream id [9], response code: 404"))
        _ = try gateway.admin("PUT", "/routes/1", #"{"uri":"/a","upstream_id":1}"#)
        let used = try gateway.admin("DELETE", "/upstreams/1")
        #expect(used.status == 400)
        #expect(text(used).contains("can not delete this upstream, route [1] is still using it now"))
        #expect(try gateway.admin("DELETE", "/upstreams/1?force=true").status == 200)
        #expect(try gateway.get("/a").status == 502)
    }

    @Test(arguments: [
        (#"{"uri":"/a","upstream":{"nodes":{}},"nonsense":1}"#, "additional properties forbidden, found nonsense"),
        (#"{"uri":"/a","plugins":{"limit-req":{}}}"#, "plugin [limit-req] is part of APISIX and not offered"),
        (#"{"uri":"/a","status":2,"upstream":{"nodes":{}}}"#, "matches none of the enum values"),
        (#"{"uri":"/a","plugins":{"no-such":{}}}"#, "unknown plugin [no-such]"),
        (
            #"{"uri":"/a","script":"x","upstream":{"nodes":{}}}"#,
            #"property \"script\" is part of APISIX and not offered"#
        ),
        (#"{"uri":"/a","uri":"/b"}"#, "duplicateName"), (#"{"uri":"/a""#, "invalid request body"),
        (#"{"uri":"/a","plugins":{},"create_time":1}"#, "the property is forbidden:  create_time"),
    ]) func `refuses what it can't serve as it says`(_ body: String, _ message: String) throws {
        let gateway = try AdminGateway()
        let answer = try gateway.admin("PUT", "/routes/1", body)
        #expect(answer.status == 400)
        #expect(text(answer).contains(message), "\(text(answer))")
        #expect(text(try gateway.admin("GET", "/routes")).contains("\"total\":0"))
    }

    // MARK: - Consumers

    @Test func `knows a consumer's tokens until its credential is changed`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        _ = try gateway.admin(
            "PUT", "/routes/1", Self.route(upstream.port, more: #","plugins":{"jwt-auth":{"hide_credentials":true}}"#))
        _ = try gateway.admin("PUT", "/consumers", #"{"username":"jack","labels":{"custom_id":"c-7"}}"#)
        let credential = "/consumers/jack/credentials/c1"
        func write(_ secret: String) throws {
            let answer = try gateway.admin(
                "PUT", credential, #"{"plugins":{"jwt-auth":{"key":"k","secret":"\#(secret)"}}}"#)
            #expect((200...201).contains(answer.status), "\(text(answer))")
        }
        try write("the-first-secret-that-jack-ever-had")
        let token = try Self.token("the-first-secret-that-jack-ever-had")
        for _ in 0..<2 {
            #expect(try gateway.get("/hello", "Authorization: Bearer \(token)\r\n").status == 200)
        }
        let head = try #require(upstream.heads.last)
        #expect(head.contains("X-Consumer-Username: jack\r\nX-Credential-Identifier: c1\r\nX-Consumer-Custom-ID: c-7"))
        #expect(!head.contains("Authorization"))
        // An unrelated write changes nothing; another secret, and the credential's end, do at once.
        _ = try gateway.admin("PUT", "/consumers", #"{"username":"jill"}"#)
        #expect(try gateway.get("/hello", "Authorization: Bearer \(token)\r\n").status == 200)
        try write("the-second-secret-that-jack-ever-had")
        #expect(try gateway.get("/hello", "Authorization: Bearer \(token)\r\n").status == 401)
        try write("the-first-secret-that-jack-ever-had")
        #expect(try gateway.get("/hello", "Authorization: Bearer \(token)\r\n").status == 200)
        #expect(try gateway.admin("DELETE", credential).status == 200)
        let gone = try gateway.get("/hello", "Authorization: Bearer \(token)\r\n")
        #expect(text(gone) == "{\"message\":\"Invalid user key in JWT token\"}\n")
        #expect(gone.value("www-authenticate") == "Bearer realm=\"jwt\"")
        #expect(gone.value("content-type") == "text/plain; charset=utf-8")
    }

    @Test func `asks everyone for what a global rule asks`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        _ = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port))
        _ = try gateway.admin("PUT", "/consumers", #"{"username":"jack","plugins":{"key-auth":{"key":"jacks"}}}"#)
        #expect(try gateway.get("/hello").status == 200)
        #expect(try gateway.admin("PUT", "/global_rules/1", #"{"plugins":{"key-auth":{}}}"#).status == 201)
        #expect(try gateway.get("/hello").status == 401)
        // Nor does it tell strangers which routes there are.
        #expect(try gateway.get("/nowhere").status == 401)
        #expect(try gateway.get("/hello", "apikey: jacks\r\n").status == 200)
        #expect(try #require(upstream.heads.last).contains("X-Consumer-Username: jack\r\n"))
        #expect(try gateway.admin("DELETE", "/global_rules/1").status == 200)
        #expect(try gateway.get("/hello").status == 200)
    }

    @Test func `restricts consumers by name and by group, in the words that are configured`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        _ = try gateway.admin("PUT", "/consumer_groups/staff", #"{"plugins":{}}"#)
        for (name, more) in [("jack", #","group_id":"staff""#), ("jill", "")] {
            let body = #"{"username":"\#(name)","plugins":{"key-auth":{"key":"\#(name)s"}}\#(more)}"#
            #expect(try gateway.admin("PUT", "/consumers", body).status == 201)
        }
        func restrict(_ restriction: String) throws {
            let plugins = #","plugins":{"key-auth":{},"consumer-restriction":\#(restriction)}"#
            let answer = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port, more: plugins))
            #expect((200...201).contains(answer.status), "\(text(answer))")
        }
        try restrict(#"{"type":"consumer_group_id","whitelist":["staff"]}"#)
        #expect(try gateway.get("/hello", "apikey: jacks\r\n").status == 200)
        let stranger = try gateway.get("/hello", "apikey: jills\r\n")
        #expect(stranger.status == 401)
        #expect(text(stranger).contains("please check the consumer_group_id for this request"))
        try restrict(#"{"blacklist":["jack"],"rejected_code":418,"rejected_msg":"no \"jack\""}"#)
        let refused = try gateway.get("/hello", "apikey: jacks\r\n")
        #expect(refused.status == 418)
        #expect(text(refused) == #"{"message":"no \"jack\""}"# + "\n")
        #expect(try gateway.get("/hello", "apikey: jills\r\n").status == 200)
        // The white list alone decides where there is one; else methods bind those that are named.
        let methods = #""allowed_by_methods":[{"user":"jack","methods":["POST"]}]"#
        try restrict(#"{"whitelist":["jack"],\#(methods)}"#)
        #expect(try gateway.get("/hello", "apikey: jacks\r\n").status == 200)
        #expect(try gateway.get("/hello", "apikey: jills\r\n").status == 403)
        try restrict("{\(methods)}")
        #expect(try gateway.get("/hello", "apikey: jacks\r\n").status == 403)
        #expect(try gateway.get("/hello", "apikey: jills\r\n").status == 200)
        try restrict(#"{"type":"consumer_group_id","whitelist":["staff"]}"#)
        #expect(try gateway.admin("DELETE", "/consumer_groups/staff").status == 400)
        #expect(try gateway.admin("DELETE", "/consumer_groups/staff?force=true").status == 200)
        let orphan = try gateway.get("/hello", "apikey: jacks\r\n")
        #expect(orphan.status == 503)
        #expect(orphan.refusal == "consumer_group_missing")
        #expect(text(orphan) == #"{"error_msg":"503 Service Temporarily Unavailable"}"# + "\n")
    }

    @Test func `leaves no route open whose service was deleted by force`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        _ = try gateway.admin("PUT", "/services/1", #"{"plugins":{"key-auth":{}}}"#)
        _ = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port, more: #","service_id":"1""#))
        #expect(try gateway.get("/hello").status == 401)
        #expect(try gateway.admin("DELETE", "/services/1?force=true").status == 200)
        #expect(try gateway.get("/hello").status == 404)
        #expect(upstream.heads.isEmpty)
    }

    @Test func `lets no client say which consumer it is`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        _ = try gateway.admin("PUT", "/routes/1", Self.route(upstream.port))
        _ = try gateway.admin("PUT", "/consumers", #"{"username":"jack"}"#)
        let forged = "X-Consumer-Username: root\r\nx_consumer_username: root\r\nX-Credential-Identifier: a\r\n"
        #expect(
            try gateway.get("/hello", forged + "X-Consumer-Custom-ID: 1\r\nX-Other: kept\r\nX-Real-IP: 192.0.2.6\r\n")
                .status == 200)
        let head = try #require(upstream.heads.last).lowercased()
        #expect(head.contains("x-other: kept"))
        #expect(head.contains("x-real-ip: 127.0.0.1\r\n"))
        for word in ["root", "credential-identifier", "custom-id", "192.0.2.6"] { #expect(!head.contains(word)) }
    }

    private static func token(_ secret: String) throws -> String {
        try SigningKey(secret: Array(secret.utf8), algorithm: .hs256, kid: nil).token(claims: #"{"key":"k"}"#).text
    }

    // MARK: - What lasts

    @Test func `loses no acknowledged write when it is killed`() throws {
        let gateway = try AdminGateway()
        let upstream = try EchoUpstream()
        let count = 200
        for number in 0..<count {
            let answer = try gateway.admin("PUT", "/routes/\(number)", Self.route(upstream.port, uri: "/\(number)"))
            #expect(answer.status == 201)
        }
        gateway.kill(SIGKILL)
        try gateway.start()
        #expect(text(try gateway.admin("GET", "/routes")).contains("\"total\":\(count)}"))
        #expect(try gateway.get("/\(count - 1)").status == 200)
    }

    @Test func `says once where it listens`() throws {
        let gateway = try AdminGateway()
        let line = "the Admin API listens on 127.0.0.1:\(gateway.adminPort)"
        try eventually("it says so") { gateway.log.contains(line) }
        gateway.kill(SIGTERM)
        #expect(
            gateway.log.split(separator: "\n").count { $0.contains(":\(gateway.adminPort)") } == 1, "\(gateway.log)")
    }

    @Test func `makes its key and certificate where there are none`() throws {
        let gateway = try AdminGateway(isPlain: false)
        for name in ["admin-certificate-key.pem", "tollgate.sqlite"] {
            let path = gateway.data.appending(path: name).path
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        }
    }
}
