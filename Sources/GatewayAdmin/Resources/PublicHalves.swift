internal import Bytes
internal import GatewayDialects
internal import JOSE

extension APISIXDocument {
    /// Why a document can't be kept: a private key stands where a public one belongs, and its public half can't be told.
    struct PrivateKeyProblem: Error {
        let message: String
    }

    /// The document with the public half of each private key (`public_key` of a plugin): that half is all that is used,
    /// and all that is kept.
    func keepingPublicHalves() throws(PrivateKeyProblem) -> APISIXDocument {
        guard var members = value.object, var plugins = members["plugins"]?.object else { return self }
        var isChanged = false
        for (name, configuration) in plugins.entries {
            guard var written = configuration.object, let text = written["public_key"]?.string,
                PublicHalf.isNeeded(text)
            else { continue }
            do {
                written["public_key"] = .string(try PublicHalf.pem(ofPrivate: text))
            } catch {
                throw PrivateKeyProblem(
                    message: "`plugins.\(name).public_key` holds a private key that can't be read, and is not kept; "
                        + "write its public half (`openssl pkey -pubout`)")
            }
            plugins[name] = .object(written)
            isChanged = true
        }
        guard isChanged else { return self }
        members["plugins"] = .object(plugins)
        return APISIXDocument(kind: kind, id: id, value: .object(members))
    }
}
