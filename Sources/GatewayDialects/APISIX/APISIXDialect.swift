internal import Bytes
package import GatewayModel

/// Documents of the Admin API of API7 and Apache APISIX → the model.
package enum APISIXDialect {
    package static let name = "APISIX"

    /// What the documents mean. Whoever stores them has checked each with `APISIXCheck` and its references; what a
    /// version before this one took and this one does not is an error here.
    ///
    /// - Parameters:
    ///   - documents: in the order they were first written, which decides between routes of equal priority.
    ///   - isolated: keys of documents that can't be served: what depends on them is refused, and the rest goes on.
    ///   - group: whose they are, and where its traffic is taken; with several addresses the one listener is of each.
    ///   - secrets: finds what references to secrets lead to.
    ///   - extent: what the documents are of; of `servers` their upstreams count without any route.
    package static func decode(
        _ documents: [APISIXDocument], isolated: Set<String> = [], group: GatewayGroup, process: ProcessSettings,
        secrets: @escaping SecretResolver, extent: APISIXChange.Extent = .all
    ) -> (GatewayConfiguration, [Diagnostic]) {
        var decoder = APISIXDecoder(documents, isolated: isolated, secrets: secrets)
        if case .servers = extent { for document in documents { decoder.upstream(alone: document) } }
        let configuration = decoder.decode(group, process: process)
        return (configuration, atEachRoute(decoder.diagnostics, of: configuration))
    }
}

/// The state of one decoding.
struct APISIXDecoder {
    let documents: [APISIXKind: [APISIXDocument]]
    /// Of each consumer, in the order they were first written.
    let credentials: [String: [APISIXDocument]]
    private let byKey: [String: APISIXDocument]
    let secrets: SecretResolver
    var diagnostics: [Diagnostic] = []
    var upstreams: [Upstream] = []
    var knownUpstreams: Set<UpstreamID> = []
    /// Keys of the documents that they stand in.
    var upstreamOwners: Set<String> = []
    var attachments: [Attachment] = []
    /// Those of consumers that have been attached.
    var overlays: Set<OverlayID> = []
    /// Of global rules, by name.
    var globalPlugins: [String: HeldPlugin] = [:]
    /// Those that have been attached, and whether their routes' requests go to an upstream.
    var policySets: [PolicySetID: Bool] = [:]

    let isolated: Set<String>

    init(_ documents: [APISIXDocument], isolated: Set<String>, secrets: @escaping SecretResolver) {
        self.isolated = isolated
        self.secrets = secrets
        self.documents = Dictionary(grouping: documents, by: \.kind)
        credentials = Dictionary(grouping: self.documents[.credential] ?? []) { credential in
            String(credential.id.prefix { $0 != "/" })
        }
        byKey = Dictionary(documents.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    func document(_ kind: APISIXKind, _ id: JSONTree?) -> APISIXDocument? {
        id?.identifier.flatMap { byKey[APISIXDocument.key(kind, $0)] }
    }

    mutating func decode(_ group: GatewayGroup, process: ProcessSettings) -> GatewayConfiguration {
        for document in documents.values.joined() where !isolated.contains(document.key) {
            if let problem = APISIXCheck.problem(document) {
                diagnostics.append(Diagnostic(.error, "document_invalid", problem, at: document.provenance))
            }
            for field in APISIXCheck.unknownFields(document) {
                diagnostics.append(
                    Diagnostic(
                        .warning, "field_unknown", "`\(field)` is kept and does nothing", at: document.provenance))
            }
        }
        for document in documents[.secret] ?? [] {
            diagnostics.append(
                Diagnostic(
                    .warning, "secret_manager_unused",
                    "no secret manager is asked: `$secret://\(document.id)/...` is a file below --secrets-dir",
                    at: document.provenance))
        }
        checkLimitGroups()
        let place = Provenance(document: "the Admin API")
        let isStandard = group.id == GatewayGroup.standardID
        let listenerID = ListenerID(isStandard ? "apisix" : "apisix/\(group.id)")
        globalRules(for: listenerID)
        let routes = (documents[.route] ?? []).compactMap { route($0) }
        let consumers = (documents[.consumer] ?? []).filter { !isIsolated(consumer: $0) }.map { consumer($0) }
        let listener = Listener(
            id: listenerID, gatewayName: group.id, name: "apisix", hostname: .any, routes: routes,
            security: .plain, refusalStyle: .apisix, provenance: place)
        return GatewayConfiguration(
            process: process, traffic: Self.traffic(at: place),
            expressions: ExpressionSettings(checking: .typed, onDenyError: .deny), accessLog: nil,
            binds: [
                Bind(address: group.addresses.first ?? Self.nowhere, listeners: [listener], provenance: place)
            ], upstreams: upstreams,
            attachments: attachments, consumers: consumers)
    }

    /// Of a group that takes no traffic yet.
    private static let nowhere = ListenAddress(host: "0.0.0.0", port: 0)

    /// APISIX's own, where it has any.
    private static func traffic(at place: Provenance) -> TrafficSettings {
        var traffic = TrafficSettings(
            headTimeout: .seconds(60), idleTimeout: .seconds(60), bodyTimeout: .seconds(60),
            requestTimeout: .seconds(60), answerTimeout: .seconds(60), streamTimeout: nil,
            connectTimeout: .seconds(60), maxConnectionDuration: nil,
            keepalive: nil, maxHeadBytes: 64 << 10,
            maxTargetBytes: 32 << 10, maxFields: 128, maxBodyBytes: nil, maxBufferedBodyBytes: 2 << 20,
            maxBufferedBytes: 64 << 20, trustedProxies: [], onTokenExpiry: .close,
            provenance: place)
        traffic.sendsRealIP = true
        return traffic
    }
}

extension APISIXDocument {
    package var provenance: Provenance { Provenance(document: key) }
}
