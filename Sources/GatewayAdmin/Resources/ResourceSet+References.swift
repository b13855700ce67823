internal import Bytes
internal import GatewayDialects

/// What documents say of each other.
extension ResourceSet {
    private struct Reference {
        var field: String
        var target: APISIXKind
        var owners: [APISIXKind]
    }

    private static let references = [
        Reference(field: "upstream_id", target: .upstream, owners: [.route, .service]),
        Reference(field: "service_id", target: .service, owners: [.route]),
        Reference(field: "plugin_config_id", target: .pluginConfig, owners: [.route]),
        Reference(field: "group_id", target: .consumerGroup, owners: [.consumer]),
    ]

    func checkReferences(_ document: APISIXDocument) throws {
        for reference in Self.references where reference.owners.contains(document.kind) {
            guard let id = document.value[reference.field]?.identifier, entry(reference.target, id) == nil else {
                continue
            }
            let words = reference.target.words
            throw AdminRefusal(400, "failed to fetch \(words) info by \(words) id [\(id)], response code: 404")
        }
    }

    func checkUnused(_ document: APISIXDocument) throws {
        for reference in Self.references where reference.target == document.kind {
            for kind in reference.owners {
                let user = list(kind).first { $0.document.value[reference.field]?.identifier == document.id }
                guard let user else { continue }
                let directly = document.kind == .service ? " directly" : ""
                throw AdminRefusal(
                    400,
                    "can not delete this \(document.kind.words)\(directly), \(kind.words) [\(user.document.id)] "
                        + "is still using it now")
            }
        }
    }

    /// No two consumers may be told by one key.
    func checkUniqueKeys(_ document: APISIXDocument) throws {
        guard document.kind == .consumer || document.kind == .credential else { return }
        let owner = Self.owner(document)
        for (name, value) in document.value["plugins"]?.object?.entries ?? [] {
            guard let member = APISIXPlugin.named(name)?.uniqueMember, let key = value[member]?.string,
                !SecretReference.isWritten(key)
            else { continue }
            for other in list(.consumer) + list(.credential) where other.document.key != document.key {
                // A consumer may repeat what its own credentials say.
                if document.kind == .consumer, Self.owner(other.document) == owner { continue }
                guard other.document.value["plugins"]?[name]?[member]?.string == key else { continue }
                throw AdminRefusal(
                    400, "duplicate \(member) of plugin \(name) found with \(Self.words(other.document))")
            }
        }
    }

    private static func owner(_ document: APISIXDocument) -> String {
        String(document.id.prefix { $0 != "/" })
    }

    private static func words(_ document: APISIXDocument) -> String {
        guard document.kind == .credential, let slash = document.id.lastIndex(of: "/") else {
            return "consumer: \(document.id)"
        }
        return "credential: \(document.id[document.id.index(after: slash)...]) of consumer: \(owner(document))"
    }
}
