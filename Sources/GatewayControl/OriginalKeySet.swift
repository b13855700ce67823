internal import Bytes

/// What agentgateway reads as a key set: a JWK Set whose keys each have a `kid`, of the kinds RSA, EC and Ed25519. One
/// key of another kind, and it refuses the file.
enum OriginalKeySet {
    /// What it would not read, in words that follow "the key set"; nil where it reads all.
    static func fault(in bytes: [UInt8]) -> String? {
        guard let document = try? JSONDocument(parsing: bytes, limits: .document), document.root.isObject,
            let keys = document.root["keys"], keys.isArray
        else { return "is not of the form `{\"keys\": […]}`" }
        for (index, key) in keys.elements.enumerated() {
            let label = "key number \(index + 1)"
            guard key["kid"]?.isString == true else { return "has no `kid` in \(label)" }
            let curve = key["crv"]?.string
            switch key["kty"]?.string {
            case "RSA": break
            case "EC" where ["P-256", "P-384", "P-521"].contains(curve): break
            case "OKP" where curve == "Ed25519": break
            default: return "has a kind that it does not know in \(label): neither RSA nor EC nor Ed25519"
            }
        }
        return nil
    }
}
