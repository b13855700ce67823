internal import Bytes
internal import GatewayDialects
internal import GatewayModel
internal import JOSE

extension APISIXDocument {
    /// Why a document can't be kept: a private key stands where a public one belongs, and its public half can't be
    /// told.
    struct PrivateKeyProblem: Error {
        let message: String
    }

    /// The members of plugins that public keys stand in.
    private static let publicKeyMembers = ["public_key", "jwks"]

    /// The document with the public half of each private key: that half is all that is used, and all that is kept. A
    /// shared secret among public keys, or a private key of a name that nothing reads, is used by nobody, and not kept
    /// either.
    ///
    /// - Returns: the document, and what was left out of it.
    func keepingPublicHalves() throws(PrivateKeyProblem) -> (document: APISIXDocument, warnings: [Diagnostic]) {
        guard var members = value.object, var plugins = members["plugins"]?.object else { return (self, []) }
        var warnings: [Diagnostic] = []
        for (name, configuration) in plugins.entries {
            guard var written = configuration.object else { continue }
            for member in Self.publicKeyMembers {
                guard let keys = written[member] else { continue }
                let path = "plugins.\(name).\(member)"
                let (kept, found) = try Self.publicHalf(of: keys, at: path)
                if found.isEmpty { continue }
                written[member] = kept
                warnings += self.warnings(of: found, at: path)
            }
            let plugin = APISIXPlugin.named(name)
            for member in plugin?.unusedPrivateKeys(configuration, onConsumer: isConsumers) ?? [] {
                written[member] = nil
                warnings.append(unusedPrivateKey(at: "plugins.\(name).\(member)"))
            }
            plugins[name] = .object(written)
        }
        guard !warnings.isEmpty else { return (self, []) }
        members["plugins"] = .object(plugins)
        return (APISIXDocument(kind: kind, id: id, value: .object(members)), warnings)
    }

    private static func publicHalf(
        of keys: JSONTree, at path: String
    ) throws(PrivateKeyProblem) -> (keys: JSONTree, found: PublicHalf.Found) {
        do {
            return try PublicHalf.keeping(keys)
        } catch {
            throw PrivateKeyProblem(
                message: "`\(path)` holds a private key that can't be read, and is not kept; write its public half "
                    + "(`openssl pkey -pubout`)")
        }
    }

    private func unusedPrivateKey(at path: String) -> Diagnostic {
        Diagnostic(
            .warning, "private_members_dropped",
            "a private key stood there, which nothing here uses: tokens are verified, and none is signed; it is not kept",
            at: Provenance(document: key, path: path), hint: "consider the key disclosed")
    }

    private func warnings(of found: PublicHalf.Found, at path: String) -> [Diagnostic] {
        let place = Provenance(document: key, path: path)
        var warnings: [Diagnostic] = []
        if found.contains(.privateKey) {
            warnings.append(
                Diagnostic(
                    .warning, "private_members_dropped",
                    "a private key stood there, of which only the public half is kept", at: place,
                    hint: "consider the key disclosed"))
        }
        if found.contains(.sharedSecret) {
            warnings.append(
                Diagnostic(
                    .warning, "secret_dropped",
                    "a shared secret (`oct`) stood among public keys, where it is not used; it is not kept", at: place,
                    hint: "write it as the `secret` of a credential of its own"))
        }
        return warnings
    }
}
