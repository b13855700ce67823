import Bytes
import GatewayControl
import GatewayDialects
import GatewayEngine
import GatewayModel
import HTTPWire
import Testing

extension DocumentCompiler {
    static func test(_ remote: RemoteKeySources = RemoteKeySources(store: nil, clock: .system())) -> DocumentCompiler {
        DocumentCompiler(
            process: .test, environment: [:], remote: remote, secrets: SecretSource(environment: [:], folder: nil))
    }
}

/// Writes of the Admin API as the store sees them, without one.
struct WrittenDocuments {
    private(set) var set = APISIXDocumentSet()
    /// What is served: of other groups, too.
    var compiled = DocumentCompiler.Compiled()
    private var revision: Int64 = 0
    private let compiler = DocumentCompiler.test()
    private let group: GatewayGroup

    /// What serves them.
    var snapshot: Snapshot? { compiled.snapshot(of: group.id) }

    init(group: String = "default", port: Int = 9080) {
        self.group = GatewayGroup(id: group, addresses: [ListenAddress(host: "127.0.0.1", port: port)])
    }

    /// Compiles a change and, where it can be served, makes it. Answers the errors.
    mutating func write(_ bodies: [(APISIXKind, String, String?)]) throws -> [String] {
        revision += 1
        let (change, written, deleted) = try change(bodies)
        let (compiled, diagnostics) = compiler.compile(change, in: group, onto: compiled)
        guard let compiled else { return diagnostics.filter { $0.severity == .error }.map(\.message) }
        for document in deleted { set.remove(document.kind, document.id) }
        for (entry, document) in written { set.put(entry, document) }
        self.compiled = compiled
        return []
    }

    /// What of them a write would compile.
    func extent(of bodies: [(APISIXKind, String, String?)]) throws -> APISIXChange.Extent {
        try change(bodies).change.extent
    }

    private func change(_ bodies: [(APISIXKind, String, String?)]) throws -> (
        change: APISIXChange, written: [(entry: APISIXDocumentSet.Entry, document: APISIXDocument)],
        deleted: [APISIXDocument]
    ) {
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
        return (APISIXChange(to: set, written: written, deleted: deleted), written, deleted)
    }

    /// What they compile to where those that can't be served are set apart.
    func isolating(_ unreadable: Set<String> = []) -> (compiled: DocumentCompiler.Compiled?, diagnostics: [Diagnostic])
    {
        compiler.compile(isolating: APISIXChange(to: set, isolated: unreadable), in: group)
    }

    /// Takes a document as it is, as a version before might have.
    mutating func hold(_ kind: APISIXKind, _ id: String, _ body: String) throws {
        revision += 1
        let value = JSONTree(try JSONDocument(parsing: body).root)
        let document = APISIXDocument(kind: kind, id: id, value: value)
        set.put(.init(document, body: body, created: revision, modified: revision), document)
    }

    /// What all of them compile to at once, without any other group.
    func compiledAnew() throws -> Snapshot {
        let (compiled, diagnostics) = compiler.compile(APISIXChange(to: set), in: group, onto: .init())
        return try #require(
            compiled?.snapshot(of: group.id), "\(diagnostics.filter { $0.severity == .error })")
    }
}

/// Asks for paths as consumers, without sockets.
struct TrialClient {
    private var scratch = RequestScratch()
    private var cache = TokenCache(maxBytes: 1 << 16)

