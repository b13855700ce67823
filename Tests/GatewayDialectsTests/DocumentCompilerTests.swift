import Bytes
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

@Suite struct `Documents that are compiled write by write` {
    @Test func `are what all of them are at once, whatever was written before`() throws {
        var generator = SystemRandomNumberGenerator()
        var documents = WrittenDocuments()
        var trail: [String] = []
        var client = TrialClient()
        var loop = FollowingLoop()
        for _ in 0..<400 {
            let write = documents.randomWrite(&generator)
            trail.append("\(write)")
            #expect(try documents.write([write]) == [], "\(trail)")
            let snapshot = try #require(documents.snapshot)
            let anew = try documents.compiledAnew()
            try #require(snapshot.json == anew.json, "\(trail)")
            loop.use(snapshot)
            try #require(loop.serves(snapshot.upstreams), "\(trail)")
            let live = snapshot.upstreams.filter { !$0.endpoints.isEmpty }
            #expect(live.count == anew.upstreams.filter { !$0.endpoints.isEmpty }.count, "\(trail)")
            let path = "/r\(Int.random(in: 0..<6, using: &generator))"
            for key in (0..<6).map({ "k\($0)" }) {
                let answer = try client.get(path, key: key, from: anew)
                try #require(try client.get(path, key: key, of: documents) == answer, "\(key) \(path) \(trail)")
            }
        }
    }

    private static func route(_ more: String) -> String {
        #"{"uri":"/a","upstream":{"nodes":{"127.0.0.1:1":1}}\#(more)}"#
    }

