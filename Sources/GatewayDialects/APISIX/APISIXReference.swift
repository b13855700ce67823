internal import Bytes

/// A field of documents that names another document.
package struct APISIXReference: Sendable {
    package var field: String
    package var target: APISIXKind
    package var owners: [APISIXKind]

    package static let all = [
        APISIXReference(field: "upstream_id", target: .upstream, owners: [.route, .service]),
        APISIXReference(field: "service_id", target: .service, owners: [.route]),
        APISIXReference(field: "plugin_config_id", target: .pluginConfig, owners: [.route]),
        APISIXReference(field: "group_id", target: .consumerGroup, owners: [.consumer]),
    ]
}

extension APISIXDocument {
    /// The documents that this one names.
    package var references: [(kind: APISIXKind, id: String)] {
        APISIXReference.all.compactMap { reference in
            guard reference.owners.contains(kind), let id = value[reference.field]?.identifier else { return nil }
            return (reference.target, id)
        }
    }

    /// The consumer that a credential belongs to; of other documents the id.
    package var owner: String { Self.owner(id) }

    static func owner(_ id: String) -> String { String(id.prefix { $0 != "/" }) }

    /// What no other consumer may say, as texts that tell it apart.
    var uniqueKeys: [APISIXUniqueKey] {
        guard kind == .consumer || kind == .credential else { return [] }
        return (value["plugins"]?.object?.entries ?? []).compactMap { name, value in
            guard let member = APISIXPlugin.named(name)?.uniqueMember, let text = value[member]?.string,
                !SecretReference.isWritten(text)
            else { return nil }
            return APISIXUniqueKey(plugin: name, member: member, text: text)
        }
    }
}

/// What tells consumers apart.
struct APISIXUniqueKey: Hashable, Sendable {
    var plugin: String
    var member: String
    var text: String
}
