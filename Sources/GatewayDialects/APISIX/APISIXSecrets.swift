package import Bytes

// Secrets in documents, hidden from whoever may not see them.
extension APISIXDocument {
    /// What stands in the place of a secret.
    package static let mask = "********"

    /// The document without its secrets.
    package var masked: APISIXDocument {
        changingSecrets { _, value in
            // Where a secret is kept is none.
            if let text = value.string, SecretReference.isWritten(text) { return value }
            return .string(Self.mask)
        }
    }

    /// The document with the secrets of another one wherever it only has their masks: what was read without secrets can
    /// be written back.
    package func unmasked(by known: APISIXDocument?) -> APISIXDocument {
        changingSecrets { path, value in
            guard value.string == Self.mask else { return value }
            return path.reduce(known?.value) { $0?.child($1) } ?? value
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

    /// - Parameter change: is given each secret, and the names of members and numbers of items that lead to it.
    private func changingSecrets(_ change: ([String], JSONTree) -> JSONTree) -> APISIXDocument {
        guard var members = value.object else { return self }
        if kind == .secret {
            let value = value.changingSecrets(at: [], declared: [], change)
            return APISIXDocument(kind: kind, id: id, value: value)
        }
        guard let plugins = members["plugins"] else { return self }
        members["plugins"] = plugins.changingSecrets(at: ["plugins"], declared: [], change)
        return APISIXDocument(kind: kind, id: id, value: .object(members))
    }
}

extension APISIXPlugin {
    /// Members of a configuration that hold a private key and that nothing reads.
    package func unusedPrivateKeys(_ value: JSONTree, onConsumer: Bool) -> [String] {
        unknownFields(value, onConsumer: onConsumer).filter { name in
            value[name].map { SecretName.isPrivateKey(name, $0) } == true
        }
    }
}

extension JSONTree {
    /// A member by its name, an item by its number.
    fileprivate func child(_ name: String) -> JSONTree? {
        guard let items = array else { return self[name] }
        return Int(name).flatMap { items.indices.contains($0) ? items[$0] : nil }
    }

    /// - Parameter declared: names of members that are secrets here, whatever they are called.
    fileprivate func changingSecrets(
        at path: [String], declared: [String], _ change: ([String], JSONTree) -> JSONTree
    ) -> JSONTree {
        switch self {
        case .object(var members):
            for (name, value) in members.entries {
                let place = path + [name]
                let isSecret = (declared.contains(name) || SecretName.isSecret(name)) && value.mayBeSecret
                let within = APISIXPlugin.named(name)?.secretMembers ?? []
                members[name] =
                    isSecret ? change(place, value) : value.changingSecrets(at: place, declared: within, change)
            }
            return .object(members)
        case .array(let items):
            return .array(
                items.enumerated().map { $1.changingSecrets(at: path + ["\($0)"], declared: declared, change) })
        case .string(let text):
            // A mask of any name may stand for a private key.
            let isSecret = SecretName.isPrivateKey(text: text) || text == APISIXDocument.mask
            return isSecret ? change(path, self) : self
        case .null, .boolean, .number: return self
        }
    }

    /// A switch, as `base64_secret` is one, tells nothing.
    private var mayBeSecret: Bool { boolean == nil && !isNull }
}

/// Members that are taken for secrets by their names: whoever writes what this version does not know is not shown with it.
package enum SecretName {
    /// How they end, in lower case and without what separates words: `redis_password`, `X-API-Key`, `clientSecret`.
    package static let endings = [
        "secret", "password", "passwd", "passphrase", "token", "credential", "apikey", "accesskey", "secretkey",
        "privatekey", "clientkey", "signingkey", "encryptionkey", "authorization", "authheader",
    ]

    package static func isSecret(_ name: String) -> Bool {
        let letters = letters(name)
        let singular = letters.hasSuffix("s") ? letters.dropLast() : letters[...]
        return endings.contains { singular.hasSuffix($0) }
    }

    fileprivate static func isPrivateKey(text: String) -> Bool { text.contains("PRIVATE KEY") }

    /// Whether a member is a private key, by its name or by what it holds.
    fileprivate static func isPrivateKey(_ name: String, _ value: JSONTree) -> Bool {
        letters(name).hasSuffix("privatekey") || value.string.map { isPrivateKey(text: $0) } == true
    }

    private static func letters(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" }
    }
}
