internal import Bytes
internal import GatewayDialects
internal import GatewayModel

extension ResourceSet {
    /// Answers one call of someone who may make it.
    func answer(_ request: AdminRequest) async -> AdminAnswer {
        do {
            if request.isAboutGroups { return try await gatewayGroups(request) }
            let group = try group(of: request)
            guard let first = request.path.first else { return AdminAnswer(200) }
            switch first {
            case "plugins": return try Self.plugins(request)
            case "schema": return try Self.schema(request)
            case "openapi.json" where request.path.count == 1 && request.method == "GET":
                return AdminAnswer(200, AdminOpenAPI.document)
            default: break
            }
            guard let kind = APISIXKind(collection: first), kind != .credential, kind != .gatewayGroup else {
                throw Self.unsupported(first)
            }
            if kind == .consumer, request.path.count > 2 { return try await credentials(request, group) }
            if kind == .secret { return try await secrets(request, group) }
            return try await answer(request, group, ResourceAddress(kind: kind, rest: request.path.dropFirst()))
        } catch let refusal as AdminRefusal {
            return refusal.answer
        } catch {
            return .error(500, "unexpected")
        }
    }

    /// The gateway group that a call is about: that of its key, or the one it names, or the one that is always there.
    private func group(of request: AdminRequest) throws -> String {
        let named = request.query["gateway_group_id"]
        if let own = request.caller.group, let named, named != own {
            throw AdminRefusal(403, "this key is of the gateway group `\(own)` and of no other")
        }
        let group = request.caller.group ?? named ?? GatewayGroup.standardID
        guard !group.isEmpty else { throw AdminRefusal(400, "`gateway_group_id` is empty") }
        guard isThere(group) else {
            throw AdminRefusal(
                404, "there is no gateway group `\(group)`; GET /api/gateway_groups lists those that are there")
        }
        return group
    }

    /// The groups themselves, as API7's dashboard has them.
    private func gatewayGroups(_ request: AdminRequest) async throws -> AdminAnswer {
        if let own = request.caller.group {
            throw AdminRefusal(403, "this key is of the gateway group `\(own)`; gateway groups are not its to see")
        }
        guard request.path.count < 3 else { throw AdminRefusal(.notFound) }
        return try await answer(
            request, LoadedDocuments.noGroup,
            ResourceAddress(kind: .gatewayGroup, rest: request.path.dropFirst()))
    }

    private static func unsupported(_ resource: String) -> AdminRefusal {
        let known = ["ssls", "protos", "stream_routes", "plugin_metadata", "configs"]
        return known.contains(resource)
            ? AdminRefusal(400, "`\(resource)` is part of APISIX and not offered in this version")
            : AdminRefusal(404, "Unsupported resource type: \(resource)")
    }

    private func credentials(_ request: AdminRequest, _ group: String) async throws -> AdminAnswer {
        let path = request.path
        guard path[2] == "credentials" else { throw Self.unsupported(path[2]) }
        guard documents(of: group).entry(.consumer, path[1]) != nil else {
            if request.method == "GET" { return .notFound }
            throw AdminRefusal(404, "consumer not found")
        }
        return try await answer(
            request, group, ResourceAddress(kind: .credential, rest: path.dropFirst(3), owner: path[1]))
    }

    /// The settings of secret managers, which APISIX names by their kind and an id.
    private func secrets(_ request: AdminRequest, _ group: String) async throws -> AdminAnswer {
        let path = request.path
        guard path.count > 1 else {
            guard request.method == "GET" else { throw AdminRefusal(400, "no secret id") }
            return try await answer(request, group, ResourceAddress(kind: .secret, rest: []))
        }
        guard path[1] == "vault" else {
            guard ["aws", "gcp"].contains(path[1]) else {
                throw AdminRefusal(400, "no secret manager: the path of a secret is `secrets/vault/ID`")
            }
            throw AdminRefusal(400, "`secrets/\(path[1])` is part of APISIX and not offered in this version")
        }
        guard path.count > 2 || request.method == "GET" else { throw AdminRefusal(400, "no secret id") }
        return try await answer(
            request, group, ResourceAddress(kind: .secret, rest: path.dropFirst(2), owner: path[1]))
    }

