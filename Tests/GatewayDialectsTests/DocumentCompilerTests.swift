import Bytes
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

/// Writes of the Admin API as the store sees them, without one.
private struct Documents {
    private(set) var set = APISIXDocumentSet()
    private(set) var compiled: DocumentCompiler.Compiled?
    private var revision: Int64 = 0
    private let compiler = DocumentCompiler(
        listen: ListenAddress(host: "127.0.0.1", port: 9080), process: .test, environment: [:],
        remote: RemoteKeySources(store: nil, clock: .system()), secrets: SecretSource(environment: [:], folder: nil))

    /// Compiles a change and, where it can be served, makes it. Answers the errors.
    mutating func write(_ bodies: [(APISIXKind, String, String?)]) throws -> [String] {
        revision += 1
        var written: [(entry: APISIXDocumentSet.Entry, document: APISIXDocument)] = []
        var deleted: [APISIXDocument] = []
        for (kind, id, body) in bodies {
            guard let body else {
                if let known = set.entry(kind, id) { deleted.append(known.document) }
                continue
            }
            let value = JSONTree(try JSONDocument(parsing: body).root)
            let document = APISIXDocument(kind: kind, id: id, value: value)
            let created = set.entry(kind, id)?.created ?? revision
            written.append(
                (.init(document, body: body, created: created, modified: revision), document))
        }
        let change = APISIXChange(to: set, written: written, deleted: deleted)
        let (compiled, diagnostics) = compiler.compile(change, onto: compiled)
        guard let compiled else { return diagnostics.filter { $0.severity == .error }.map(\.message) }
        for document in deleted { set.remove(document.kind, document.id) }
        for (entry, document) in written { set.put(entry, document) }
        self.compiled = compiled
        return []
    }

    /// What all of them compile to at once.
    /// What they compile to where those that can't be served are set apart.
    func isolating(_ unreadable: Set<String> = []) -> (compiled: DocumentCompiler.Compiled?, diagnostics: [Diagnostic])
    {
        compiler.compile(isolating: APISIXChange(to: set, isolated: unreadable))
    }

    /// Takes a document as it is, as a version before might have.
    mutating func hold(_ kind: APISIXKind, _ id: String, _ body: String) throws {
        revision += 1
        let value = JSONTree(try JSONDocument(parsing: body).root)
        let document = APISIXDocument(kind: kind, id: id, value: value)
        set.put(.init(document, body: body, created: revision, modified: revision), document)
    }

    func compiledAnew() throws -> Snapshot {
        let (compiled, diagnostics) = compiler.compile(APISIXChange(to: set), onto: nil)
        return try #require(compiled, "\(diagnostics.filter { $0.severity == .error })").snapshot
    }
}

/// Asks for paths as consumers, without sockets.
private struct Client {
    private var scratch = RequestScratch()
    private var cache = TokenCache(maxBytes: 1 << 16)

    /// What becomes of a request, in words.
    mutating func get(_ path: String, key: String = "", of documents: Documents) throws -> String {
        try get(path, key: key, from: #require(documents.compiled?.snapshot))
    }

    mutating func get(_ path: String, key: String, from snapshot: Snapshot) throws -> String {
        let bytes = Array("GET \(path) HTTP/1.1\r\nHost: a\r\napikey: \(key)\r\n\r\n".utf8)
        let head = try #require(
            try RequestHeadParser.parse(bytes.span, limits: .standard, into: &scratch.table))
        let decision = Pipeline.decide(
            head, bytes.span, &scratch, bind: snapshot.binds[0],
            connection: ConnectionContext(
                address: "192.0.2.7", port: 4711, destination: "192.0.2.1", traffic: snapshot.traffic),
            cache: &cache, now: 0, uptime: 1_000_000_000)
        switch decision {
        case .awaitBody: return "awaits a body"
        case .refuse(let refusal): return refusal.code.rawValue
        case .answer(let answer): return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
        case .forward(let upstream):
            let lines = scratch.addedLines + scratch.forwardingLines
            return "\(snapshot.upstreams[upstream].endpoints) "
                + String(decoding: scratch.rewrittenPath + lines, as: UTF8.self)
        }
    }
}

