internal import Bytes
package import GatewayEngine
package import GatewayModel
package import JOSE

/// Reads the key sources of a configuration.
package enum KeyLoader {
    /// Key sets are small; this bounds a wrong path.
    private static let maxBytes = 4 << 20

    /// The key sets, and what was noticed in them. A source that gives no key at all is an error.
    package static func load(for configuration: GatewayConfiguration) -> (KeyMaterial, [Diagnostic]) {
        var material = KeyMaterial()
        var diagnostics: [Diagnostic] = []
        for attachment in configuration.attachments {
            guard case .jwtAuthentication(let policy) = attachment.policy else { continue }
            for issuer in policy.issuers {
                for source in issuer.keySources where material.keySets[source] == nil {
                    material.keySets[source] = load(source, issuer, &diagnostics)
                }
            }
        }
        return (material, diagnostics)
    }

    private static func load(_ source: KeySource, _ issuer: Issuer, _ diagnostics: inout [Diagnostic]) -> KeySet? {
        let bytes: [UInt8]
        switch source.origin {
        case .inline(let text): bytes = Array(text.utf8)
        case .file(let path):
            switch TextFile.readBytes(path, maxBytes: maxBytes) {
            case .success(let content): bytes = content
            case .failure(let error):
                diagnostics.append(
                    Diagnostic(
                        .error, "key_file_unreadable", "cannot read the key file `\(path)`: \(error)",
                        at: source.provenance,
                        hint: "the path is relative to the folder the gateway runs in, not to this file"))
                return nil
            }
        }
        let result = KeyImport.read(bytes, allowsWeakKeys: issuer.allowsWeakKeys)
        diagnostics += result.findings.map { diagnostic($0, source) }
        if result.keySet.keys.isEmpty {
            diagnostics.append(
                Diagnostic(.error, "no_usable_key", "this key source holds no usable key", at: source.provenance))
        }
        return result.keySet
    }

    private static func diagnostic(_ finding: KeyFinding, _ source: KeySource) -> Diagnostic {
        // One bad key never sinks a set: whatever is wrong with a single key is a warning here.
        Diagnostic(.warning, finding.code, finding.message, at: source.provenance)
    }
}
