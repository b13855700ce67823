package import Bytes

extension PublicHalf {
    /// Members of a JWK that nobody but the owner of the key has (RFC 7518 §6, RFC 8037 §2, RFC 9964 §3).
    static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "priv", "k"]

    /// Keys without what is private of them: a JWK, a set or list of them, or PEM, as a value or as text. What holds
    /// nothing private stays as it is.
    ///
    /// Throws where a private key can't be told from what stands around it.
    package static func keeping(_ keys: JSONTree) throws(SigningError) -> (keys: JSONTree, found: Found) {
        var found: Found = []
        guard let text = keys.string, let first = text.utf8.first(where: { $0 > 0x20 }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
        else { return (try half(of: keys, &found), found) }
        guard let tree = try? JSONTree(parsingLeniently: Array(text.utf8), limits: .document) else {
            let isSuspect = isNeeded(text) || privateMembers.contains { text.contains("\"\($0)\"") }
            if isSuspect { throw .malformedKey }
            return (keys, found)
        }
        let half = try half(of: tree, &found)
        return (found.isEmpty ? keys : .string(half.text), found)
    }

    private static func half(of value: JSONTree, _ found: inout Found) throws(SigningError) -> JSONTree {
        switch value {
        case .string(let text) where isNeeded(text):
            found.insert(.privateKey)
            return .string(try pem(ofPrivate: text))
        case .array(let items):
            var halves: [JSONTree] = []
            for item in items { halves.append(try half(of: item, &found)) }
            return .array(halves)
        case .object(let members):
            let isShared = members["kty"]?.string == "oct"
            var halves = JSONObjectTree()
            for (name, value) in members.entries {
                // A set may be an object of texts in PEM by their `kid`.
                if privateMembers.contains(name), value.string?.contains("-----BEGIN") != true {
                    found.insert(isShared ? .sharedSecret : .privateKey)
                } else {
                    halves[name] = try half(of: value, &found)
                }
            }
            return .object(halves)
        default: return value
        }
    }
}