    @Test func `share the routes that a write does not touch`() throws {
        var documents = WrittenDocuments()
        _ = try documents.write([(.route, "1", Self.route("")), (.route, "2", Self.route(""))])
        let before = try #require(documents.snapshot)
        // What is guarded on every route changes with the first consumer, and never again.
        _ = try documents.write([(.consumer, "c", #"{"username":"c"}"#)])
        let with = try #require(documents.snapshot)
        _ = try documents.write([(.consumer, "d", #"{"username":"d"}"#)])
        let after = try #require(documents.snapshot)
        #expect(before.binds[0].listeners[0] !== with.binds[0].listeners[0])
        #expect(with.binds[0].listeners[0] === after.binds[0].listeners[0])
        _ = try documents.write([(.route, "1", Self.route(#","desc":"b""#))])
        let last = try #require(documents.snapshot)
        #expect(last.upstreams[0] === after.upstreams[0])
    }

    @Test func `stay as they were where a write can't be served`() throws {
        var documents = WrittenDocuments()
        _ = try documents.write([(.route, "1", Self.route(""))])
        let before = try #require(documents.snapshot)
        #expect(try documents.write([(.route, "2", Self.route(#","nonsense":1"#))]) != [])
        #expect(documents.snapshot === before)
        #expect(documents.set.count == 1)
    }

    @Test func `reach the routes behind what names them`() throws {
        var documents = WrittenDocuments()
        _ = try documents.write([
            (.upstream, "u", #"{"nodes":{"127.0.0.1:1":1}}"#), (.service, "s", #"{"upstream_id":"u"}"#),
            (.route, "1", #"{"uri":"/a","service_id":"s"}"#), (.route, "2", Self.route("")),
        ])
        _ = try documents.write([(.upstream, "u", #"{"nodes":{"127.0.0.1:2":1}}"#)])
        let snapshot = try #require(documents.snapshot)
        #expect(snapshot.json.contains(#""name":"1","policies":{},"backends":[{"host":"127.0.0.1","port":2"#))
        #expect(snapshot.json.contains(#""name":"2","policies":{},"backends":[{"host":"127.0.0.1","port":1"#))
    }

    // MARK: - Servers of many routes

    private static let manyRoutes: [(APISIXKind, String, String?)] = (0..<20).map {
        (.route, "\($0)", #"{"uri":"/r\#($0)","\#($0 < 10 ? "upstream" : "service")_id":"x"}"#)
    }

    private static func servers(_ port: Int, _ more: String = "") -> String {
        #"{"nodes":{"127.0.0.1:\#(port)":1}\#(more)}"#
    }

    private static func many() throws -> WrittenDocuments {
        var documents = WrittenDocuments()
        let service = #"{"upstream":\#(servers(2)),"plugins":{"key-auth":{}}}"#
        // What a route of other servers says concerns none of them.
        let timeout = #""timeout":{"connect":7,"send":1,"read":1}"#
        let other = #"{"uri":"/other","upstream":\#(servers(9)),\#(timeout)}"#
        let before = [(APISIXKind.upstream, "x", servers(1)), (.service, "x", service), (.route, "other", other)]
        for write in before + manyRoutes {
            #expect(try documents.write([write]) == [])
        }
        return documents
    }

    /// A loop has to look at one of them, and no route is compiled.
    @Test(arguments: [
        (APISIXKind.upstream, servers(3)), (.upstream, servers(3, #","keepalive_pool":{"size":1}"#)),
        (.upstream, servers(3, #","id":"x","update_time":1"#)),
        (.upstream, #"{"nodes":{"127.0.0.1:3":1,"127.0.0.1:4":1}}"#),
        (.upstream, #"{"nodes":{"127.0.0.1:3":1,"127.0.0.1:4":1,"127.0.0.1:5":1},"retries":1,"retry_timeout":2}"#),
        (.service, #"{"upstream":\#(servers(3)),"plugins":{"key-auth":{}}}"#),
    ]) func `change with their upstream alone`(_ kind: APISIXKind, _ body: String) throws {
        var documents = try Self.many()
        let before = try #require(documents.snapshot)
        #expect(try documents.write([(kind, "x", body)]) == [])
        let after = try #require(documents.snapshot)
        #expect(after.binds[0].listeners[0] === before.binds[0].listeners[0])
        #expect(after.upstreamRevision.changed(since: before.upstreamRevision.id)?.count == 1)
        #expect(try after.json == documents.compiledAnew().json)
        #expect(after.json.contains(#""port":3"#))
    }

    @Test(arguments: [
        (APISIXKind.upstream, servers(3, #","pass_host":"rewrite","upstream_host":"h""#)),
        (.upstream, servers(3, #","timeout":{"connect":1,"send":1,"read":1}"#)),
        (.service, #"{"upstream":\#(servers(3)),"plugins":{}}"#),
    ]) func `are compiled anew where they take something of it`(_ kind: APISIXKind, _ body: String) throws {
        var documents = try Self.many()
        let before = try #require(documents.snapshot)
        #expect(try documents.write([(kind, "x", body)]) == [])
        let after = try #require(documents.snapshot)
        #expect(after.binds[0].listeners[0] !== before.binds[0].listeners[0])
        #expect(try after.json == documents.compiledAnew().json)
    }

    @Test(arguments: ["upstream", "service"])
    func `keep a time to connect of their own when their upstream changes`(_ target: String) throws {
        var documents = try Self.many()
        _ = try documents.write([(.service, "y", #"{"upstream_id":"x"}"#)])
        let named = target == "upstream" ? "x" : "y"
        let own = #"{"uri":"/own","\#(target)_id":"\#(named)","timeout":{"connect":7,"send":1,"read":1}}"#
        _ = try documents.write([(.route, "own", own)])
        #expect(try documents.write([(.upstream, "x", Self.servers(3))]) == [])
        let after = try #require(documents.snapshot)
        #expect(try after.json == documents.compiledAnew().json)
        #expect(!after.upstreams.contains { $0.endpoints.first?.address == .network(host: "127.0.0.1", port: 1) })
    }

    // MARK: - Limits

    private static func limit(_ count: Int, _ more: String = "") -> String {
        #""limit-count":{"count":\#(count),"time_window":3600\#(more)}"#
    }

    @Test func `go on with the counts of limits that stay, and begin anew where one is changed`() throws {
        var documents = WrittenDocuments()
        var client = TrialClient()
        func route(_ count: Int) -> String { Self.route(#","plugins":{\#(Self.limit(count))}"#) }
        let other = #"{"uri":"/b","upstream":{"nodes":{"127.0.0.1:1":1}}}"#
        func isRefused() throws -> Bool { try client.get("/a", of: documents) == "rate_limited" }
        _ = try documents.write([(.route, "1", route(1)), (.route, "2", other)])
        #expect(try [isRefused(), isRefused()] == [false, true])
        _ = try documents.write([(.route, "2", other)])
        #expect(try isRefused())
        _ = try documents.write([(.route, "1", route(2))])
        #expect(try [isRefused(), isRefused(), isRefused()] == [false, false, true])
        _ = try documents.write([(.route, "1", route(1))])
        #expect(try isRefused() == false)
    }

    @Test func `count the consumers of a group together, whenever each was written`() throws {
        var documents = WrittenDocuments()
        var client = TrialClient()
        func consumer(_ name: String) -> (APISIXKind, String, String?) {
            let plugins = #"{"key-auth":{"key":"\#(name)"}}"#
            return (.consumer, name, #"{"username":"\#(name)","group_id":"g","plugins":\#(plugins)}"#)
        }
        let key = #","key_type":"constant","key":"k""#
        _ = try documents.write([
            (.consumerGroup, "g", #"{"id":"g","plugins":{\#(Self.limit(1, key))}}"#), consumer("jack"),
            (.route, "1", Self.route(#","plugins":{"key-auth":{}}"#)),
        ])
        #expect(try client.get("/a", key: "jack", of: documents) != "rate_limited")
        _ = try documents.write([consumer("jane")])
        #expect(try client.get("/a", key: "jane", of: documents) == "rate_limited")
        // A write of the group reaches its consumers.
        _ = try documents.write([
            (.consumerGroup, "g", #"{"id":"g","plugins":{"mocking":{"response_example":"mocked"}}}"#)
        ])
        #expect(try client.get("/a", key: "jack", of: documents).hasPrefix("200 mocked"))
        #expect(try client.get("/a", key: "jane", of: documents).hasPrefix("200 mocked"))
    }

    @Test func `refuse a consumer whose group was deleted, until there is one again`() throws {
        var documents = WrittenDocuments()
        var client = TrialClient()
        let restriction = #""consumer-restriction":{"type":"consumer_group_id","whitelist":["g"]}"#
        let anonymous = #""key-auth":{"anonymous_consumer":"jack"}"#
        let group = (APISIXKind.consumerGroup, "g", #"{"id":"g","plugins":{"mocking":{"response_example":"g"}}}"#)
        _ = try documents.write([
            group,
            (.consumer, "jack", #"{"username":"jack","group_id":"g","plugins":{"key-auth":{"key":"jack"}}}"#),
            (.consumer, "jane", #"{"username":"jane","plugins":{"key-auth":{"key":"jane"}}}"#),
            (.route, "1", Self.route(#","plugins":{"key-auth":{},\#(restriction)}"#)),
            (.route, "2", Self.route(#","plugins":{\#(anonymous)}"#).replacing("/a", with: "/b")),
        ])
        #expect(try client.get("/a", key: "jack", of: documents) == "200 g")
        #expect(try client.get("/b", of: documents) == "200 g")
        _ = try documents.write([(.consumerGroup, "g", nil)])
        #expect(try client.get("/a", key: "jack", of: documents) == "consumer_group_missing")
        #expect(try client.get("/b", of: documents) == "consumer_group_missing")
        #expect(try !client.get("/b", key: "jane", of: documents).hasPrefix("consumer"))
        _ = try documents.write([group])
        #expect(try client.get("/a", key: "jack", of: documents) == "200 g")
    }

    @Test func `have limits of one group that are alike`() throws {
        var documents = WrittenDocuments()
        func route(_ count: Int) -> String { Self.route(#","plugins":{\#(Self.limit(count, #","group":"g""#))}"#) }
        #expect(try documents.write([(.route, "1", route(1))]) == [])
        #expect(try documents.write([(.route, "2", route(2))]).contains { $0.contains("group conf mismatched") })
        #expect(try documents.write([(.route, "1", nil)]) == [])
        #expect(try documents.write([(.route, "2", route(2))]) == [])
    }

    // MARK: - What can't be served

    private static func json(_ compiled: DocumentCompiler.Compiled) throws -> String {
        try #require(compiled.snapshot(of: "default")).json
    }

    private static let refused = #""name":"1","policies":{"traffic":{"directResponse":[{"status":500,"#

    @Test func `serve the rest where one of them is refused by this version`() throws {
        var documents = WrittenDocuments()
        try documents.hold(.route, "1", Self.route(#","plugins":{"no-such-plugin":{}}"#))
        try documents.hold(.route, "2", #"{"uri":"/b","upstream":{"nodes":{"127.0.0.1:1":1}}}"#)
        let (compiled, diagnostics) = documents.isolating()
        let result = try #require(compiled)
        #expect(result.isolated(in: "default") == ["/apisix/routes/1"])
        #expect(diagnostics.contains { $0.severity == .error && $0.message.contains("no-such-plugin") })
        #expect(try Self.json(result).contains(Self.refused))
        #expect(try Self.json(result).contains(#""name":"2","policies":{},"backends":[{"host""#))
    }

    @Test(arguments: [
        (APISIXKind.service, "s", #"{"plugins":{"no-such-plugin":{}}}"#),
        (.pluginConfig, "s", #"{"id":"s","plugins":{"no-such-plugin":{}}}"#),
        (.globalRule, "s", #"{"id":"s","plugins":{"no-such-plugin":{}}}"#),
        (.upstream, "s", #"{"nodes":{"127.0.0.1:1":1},"no-such-field":1}"#),
    ]) func `refuse the routes that depend on one that is refused`(
        _ kind: APISIXKind, _ id: String, _ body: String
    ) throws {
        var documents = WrittenDocuments()
        let fields: [APISIXKind: String] = [
            .service: #","service_id":"s""#, .pluginConfig: #","plugin_config_id":"s""#,
            .upstream: #","upstream_id":"s""#,
        ]
        let upstream = kind == .upstream ? "" : #","upstream":{"nodes":{"127.0.0.1:1":1}}"#
        try documents.hold(kind, id, body)
        try documents.hold(.route, "1", #"{"uri":"/a"\#(upstream)\#(fields[kind] ?? "")}"#)
        let result = try #require(documents.isolating().compiled)
        #expect(result.isolated(in: "default").count == 1)
        #expect(try Self.json(result).contains(Self.refused))
    }

    @Test func `know no consumer whose document is refused`() throws {
        var documents = WrittenDocuments()
        try documents.hold(.consumer, "c", #"{"username":"c","plugins":{"key-auth":{"nonsense":1}}}"#)
        try documents.hold(.route, "1", Self.route(#","plugins":{"key-auth":{}}"#))
        let result = try #require(documents.isolating().compiled)
        #expect(result.isolated(in: "default") == ["/apisix/consumers/c"])
        #expect(try Self.json(result).contains(#""consumers":{"mode":"strict""#))
    }
}