    private func answer(
        _ request: AdminRequest, _ group: String, _ address: ResourceAddress
    ) async throws -> AdminAnswer {
        if !["GET", "HEAD"].contains(request.method), let lifetime = request.query["ttl"] {
            throw AdminRefusal(
                400,
                Int(lifetime) == nil
                    ? "invalid argument ttl: should be a number"
                    : "`ttl` is part of APISIX and not offered in this version")
        }
        switch request.method {
        case "GET", "HEAD": return try documents(of: group).read(request, address)
        case "PUT": return await write(request, group) { try $0.planPut(request, address) }
        case "POST" where address.kind.isMadeByPost:
            return await write(request, group) { try $0.planPost(request, address) }
        case "PATCH" where address.kind.isPatched:
            return await write(request, group) { try $0.planPatch(request, address) }
        case "DELETE": return await write(request, group) { try $0.planDelete(request, address) }
        default:
            throw AdminRefusal(405, "not supported `\(request.method)` method for \(address.kind.rawValue)")
        }
    }

    // MARK: - Plugins and schemas

    private static func plugins(_ request: AdminRequest) throws -> AdminAnswer {
        guard request.method == "GET" else { throw AdminRefusal(405, "plugins are read only") }
        if let subsystem = request.query["subsystem"], subsystem != "http", subsystem != "stream" {
            throw AdminRefusal(400, "unsupported subsystem: \(subsystem)")
        }
        guard request.path.count == 2 else { throw AdminRefusal(400, "not found plugin name") }
        if request.path[1] == "list" {
            return AdminAnswer(200, .array(APISIXPlugin.all.map { .string($0.name) }))
        }
        return try pluginSchema(request.path[1], request)
    }

    private static func pluginSchema(_ name: String, _ request: AdminRequest) throws -> AdminAnswer {
        let subsystem = request.query["subsystem"] ?? "http"
        guard let plugin = APISIXPlugin.named(name), subsystem == "http" else {
            throw AdminRefusal(404, "plugin not found in subsystem \(subsystem)")
        }
        let isConsumers = request.query["schema_type"] == "consumer"
        return AdminAnswer(200, (isConsumers ? plugin.consumerSchema : nil)?.json ?? plugin.schema.json)
    }

    private static func schema(_ request: AdminRequest) throws -> AdminAnswer {
        let path = request.path
        if path.count == 3, path[1] == "plugins" { return try pluginSchema(path[2], request) }
        if path.count == 3, path[1] == "validate", request.method == "POST" {
            guard let kind = APISIXKind(collection: path[2]), kind != .gatewayGroup else {
                throw unsupported(path[2])
            }
            let value = try request.document()
            let id = value["username"]?.string ?? value["id"]?.identifier ?? "1"
            if let problem = APISIXCheck.problem(APISIXDocument(kind: kind, id: id, value: value)) {
                throw AdminRefusal(400, problem)
            }
            return AdminAnswer(200)
        }
        guard path.count == 2, let kind = APISIXKind(rawValue: path[1]) ?? APISIXKind(collection: path[1]) else {
            throw AdminRefusal(400, "not found schema")
        }
        return AdminAnswer(200, kind.schema.json)
    }
}

/// The document or collection that a call is about.
struct ResourceAddress: Sendable {
    var kind: APISIXKind
    /// Nil: the collection.
    var id: String?
    /// Names of a value inside the document, for PATCH.
    var subPath: [String]
    /// The consumer of a credential, the kind of a secret manager.
    var owner: String?

    init(kind: APISIXKind, rest: ArraySlice<String>, owner: String? = nil) {
        self.kind = kind
        id = rest.first
        subPath = Array(rest.dropFirst())
        self.owner = owner
    }

    /// As documents are named: a credential's is its consumer's with it.
    func fullID(_ id: String) -> String {
        owner.map { kind == .credential ? "\($0)/credentials/\(id)" : "\($0)/\(id)" } ?? id
    }

    var fullID: String? { id.map { fullID($0) } }
}

extension APISIXKind {
    var isMadeByPost: Bool { [.route, .service, .upstream, .gatewayGroup].contains(self) }
    var isPatched: Bool { self != .consumer && self != .credential }
}