@Suite struct `Documents that are compiled write by write` {
    /// One of many writes: a document of a few names, so that they meet and refer to each other.
    private static func randomWrite(
        _ set: APISIXDocumentSet, _ generator: inout SystemRandomNumberGenerator
    ) -> (APISIXKind, String, String?) {
        let id = String(Int.random(in: 0..<6, using: &generator))
        let other = String(Int.random(in: 0..<4, using: &generator))
        let port = Int.random(in: 1...3, using: &generator)
        let kinds: [APISIXKind] = [
            .route, .route, .route, .service, .upstream, .pluginConfig, .consumer, .consumer, .credential,
            .consumerGroup, .globalRule,
        ]
        let kind = kinds.randomElement(using: &generator) ?? .route
        let isDeleted = Int.random(in: 0..<4, using: &generator) == 0
        // No limit is ever reached: counts go on where a document stays, and begin anew where all are compiled.
        let traffic =
            [
                #""proxy-rewrite":{"uri":"/to\#(other)"}"#, #""limit-count":{"count":100\#(port),"time_window":60}"#,
                #""limit-count":{"count":1000,"time_window":60,"group":"g"}"#,
                #""ip-restriction":{"blacklist":["192.0.2.7"]}"#,
                #""mocking":{"response_example":"\#(other)"}"#, #""redirect":{"uri":"/see\#(other)"}"#,
            ].randomElement(using: &generator) ?? ""
        let plugins =
            [#"{"key-auth":{}}"#, #"{"key-auth":{},\#(traffic)}"#, #"{"jwt-auth":{}}"#, "{}"]
            .randomElement(using: &generator) ?? "{}"
        let nodes = #"{"type":"roundrobin","nodes":{"127.0.0.\#(port):80":1}}"#
        let body: String
        switch kind {
        case .route:
            let target =
                [
                    #""upstream":\#(nodes)"#, #""upstream_id":"\#(other)""#, #""service_id":"\#(other)""#,
                    #""upstream":\#(nodes),"plugin_config_id":"\#(other)""#,
                ].randomElement(using: &generator) ?? ""
            let status = Bool.random(using: &generator) ? 1 : 0
            body = #"{"uri":"/r\#(id)","plugins":\#(plugins),"status":\#(status),\#(target)}"#
        case .service: body = #"{"plugins":\#(plugins),"upstream_id":"\#(other)"}"#
        case .upstream: body = nodes
        case .consumerGroup: body = #"{"id":"\#(id)","plugins":{\#(traffic)}}"#
        case .pluginConfig, .globalRule: body = #"{"id":"\#(id)","plugins":\#(plugins)}"#
        case .credential:
            guard set.entry(.consumer, "c\(other)") != nil else { return randomWrite(set, &generator) }
            let full = "c\(other)/credentials/\(id)"
            return (kind, full, isDeleted ? nil : #"{"plugins":{"key-auth":{"key":"\#(other)-\#(id)"}}}"#)
        default:
            let own = Bool.random(using: &generator) ? "," + traffic : ""
            let group = Bool.random(using: &generator) ? #","group_id":"\#(other)""# : ""
            let body = #"{"username":"c\#(id)","plugins":{"key-auth":{"key":"k\#(id)"}\#(own)}\#(group)}"#
            return (.consumer, "c\(id)", isDeleted ? nil : body)
        }
        return (kind, id, isDeleted ? nil : body)
    }

    @Test func `are what all of them are at once, whatever was written before`() throws {
        var generator = SystemRandomNumberGenerator()
        var documents = Documents()
        var trail: [String] = []
        var client = Client()
        for _ in 0..<400 {
            let write = Self.randomWrite(documents.set, &generator)
            trail.append("\(write)")
            #expect(try documents.write([write]) == [], "\(trail)")
            let snapshot = try #require(documents.compiled?.snapshot)
            let anew = try documents.compiledAnew()
            try #require(snapshot.json == anew.json, "\(trail)")
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
        var documents = Documents()
        _ = try documents.write([(.route, "1", Self.route("")), (.route, "2", Self.route(""))])
        let before = try #require(documents.compiled?.snapshot)
        // What is guarded on every route changes with the first consumer, and never again.
        _ = try documents.write([(.consumer, "c", #"{"username":"c"}"#)])
        let with = try #require(documents.compiled?.snapshot)
        _ = try documents.write([(.consumer, "d", #"{"username":"d"}"#)])
        let after = try #require(documents.compiled?.snapshot)
        #expect(before.binds[0].listeners[0] !== with.binds[0].listeners[0])
        #expect(with.binds[0].listeners[0] === after.binds[0].listeners[0])
        _ = try documents.write([(.route, "1", Self.route(#","desc":"b""#))])
        let last = try #require(documents.compiled?.snapshot)
        #expect(last.upstreams[0] === after.upstreams[0])
    }

    @Test func `stay as they were where a write can't be served`() throws {
        var documents = Documents()
        _ = try documents.write([(.route, "1", Self.route(""))])
        let before = try #require(documents.compiled?.snapshot)
        #expect(try documents.write([(.route, "2", Self.route(#","nonsense":1"#))]) != [])
        #expect(documents.compiled?.snapshot === before)
        #expect(documents.set.count == 1)
    }

    @Test func `reach the routes behind what names them`() throws {
        var documents = Documents()
        _ = try documents.write([
            (.upstream, "u", #"{"nodes":{"127.0.0.1:1":1}}"#), (.service, "s", #"{"upstream_id":"u"}"#),
            (.route, "1", #"{"uri":"/a","service_id":"s"}"#), (.route, "2", Self.route("")),
        ])
        _ = try documents.write([(.upstream, "u", #"{"nodes":{"127.0.0.1:2":1}}"#)])
        let snapshot = try #require(documents.compiled?.snapshot)
        #expect(snapshot.json.contains(#""name":"1","policies":{},"backends":[{"host":"127.0.0.1","port":2"#))
        #expect(snapshot.json.contains(#""name":"2","policies":{},"backends":[{"host":"127.0.0.1","port":1"#))
    }

    // MARK: - Limits

    private static func limit(_ count: Int, _ more: String = "") -> String {
        #""limit-count":{"count":\#(count),"time_window":3600\#(more)}"#
    }

    @Test func `go on with the counts of limits that stay, and begin anew where one is changed`() throws {
        var documents = Documents()
        var client = Client()
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
        var documents = Documents()
        var client = Client()
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

    @Test func `have limits of one group that are alike`() throws {
        var documents = Documents()
        func route(_ count: Int) -> String { Self.route(#","plugins":{\#(Self.limit(count, #","group":"g""#))}"#) }
        #expect(try documents.write([(.route, "1", route(1))]) == [])
        #expect(try documents.write([(.route, "2", route(2))]).contains { $0.contains("group conf mismatched") })
        #expect(try documents.write([(.route, "1", nil)]) == [])
        #expect(try documents.write([(.route, "2", route(2))]) == [])
    }

    // MARK: - What can't be served

    private static let refused = #""name":"1","policies":{"traffic":{"directResponse":[{"status":500,"#

    @Test func `serve the rest where one of them is refused by this version`() throws {
        var documents = Documents()
        try documents.hold(.route, "1", Self.route(#","plugins":{"no-such-plugin":{}}"#))
        try documents.hold(.route, "2", #"{"uri":"/b","upstream":{"nodes":{"127.0.0.1:1":1}}}"#)
        let (compiled, diagnostics) = documents.isolating()
        let result = try #require(compiled)
        #expect(result.isolated == ["/apisix/routes/1"])
        #expect(diagnostics.contains { $0.severity == .error && $0.message.contains("no-such-plugin") })
        #expect(result.snapshot.json.contains(Self.refused))
        #expect(result.snapshot.json.contains(#""name":"2","policies":{},"backends":[{"host""#))
    }

    @Test(arguments: [
        (APISIXKind.service, "s", #"{"plugins":{"no-such-plugin":{}}}"#),
        (.pluginConfig, "s", #"{"id":"s","plugins":{"no-such-plugin":{}}}"#),
        (.globalRule, "s", #"{"id":"s","plugins":{"no-such-plugin":{}}}"#),
        (.upstream, "s", #"{"nodes":{"127.0.0.1:1":1},"no-such-field":1}"#),
    ]) func `refuse the routes that depend on one that is refused`(
        _ kind: APISIXKind, _ id: String, _ body: String
    ) throws {
        var documents = Documents()
        let fields: [APISIXKind: String] = [
            .service: #","service_id":"s""#, .pluginConfig: #","plugin_config_id":"s""#,
            .upstream: #","upstream_id":"s""#,
        ]
        let upstream = kind == .upstream ? "" : #","upstream":{"nodes":{"127.0.0.1:1":1}}"#
        try documents.hold(kind, id, body)
        try documents.hold(.route, "1", #"{"uri":"/a"\#(upstream)\#(fields[kind] ?? "")}"#)
        let result = try #require(documents.isolating().compiled)
        #expect(result.isolated.count == 1)
        #expect(result.snapshot.json.contains(Self.refused))
    }

    @Test func `know no consumer whose document is refused`() throws {
        var documents = Documents()
        try documents.hold(.consumer, "c", #"{"username":"c","plugins":{"key-auth":{"nonsense":1}}}"#)
        try documents.hold(.route, "1", Self.route(#","plugins":{"key-auth":{}}"#))
        let result = try #require(documents.isolating().compiled)
        #expect(result.isolated == ["/apisix/consumers/c"])
        #expect(result.snapshot.json.contains(#""consumers":{"mode":"strict""#))
    }
}
