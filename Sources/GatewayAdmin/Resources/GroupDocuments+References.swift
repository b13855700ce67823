internal import Bytes
internal import GatewayDialects

/// What documents say of each other.
extension GroupDocuments {
    func checkReferences(_ document: APISIXDocument) throws {
        for reference in APISIXReference.all where reference.owners.contains(document.kind) {
            guard let id = document.value[reference.field]?.identifier, entry(reference.target, id) == nil else {
                continue
            }
            let words = reference.target.words
            throw AdminRefusal(400, "failed to fetch \(words) info by \(words) id [\(id)], response code: 404")
        }
    }

    func checkUnused(_ document: APISIXDocument) throws {
        let users = documents.users(of: document.kind, document.id)
        guard let user = users.first(where: { $0.kind == .route }) ?? users.first else { return }
        let directly = document.kind == .service ? " directly" : ""
        throw AdminRefusal(
            400,
            "can not delete this \(document.kind.words)\(directly), \(user.kind.words) [\(user.id)] "
                + "is still using it now")
    }

    /// No two consumers may be told by one key.
    func checkUniqueKeys(_ document: APISIXDocument) throws {
        guard let (plugin, member, other) = documents.duplicate(of: document) else { return }
        throw AdminRefusal(400, "duplicate \(member) of plugin \(plugin) found with \(Self.words(other))")
    }

    private static func words(_ entry: Entry) -> String {
        guard entry.kind == .credential, let slash = entry.id.lastIndex(of: "/") else {
            return "consumer: \(entry.id)"
        }
        return "credential: \(entry.id[entry.id.index(after: slash)...]) of consumer: \(entry.document.owner)"
    }
}
