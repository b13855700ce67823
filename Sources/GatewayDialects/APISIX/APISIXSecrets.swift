package import Bytes

// Secrets in documents, hidden from whoever may not see them.
extension APISIXDocument {
    /// What stands in the place of a secret.
    package static let mask = "********"

    /// The document without its secrets.
    package var masked: APISIXDocument {
        changingSecrets { _, value in
            // Where a secret is kept is none.
            guard let text = value.string, !SecretReference.isWritten(text) else { return value }
            return .string(Self.mask)
        }
    }

    /// The document with the secrets of another one wherever it only has their masks: what was read without secrets can
    /// be written back.
    package func unmasked(by known: APISIXDocument?) -> APISIXDocument {
        changingSecrets { path, value in
            guard value.string == Self.mask else { return value }
            return path.reduce(known?.value) { $0?[$1] } ?? value
        }
    }

    /// Where only the mask of a secret stands: `plugins.jwt-auth.secret`.
    package var maskedPlace: String? {
        var place: String?
        _ = changingSecrets { path, value in
            if value.string == Self.mask { place = path.joined(separator: ".") }
            return value
        }
        return place
    }

    private func changingSecrets(
        _ change: ([String], JSONTree) -> JSONTree
    ) -> APISIXDocument {
        guard var members = value.object else { return self }
        if kind == .secret, let token = members["token"] {
            members["token"] = change(["token"], token)
            return APISIXDocument(kind: kind, id: id, value: .object(members))
        }
        guard var plugins = members["plugins"]?.object else { return self }
        for (name, configuration) in plugins.entries {
            guard let plugin = APISIXPlugin.named(name), var written = configuration.object else { continue }
            for member in plugin.secretMembers {
                if let secret = written[member] { written[member] = change(["plugins", name, member], secret) }
            }
            plugins[name] = .object(written)
        }
        members["plugins"] = .object(plugins)
        return APISIXDocument(kind: kind, id: id, value: .object(members))
    }
}
