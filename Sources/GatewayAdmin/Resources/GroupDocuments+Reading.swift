internal import Bytes
internal import GatewayDialects

extension GroupDocuments {
    func read(_ request: AdminRequest, _ address: ResourceAddress) throws -> AdminAnswer {
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
                    400, plain: "page_size must be between \(allowed.lowerBound) and \(allowed.upperBound)"))
        }
        return (number, count)
    }
}
