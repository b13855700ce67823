package import Bytes

// Secrets in documents, hidden from whoever may not see them.
extension APISIXDocument {
    /// What stands in the place of a secret.
    package static let mask = "********"

    /// The document without its secrets.
    package var masked: APISIXDocument { changingSecrets { _, _, shown in shown } }

    /// The document with the secrets of another one wherever it only has what `masked` shows of them: what was read
    /// without secrets can be written back.
    package func unmasked(by known: APISIXDocument?) -> APISIXDocument {
        guard let known else { return self }
        return APISIXDocument(
            kind: kind, id: id, value: value.restored(to: known.value, whereIts: known.masked.value))
    }

    /// Where only the mask of a secret stands: `plugins.jwt-auth.secret`. Where no secret is expected a text of
    /// asterisks is one.
    package var maskedPlace: String? {
        var place: String?
        _ = changingSecrets { path, value, shown in
            if value == shown { place = path.joined(separator: ".") }
            return value
        }
        return place
    }

    /// - Parameter change: is given each value that holds a secret, with the names of members and numbers of items that
    ///   lead to it, and what is shown of it.
    private func changingSecrets(_ change: ([String], JSONTree, JSONTree) -> JSONTree) -> APISIXDocument {
        APISIXDocument(
            kind: kind, id: id, value: value.changingSecrets(at: [], declared: [], isHeaders: false, change))
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
    /// What is known wherever this is what is shown of it.
    fileprivate func restored(to known: JSONTree, whereIts shown: JSONTree) -> JSONTree {
        if self == shown { return known }
        if var members = object {
            for (name, value) in members.entries {
                guard let known = known[name], let shown = shown[name] else { continue }
                members[name] = value.restored(to: known, whereIts: shown)
            }
            return .object(members)
        }
        guard let items = array, let known = known.array, let shown = shown.array else { return self }
        return .array(
            items.enumerated().map { index, item in
                known.indices.contains(index) ? item.restored(to: known[index], whereIts: shown[index]) : item
            })
    }

    /// - Parameters:
    ///   - declared: names of members that are secrets here, whatever they are called.
    ///   - isHeaders: whether names of members, and what begins items, are those of headers.
    fileprivate func changingSecrets(
        at path: [String], declared: [String], isHeaders: Bool, _ change: ([String], JSONTree, JSONTree) -> JSONTree
    ) -> JSONTree {
        switch self {
        case .object(var members):
            for (name, value) in members.entries {
                let place = path + [name]
                let isSecret =
                    declared.contains(name) || SecretName.isSecret(name) || isHeaders && SecretName.isCookie(name)
                if isSecret, value.mayBeSecret {
                    members[name] = change(place, value, .string(APISIXDocument.mask))
                } else {
                    members[name] = value.changingSecrets(
                        at: place, declared: APISIXPlugin.named(name)?.secretMembers ?? [],
                        isHeaders: isHeaders || SecretName.holdsHeaders(name), change)
                }
            }
            return .object(members)
        case .array(let items):
            return .array(
                items.enumerated().map { index, item in
                    item.changingSecrets(at: path + ["\(index)"], declared: declared, isHeaders: isHeaders, change)
                })
        case .string(let text):
            let shown = (isHeaders ? text.headerHidden : nil) ?? text.secretsHidden
            return shown.map { change(path, self, .string($0)) } ?? self
        case .null, .boolean, .number: return self
        }
    }

    /// A switch, as `base64_secret` is one, tells nothing; nor does the place of a secret.
    private var mayBeSecret: Bool {
        boolean == nil && !isNull && string.map(SecretReference.isWritten) != true
    }
}

extension String {
    /// `Name: value` of a header that is a secret by its name, without the value; nil where it is none.
    fileprivate var headerHidden: String? {
        guard let colon = firstIndex(of: ":") else { return nil }
        // Blanks before the colon are none of the name to whoever sends it.
        let name = String(self[..<colon].filter { !$0.isWhitespace })
        guard SecretName.isSecret(name) || SecretName.isCookie(name) else { return nil }
        return "\(name): \(APISIXDocument.mask)"
    }

    /// The text without what shows itself to be a secret: a private key, or the password in a URL; nil where there is
    /// none.
    fileprivate var secretsHidden: String? {
        if SecretName.isPrivateKey(text: self) { return APISIXDocument.mask }
        guard contains("//"), contains("@") else { return nil }
        var bytes = Array(utf8)
        let users = WrittenURL.all(in: bytes, bytes.indices).compactMap(\.user)
        guard !users.isEmpty else { return nil }
        for user in users.reversed() {
            // A user without a password may be a token.
            let start = bytes[user].firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? user.lowerBound
            bytes.replaceSubrange(start..<user.upperBound, with: APISIXDocument.mask.utf8)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Members that are taken for secrets by their names: whoever writes what this version does not know is not shown with
/// it.
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

    /// Members whose members or items are headers: `headers` of plugins, `req_headers` of health checks,
    /// `response_headers` of mocked answers.
    fileprivate static func holdsHeaders(_ name: String) -> Bool { letters(name).hasSuffix("headers") }

    /// Names of headers that hold who somebody is; elsewhere they name a cookie.
    fileprivate static func isCookie(_ name: String) -> Bool { ["cookie", "setcookie"].contains(letters(name)) }

    fileprivate static func isPrivateKey(text: String) -> Bool { text.contains("PRIVATE KEY") }

    /// Whether a member is a private key, by its name or by what it holds.
    fileprivate static func isPrivateKey(_ name: String, _ value: JSONTree) -> Bool {
        letters(name).hasSuffix("privatekey") || value.string.map { isPrivateKey(text: $0) } == true
    }

    private static func letters(_ name: String) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" }
    }
}
