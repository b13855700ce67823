internal import Bytes
internal import GatewayDialects
internal import GatewayEngine
internal import GatewayModel

extension GroupDocuments {
    func planPut(_ request: AdminRequest, _ address: ResourceAddress) throws -> Plan {
        var members = try Self.object(request.document())
        try Self.refuseForbidden(members)
        let id = try Self.identifier(members, address)
        if address.kind != .consumer { members["id"] = .string(id) }
        let fullID = address.fullID(id)
        let known = entry(address.kind, fullID)
        let document = APISIXDocument(kind: address.kind, id: fullID, value: .object(members))
        return try plan(document, replacing: known, request)
    }

    func planPost(_ request: AdminRequest, _ address: ResourceAddress) throws -> Plan {
        var members = try Self.object(request.document())
        try Self.refuseForbidden(members)
        guard members["id"] == nil, address.id == nil else {
            throw AdminRefusal(400, "wrong \(address.kind.words) id, do not need it")
        }
        let id = address.kind == .gatewayGroup ? Self.randomID : numberedID
        members["id"] = .string(id)
        let document = APISIXDocument(kind: address.kind, id: id, value: .object(members))
        return try plan(document, replacing: entry(address.kind, id), request)
    }

    /// As APISIX makes them, of the revision.
    private var numberedID: String {
        let digits = String(revision + 1)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// As API7 makes those of gateway groups.
    private static var randomID: String {
        String(
            decoding: UUIDText.version4(.random(in: 0...UInt64.max), .random(in: 0...UInt64.max)), as: UTF8.self)
    }

    func planPatch(_ request: AdminRequest, _ address: ResourceAddress) throws -> Plan {
        guard let id = address.fullID else { throw AdminRefusal(400, "missing \(address.kind.words) id") }
        guard !request.body.isEmpty else { throw AdminRefusal(400, "missing new configuration") }
        let patch = try request.document()
        guard let known = entry(address.kind, id) else { throw AdminRefusal(.notFound) }
        let value = try Self.patched(known.document, by: patch, at: address.subPath, request.caller)
        let document = APISIXDocument(kind: address.kind, id: id, value: value)
        return try plan(document, replacing: known, request, status: 200)
    }

    private static func patched(
        _ known: APISIXDocument, by patch: JSONTree, at path: [String], _ caller: AdminRequest.Caller
    ) throws -> JSONTree {
        let value = known.value
        if !path.isEmpty { return value.replacing(path[...], by: patch) }
        if let operations = patch.array {
            do {
                return try JSONPatch.apply(
                    operations, to: value,
                    masked: caller.seesMasks
                        ? { APISIXDocument(kind: known.kind, id: known.id, value: $0).masked.value } : nil)
            } catch {
                throw AdminRefusal(400, "invalid JSON Patch: \(error.message)")
            }
        }
        guard patch.object != nil else { throw AdminRefusal(400, "invalid configuration") }
        return value.merging(patch)
    }

    /// Checks a document and what it names, and stamps it.
    private func plan(
        _ document: APISIXDocument, replacing known: Entry?, _ request: AdminRequest, status: Int? = nil
    ) throws -> Plan {
        try checkRevision(request, known)
        var document = document.unmasked(by: known?.document)
        if let place = document.maskedPlace {
            throw AdminRefusal(400, "`\(place)` holds the mask of a secret and not the secret; write the secret itself")
        }
        let now = JSONTree.integer(unixTime)
        guard var members = document.value.object else { throw AdminRefusal(400, "invalid configuration") }
        members["create_time"] = known?.document.value["create_time"] ?? now
        members["update_time"] = now
        document.value = .object(members)
        if let problem = APISIXCheck.problem(document) { throw AdminRefusal(400, problem) }
        let warnings: [Diagnostic]
        do throws(APISIXDocument.PrivateKeyProblem) {
            (document, warnings) = try document.keepingPublicHalves()
        } catch {
            throw AdminRefusal(400, error.message)
        }
        try checkReferences(document)
        try checkUniqueKeys(document)
        let status = status ?? (known == nil ? 201 : 200)
        let (shape, isMasked) = (request.shape, request.caller.seesMasks)
        return Plan(
            group: group, written: [document], warnings: warnings,
            answer: { $0.map { shape.written($0, status: status, isMasked: isMasked) } ?? .notFound })
    }

    func planDelete(_ request: AdminRequest, _ address: ResourceAddress) throws -> Plan {
        guard let id = address.fullID else { throw AdminRefusal(400, "missing \(address.kind.words) id") }
        guard let known = entry(address.kind, id) else { throw AdminRefusal(.notFound) }
        try checkRevision(request, known)
        var deleted = [known.document]
        if address.kind == .gatewayGroup, id == GatewayGroup.standardID {
            throw AdminRefusal(400, "the gateway group `default` can't be deleted")
        } else if address.kind == .consumer {
            deleted += documents.credentials(of: id).map(\.document)
        } else if address.kind == .service, request.shape == .api7 {
            // A service of API7 is published with its routes, and withdrawn with them.
            deleted += documents.users(of: .service, id).map(\.document)
        } else if request.query["force"] != "true" {
            try checkUnused(known.document)
        }
        let key = known.document.key
        return Plan(
            group: group, deleted: deleted, answer: { _ in AdminAnswer(200, ["deleted": "1", "key": .string(key)]) })
    }

    // MARK: - Parts

    private static func object(_ value: JSONTree) throws -> JSONObjectTree {
        guard let members = value.object else {
            throw AdminRefusal(400, "invalid configuration: wrong type: expected object")
        }
        return members
    }

    /// Times are the store's own.
    private static func refuseForbidden(_ members: JSONObjectTree) throws {
        for name in ["create_time", "update_time"] {
            if members[name] != nil || members["upstream"]?[name] != nil {
                throw AdminRefusal(400, "the property is forbidden:  \(name)")
            }
        }
    }

    /// The id in the path or the body, which have to agree.
    private static func identifier(_ members: JSONObjectTree, _ address: ResourceAddress) throws -> String {
        guard address.kind == .consumer else {
            if let written = members["id"], let problem = APISIXDocument.problem(ofID: written) {
                throw AdminRefusal(400, problem)
            }
            let written = members["id"]?.identifier
            guard let id = address.id ?? written else {
                throw AdminRefusal(400, "missing \(address.kind.words) id")
            }
            if let written, written != id { throw AdminRefusal(400, "wrong \(address.kind.words) id") }
            return id
        }
        guard let name = members["username"]?.string else {
            throw AdminRefusal(400, "invalid configuration: property \"username\" is required")
        }
        if let id = address.id, id != name { throw AdminRefusal(400, "wrong username") }
        return name
    }

    private func checkRevision(_ request: AdminRequest, _ known: Entry?) throws {
        let isNamed = { (condition: String) in
            condition == "*" ? known != nil : known.map { condition == "\"\($0.modified)\"" } ?? false
        }
        if let expected = request.ifMatch, !isNamed(expected) {
            throw AdminRefusal(412, "the document is not at the revision that If-Match names")
        }
        if let unexpected = request.ifNoneMatch, isNamed(unexpected) {
            throw AdminRefusal(412, "there is such a document, and If-None-Match asks for none")
        }
    }
}
