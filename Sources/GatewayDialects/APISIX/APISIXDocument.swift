package import Bytes

/// The kinds of documents of the Admin API.
package enum APISIXKind: String, CaseIterable, Sendable {
    case route, service, upstream, consumer, credential
    case globalRule = "global_rule"
    case pluginConfig = "plugin_config"
    case consumerGroup = "consumer_group"
    case secret
    /// In no gateway group itself.
    case gatewayGroup = "gateway_group"

    /// Those that every gateway group has documents of.
    package static let ofGroups = allCases.filter { $0 != .gatewayGroup }

    /// As it stands in paths and keys.
    package var collection: String {
        switch self {
        case .route: "routes"
        case .service: "services"
        case .upstream: "upstreams"
        case .consumer: "consumers"
        case .credential: "credentials"
        case .globalRule: "global_rules"
        case .pluginConfig: "plugin_configs"
        case .consumerGroup: "consumer_groups"
        case .secret: "secrets"
        case .gatewayGroup: "gateway_groups"
        }
    }

    /// As messages name it.
    package var words: String { rawValue.split(separator: "_").joined(separator: " ") }

    package init?(collection: String) {
        guard let kind = Self.allCases.first(where: { $0.collection == collection }) else { return nil }
        self = kind
    }

    package var schema: APISIXSchema {
        switch self {
        case .route: APISIXShapes.route
        case .service: APISIXShapes.service
        case .upstream: APISIXShapes.upstream
        case .consumer: APISIXShapes.consumer
        case .credential: APISIXShapes.credential
        case .globalRule: APISIXShapes.globalRule
        case .pluginConfig: APISIXShapes.pluginConfig
        case .consumerGroup: APISIXShapes.consumerGroup
        case .secret: APISIXShapes.secret
        case .gatewayGroup: APISIXShapes.gatewayGroup
        }
    }
}

/// One document, as a user wrote it.
package struct APISIXDocument: Sendable {
    package var kind: APISIXKind
    /// Of a credential `user/credentials/id`, of a secret `vault/id`, which is how APISIX names them.
    package var id: String
    package var value: JSONTree

    package init(kind: APISIXKind, id: String, value: JSONTree) {
        self.kind = kind
        self.id = id
        self.value = value
    }

    /// `/apisix/routes/1`.
    package var key: String { Self.key(kind, id) }

    /// Whether its plugins have the form that they have on consumers.
    package var isConsumers: Bool { kind == .consumer || kind == .credential }

    package static func key(_ kind: APISIXKind, _ id: String) -> String {
        kind == .credential ? "/apisix/consumers/\(id)" : "/apisix/\(kind.collection)/\(id)"
    }
}

extension APISIXDocument {
    /// What a key names: `/apisix/routes/1`, `/apisix/consumers/me/credentials/1`; nil where it is none.
    package static func address(_ key: String) -> (kind: APISIXKind, id: String)? {
        guard key.hasPrefix("/apisix/") else { return nil }
        let parts = key.dropFirst("/apisix/".count).split(separator: "/", maxSplits: 1)
        guard parts.count == 2, let kind = APISIXKind(collection: String(parts[0])) else { return nil }
        let id = String(parts[1])
        return kind == .consumer && id.contains("/") ? (.credential, id) : (kind, id)
    }

    /// What is wrong with an id as a user wrote it, in APISIX's words; nil where nothing is.
    package static func problem(ofID value: JSONTree) -> String? {
        APISIXShapes.id.problem(value).map { "invalid configuration: property \"id\" validation failed: \($0)" }
    }
}

extension JSONTree {
    /// An id as a user may write it, as text or number.
    package var identifier: String? {
        string ?? integer.map(String.init)
    }

    /// The texts in a list of that name; nil where there is no such list.
    func strings(_ name: String) -> [String]? {
        self[name]?.array?.compactMap(\.string)
    }
}
