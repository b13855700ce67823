import Bytes
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
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

@Suite struct `Documents that are compiled write by write` {
    /// One of many writes: a document of a few names, so that they meet and refer to each other.
    private static func randomWrite(
        _ set: APISIXDocumentSet, _ generator: inout SystemRandomNumberGenerator
    ) -> (APISIXKind, String, String?) {
        let id = String(Int.random(in: 0..<6, using: &generator))
        let other = String(Int.random(in: 0..<4, using: &generator))
        let port = Int.random(in: 1...3, using: &generator)
        let kinds: [APISIXKind] = [
            .route, .route, .route, .service, .upstream, .pluginConfig, .consumer, .credential, .globalRule,
        ]
        let kind = kinds.randomElement(using: &generator) ?? .route
        let isDeleted = Int.random(in: 0..<4, using: &generator) == 0
        let plugins = [#"{"key-auth":{}}"#, #"{"jwt-auth":{}}"#, "{}"].randomElement(using: &generator) ?? "{}"
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
        case .pluginConfig, .globalRule: body = #"{"id":"\#(id)","plugins":\#(plugins)}"#
        case .credential:
            guard set.entry(.consumer, "c\(other)") != nil else { return randomWrite(set, &generator) }
            let full = "c\(other)/credentials/\(id)"
            return (kind, full, isDeleted ? nil : #"{"plugins":{"key-auth":{"key":"\#(other)-\#(id)"}}}"#)
        default:
            return (.consumer, "c\(id)", #"{"username":"c\#(id)","plugins":{"key-auth":{"key":"k\#(id)"}}}"#)
        }
        return (kind, id, isDeleted ? nil : body)
    }

    @Test func `are what all of them are at once, whatever was written before`() throws {
        var generator = SystemRandomNumberGenerator()
        var documents = Documents()
        var trail: [String] = []
        for _ in 0..<400 {
            let write = Self.randomWrite(documents.set, &generator)
            trail.append("\(write)")
            #expect(try documents.write([write]) == [], "\(trail)")
            let snapshot = try #require(documents.compiled?.snapshot)
            let anew = try documents.compiledAnew()
            try #require(snapshot.json == anew.json, "\(trail)")
            let live = snapshot.upstreams.filter { !$0.endpoints.isEmpty }
            #expect(live.count == anew.upstreams.filter { !$0.endpoints.isEmpty }.count, "\(trail)")
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

    // MARK: - What can't be served

    private static let refused = #""name":"1","policies":{"traffic":["directResponse"]},"backends":[]"#

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
