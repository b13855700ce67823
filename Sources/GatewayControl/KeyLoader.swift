internal import Bytes
package import GatewayEngine
package import GatewayModel
internal import JOSE

/// Reads the key sources of a configuration.
package enum KeyLoader {
    /// Key sets are small; this bounds a wrong path.
    private static let maxBytes = 4 << 20

    /// The key sets, and what was noticed in them. A source that gives no key at all is an error, unless it is a
    /// remote one: those are fetched later.
    ///
    /// - Parameters:
    ///   - remote: the keys that were fetched; nil: none are.
    ///   - strictly: a key set that agentgateway does not read is an error.
    package static func load(
        for configuration: GatewayConfiguration, remote: RemoteKeySources?, strictly: Bool = false
    ) -> (KeyMaterial, [Diagnostic]) {
        var material = KeyMaterial()
        var diagnostics: [Diagnostic] = []
        configuration.forEachKeySource { source, issuer in
            guard material.keySets[source] == nil else { return }
            material.keySets[source] = load(source, issuer, strictly: strictly, &diagnostics)
        }
        update(&material, for: configuration, remote: remote)
        return (material, diagnostics)
    }

    /// Replaces the keys of remote sources by those they have now.
    static func update(
        _ material: inout KeyMaterial, for configuration: GatewayConfiguration, remote: RemoteKeySources?
    ) {
        guard let remote else { return }
        configuration.forEachKeySource { source, issuer in
            guard case .remote(let keys) = source.origin else { return }
            let fetched = remote.source(keys, of: issuer)
            material.keySets[source] = fetched.keySet
            material.refreshes[source] = fetched.refresh
        }
    }

    private static func load(
        _ source: KeySource, _ issuer: Issuer, strictly: Bool, _ diagnostics: inout [Diagnostic]
    ) -> KeySet? {
        let bytes: [UInt8]
        switch source.origin {
        case .remote(let keys):
            checkAuthorities(keys, source, &diagnostics)
            return .empty
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
        if strictly, let fault = OriginalKeySet.fault(in: bytes) {
            diagnostics.append(
                Diagnostic(
                    .error, "key_set_extension",
                    "\(source.inWords) \(fault): agentgateway refuses a file that names it", at: source.provenance,
                    hint: "write a JWK Set of RSA, EC and Ed25519 keys with a `kid` each"))
        }
        let result = KeyImport(
            bytes,
            options: KeyImportOptions(allowWeak: issuer.allowsWeakKeys, secretAlgorithms: issuer.secretAlgorithms))
        // Where nothing is left, what is otherwise no fault is the reason.
        let least: KeyFinding.Severity = result.keySet.keys.isEmpty ? .note : .warning
        diagnostics += result.findings.filter { $0.severity >= least }.compactMap { diagnostic($0, source) }
        if result.keySet.keys.isEmpty {
            diagnostics.append(
                Diagnostic(.error, "no_usable_key", "\(source.inWords) holds no usable key", at: source.provenance))
        }
        return result.keySet
    }

    private static func checkAuthorities(
        _ keys: RemoteKeys, _ source: KeySource, _ diagnostics: inout [Diagnostic]
    ) {
        guard let path = keys.request.caFile else { return }
        var reason: String?
        switch TextFile.read(path, maxBytes: maxBytes) {
        case .success(let text) where text.contains("-----BEGIN CERTIFICATE-----"): break
        case .success: reason = "it holds no certificate in PEM"
        case .failure(let error): reason = "\(error)"
        }
        guard let reason else { return }
        diagnostics.append(
            Diagnostic(
                .error, "ca_file_unreadable", "cannot use the authorities in `\(path)`: \(reason)",
                at: source.provenance,
                hint: "the path is relative to the folder the gateway runs in, not to this file"))
    }

    /// One bad key never sinks a set: whatever is wrong with a part of it is a warning.
    private static func diagnostic(_ finding: KeyFinding, _ source: KeySource) -> Diagnostic? {
        guard finding.code != .noUsableKey else { return nil }
        let label = finding.kid.map { " (key `\($0)`)" } ?? finding.keyIndex.map { " (key number \($0 + 1))" } ?? ""
        return Diagnostic(.warning, finding.code.rawValue, finding.message + label, at: source.provenance)
    }
}

extension Issuer {
    /// What shared secrets may serve: only what the configuration names.
    fileprivate var secretAlgorithms: AlgorithmSet {
        AlgorithmSet((algorithms ?? []).compactMap { SignatureAlgorithm(name: $0) }).intersection(.symmetric)
    }
}

extension KeySource {
    fileprivate var inWords: String {
        switch origin {
        case .inline: "the key set written here"
        case .file(let path): "the key file `\(path)`"
        case .remote(let keys): "the document at `\(keys.place.url.withoutQuery)`"
        }
    }
}