    /// What becomes of a request, in words.
    mutating func get(_ path: String, key: String = "", of documents: WrittenDocuments) throws -> String {
        try get(path, key: key, from: #require(documents.snapshot))
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

extension WrittenDocuments {
    /// One of many writes: a document of a few names, so that they meet and refer to each other.
    func randomWrite(
        _ generator: inout SystemRandomNumberGenerator
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
                #""consumer-restriction":{"type":"route_id","blacklist":["\#(id)","\#(other)"]}"#,
                #""consumer-restriction":{"type":"service_id","whitelist":["\#(id)","\#(other)"]}"#,
                #""proxy-rewrite":{"uri":"/$route_id-$service_id-$service_name"}"#,
                #""mocking":{"response_example":"\#(other)"}"#, #""redirect":{"uri":"/see\#(other)"}"#,
                #""proxy-rewrite":{"headers":{"X":"$route_id-$route_name-$service_id-$service_name-\#(port)"}}"#,
                #""consumer-restriction":{"type":"route_id","whitelist":["1","2","\#(other)"]}"#,
            ].randomElement(using: &generator) ?? ""
        let plugins =
            [#"{"key-auth":{}}"#, #"{"key-auth":{},\#(traffic)}"#, #"{"jwt-auth":{}}"#, "{}"]
            .randomElement(using: &generator) ?? "{}"
        let nodes = #"{"type":"roundrobin","nodes":{"127.0.0.\#(port):80":1}}"#
        // What routes take something of, too.
        let servers =
            [
                nodes, nodes, #"{"nodes":{"127.0.0.\#(port):80":1,"127.0.0.9:80":1}}"#,
                #"{"nodes":{"127.0.0.\#(port):80":1,"127.0.0.8:80":1,"127.0.0.9:80":\#(port % 2)}}"#,
                #"{"nodes":{"127.0.0.7:80":1,"127.0.0.8:80":1,"127.0.0.9:80":1},"retries":\#(port % 3)}"#,
                #"{"nodes":{"127.0.0.7:80":1,"127.0.0.8:80":1},"retry_timeout":\#(port)}"#,
                #"{"nodes":{"127.0.0.\#(port):80":1},"timeout":{"connect":1,"send":1,"read":\#(port)}}"#,
                #"{"nodes":{"127.0.0.\#(port):80":1},"pass_host":"rewrite","upstream_host":"h\#(port)"}"#,
                #"{"type":"chash","key":"uri","nodes":{"127.0.0.\#(port):80":1}}"#,
                #"{"scheme":"https","nodes":{"127.0.0.\#(port):443":1}}"#,
                #"{"nodes":{"127.0.0.\#(port):80":1},"keepalive_pool":{"size":\#(port)}}"#,
            ].randomElement(using: &generator) ?? nodes
        let body: String
        switch kind {
        case .route:
            let target =
                [
                    #""upstream":\#(nodes)"#, #""upstream_id":"\#(other)""#, #""service_id":"\#(other)""#,
                    #""upstream":\#(nodes),"plugin_config_id":"\#(other)""#, #""service_id":"1""#,
                    #""service_id":"1","plugin_config_id":"1""#,
                ].randomElement(using: &generator) ?? ""
            let status = Bool.random(using: &generator) ? 1 : 0
            let uri = ["/r\(id)", "/r\(other)", "/r\(other)*", "/*"].randomElement(using: &generator) ?? ""
            let more =
                [
                    "", #""methods":["GET"],"#, #""methods":["POST"],"#, #""priority":\#(port),"#, #""host":"a","#,
                    #""hosts":["*.b","a"],"#,
                ].randomElement(using: &generator) ?? ""
            let timeout =
                Int.random(in: 0..<20, using: &generator) == 0
                ? #""timeout":{"connect":\#(port),"send":1,"read":1},"# : ""
            // Most say nothing of their own, so that they are alike.
            let own = Int.random(in: 0..<3, using: &generator) == 0 ? #""plugins":\#(plugins),"# : ""
            let name = Bool.random(using: &generator) ? #""name":"n\#(id)","# : ""
            body = #"{"uri":"\#(uri)",\#(more)\#(timeout)\#(own)\#(name)"status":\#(status),\#(target)}"#
        case .service:
            let target =
                Bool.random(using: &generator) ? #""upstream_id":"\#(other)""# : #""upstream":\#(servers)"#
            // Few of them have plugins, so that one is often written anew with other servers alone.
            let few = Int.random(in: 0..<3, using: &generator) == 0 ? plugins : "{}"
            let more =
                ["", "", "", #""hosts":["a"],"#, #""name":"s\#(port)","#, #""status":\#(port % 2),"#]
                .randomElement(using: &generator) ?? ""
            body = #"{\#(more)"plugins":\#(few),\#(target)}"#
        case .upstream: body = servers
        case .consumerGroup: body = #"{"id":"\#(id)","plugins":{\#(traffic)}}"#
        case .pluginConfig, .globalRule: body = #"{"id":"\#(id)","plugins":\#(plugins)}"#
        case .credential:
            guard set.entry(.consumer, "c\(other)") != nil else { return randomWrite(&generator) }
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
}

/// What an event loop knows that looks only at what each snapshot says has changed.
struct FollowingLoop {
    private var served: [UpstreamSnapshot] = []
    private var revision: UInt64?

    mutating func use(_ snapshot: Snapshot) {
        let changed = snapshot.upstreamRevision.changed(since: revision)
        if changed == nil { served = Array(served.prefix(snapshot.upstreams.count)) }
        for index in changed ?? Array(snapshot.upstreams.indices) {
            if index < served.count {
                served[index] = snapshot.upstreams[index]
            } else {
                served.append(snapshot.upstreams[index])
            }
        }
        revision = snapshot.upstreamRevision.id
    }

    func serves(_ upstreams: [UpstreamSnapshot]) -> Bool { served.elementsEqual(upstreams) { $0 === $1 } }
}
