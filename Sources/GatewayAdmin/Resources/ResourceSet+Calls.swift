internal import Bytes
internal import GatewayDialects

extension ResourceSet {
    /// Answers one call of someone who may make it.
    func answer(_ request: AdminRequest) async -> AdminAnswer {
        do {
            try checkGroup(request)
            guard let first = request.path.first else { return AdminAnswer(200) }
            switch first {
            case "plugins": return try Self.plugins(request)
            case "schema": return try Self.schema(request)
            case "openapi.json" where request.path.count == 1 && request.method == "GET":
                return AdminAnswer(200, AdminOpenAPI.document)
            default: break
            }
            guard let kind = APISIXKind(collection: first), kind != .credential else {
                throw Self.unsupported(first)
            }
            if kind == .consumer, request.path.count > 2 { return try await credentials(request) }
            if kind == .secret { return try await secrets(request) }
            return try await answer(request, ResourceAddress(kind: kind, rest: request.path.dropFirst()))
        } catch let refusal as AdminRefusal {
            return refusal.answer
        } catch {
            return .error(500, "unexpected")
        }
    }

    /// There is one group, and all listeners belong to it.
    private func checkGroup(_ request: AdminRequest) throws {
        guard let group = request.query["gateway_group_id"], group != "default" else { return }
        throw AdminRefusal(
            404, "there is no gateway group `\(group)`: this version has one, `default`; groups of one's own come later"
        )
    }

    private static func unsupported(_ resource: String) -> AdminRefusal {
        let known = ["ssls", "protos", "stream_routes", "plugin_metadata", "configs"]
        return known.contains(resource)
            ? AdminRefusal(400, "`\(resource)` is part of APISIX and not offered in this version")
            : AdminRefusal(404, "Unsupported resource type: \(resource)")
    }

    private func credentials(_ request: AdminRequest) async throws -> AdminAnswer {
        let path = request.path
        guard path[2] == "credentials" else { throw Self.unsupported(path[2]) }
        guard entry(.consumer, path[1]) != nil else {
            if request.method == "GET" { return .notFound }
            throw AdminRefusal(404, "consumer not found")
        }
        return try await answer(
            request, ResourceAddress(kind: .credential, rest: path.dropFirst(3), owner: path[1]))
    }

    /// The settings of secret managers, which APISIX names by their kind and an id.
    private func secrets(_ request: AdminRequest) async throws -> AdminAnswer {
        let path = request.path
        guard path.count > 1 else {
            guard request.method == "GET" else { throw AdminRefusal(400, "no secret id") }
            return try await answer(request, ResourceAddress(kind: .secret, rest: []))
        }
        guard path[1] == "vault" else {
            throw AdminRefusal(400, "`secrets/\(path[1])` is part of APISIX and not offered in this version")
        }
        guard path.count > 2 || request.method == "GET" else { throw AdminRefusal(400, "no secret id") }
        return try await answer(request, ResourceAddress(kind: .secret, rest: path.dropFirst(2), owner: path[1]))
    }

    private func answer(_ request: AdminRequest, _ address: ResourceAddress) async throws -> AdminAnswer {
        switch request.method {
        case "GET", "HEAD": return try read(request, address)
        case "PUT": return await write(request) { try $0.planPut(request, address) }
        case "POST" where address.kind.isMadeByPost:
            return await write(request) { try $0.planPost(request, address) }
        case "PATCH" where address.kind.isPatched:
            return await write(request) { try $0.planPatch(request, address) }
        case "DELETE": return await write(request) { try $0.planDelete(request, address) }
        default:
            throw AdminRefusal(405, "not supported `\(request.method)` method for \(address.kind.rawValue)")
        }
    }

    // MARK: - Reading

    private func read(_ request: AdminRequest, _ address: ResourceAddress) throws -> AdminAnswer {
        if let id = address.fullID {
            return entry(address.kind, id).map { request.shape.one($0, isMasked: request.caller.seesMasks) }
                ?? .notFound
        }
        var found = collection(address)
        if address.owner != nil, found.isEmpty { return .notFound }
        if Self.isFiltered(request) { found = filtered(found, request) }
        let page = try page(request)
        let shown = page.map { found.dropFirst(($0.number - 1) * $0.size).prefix($0.size) } ?? found[...]
        return request.shape.list(Array(shown), total: found.count, isMasked: request.caller.seesMasks)
    }

    private func collection(_ address: ResourceAddress) -> [Entry] {
        guard let owner = address.owner else { return list(address.kind) }
        if address.kind == .credential { return documents.credentials(of: owner) }
        let prefix = address.fullID("")
        return list(address.kind).filter { $0.id.hasPrefix(prefix) }
    }

    private static func isFiltered(_ request: AdminRequest) -> Bool {
        ["label", "name", "uri"].contains { request.query[$0] != nil } || !conditions(request).isEmpty
    }

    private func filtered(_ entries: [Entry], _ request: AdminRequest) -> [Entry] {
        let conditions = Self.conditions(request)
        return entries.filter { entry in
            let value = entry.document.value
            if let label = request.query["label"], value["labels"]?[label] == nil { return false }
            if let name = request.query["name"], value["name"]?.string?.contains(name) != true { return false }
            if !conditions.allSatisfy({ value[$0.name]?.identifier == $0.value }) { return false }
            if let uri = request.query["uri"] {
                let uris =
                    [value["uri"]?.string].compactMap(\.self) + (value["uris"]?.array?.compactMap(\.string) ?? [])
                if !uris.contains(where: { $0.contains(uri) }) { return false }
            }
            return true
        }
    }

    /// What the fields of a document have to be: `service_id=1`, as API7 writes it, or `filter=service_id=1&...`.
    private static func conditions(_ request: AdminRequest) -> [(name: String, value: String)] {
        let names = ["service_id", "upstream_id"]
        let filter = (request.query["filter"] ?? "").split(separator: "&").compactMap { pair in
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            return sides.count == 2 ? (name: sides[0], value: sides[1]) : nil
        }
        let plain = names.compactMap { name in request.query[name].map { (name: name, value: $0) } }
        return plain + filter.filter { names.contains($0.name) }
    }

    /// Both have to be there. API7 knows no bounds of the size.
    private func page(_ request: AdminRequest) throws -> (number: Int, size: Int)? {
        guard let page = request.query["page"], let size = request.query["page_size"] else { return nil }
        let number = max(1, Int(page) ?? 1)
        let count = Int(size) ?? 0
        let allowed = request.shape == .apisix ? 10...500 : 1...1000
        guard allowed.contains(count) else {
            throw AdminRefusal(
                AdminAnswer(
                    400, .string("page_size must be between \(allowed.lowerBound) and \(allowed.upperBound)")))
        }
        return (number, count)
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
            guard let kind = APISIXKind(collection: path[2]) else { throw unsupported(path[2]) }
            let value = try parse(request)
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

    /// The body of a write.
    static func parse(_ request: AdminRequest) throws -> JSONTree {
        guard !request.body.isEmpty else { throw AdminRefusal(400, "missing configurations") }
        do {
            return try JSONTree(parsingLeniently: request.body, limits: .document)
        } catch {
            throw AdminRefusal(
                AdminAnswer(
                    400,
                    [
                        "error_msg": .string("invalid request body: \(error.reason.rawValue) at byte \(error.offset)"),
                        "req_body": .string(String(decoding: request.body, as: UTF8.self)),
                    ]))
        }
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
    var isMadeByPost: Bool { self == .route || self == .service || self == .upstream }
    var isPatched: Bool { self != .consumer && self != .credential }
}
