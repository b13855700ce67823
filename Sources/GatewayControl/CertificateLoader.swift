internal import GatewayModel

/// Reads the files that TLS needs.
enum CertificateLoader {
    /// Certificates and keys are small; this bounds a wrong path.
    private static let maxBytes = 4 << 20

    /// What the files hold, by path. A file that cannot be read is an error where it is named first.
    static func load(for configuration: GatewayConfiguration) -> ([String: [UInt8]], [Diagnostic]) {
        var files: [String: [UInt8]] = [:]
        var diagnostics: [Diagnostic] = []
        var seen: Set<String> = []
        for file in configuration.tlsFiles where seen.insert(file.path).inserted {
            switch TextFile.readBytes(file.path, maxBytes: maxBytes) {
            case .success(let bytes): files[file.path] = bytes
            case .failure(let error):
                diagnostics.append(
                    Diagnostic(
                        .error, "tls_file_unreadable", "cannot read `\(file.path)`: \(error)", at: file.provenance,
                        hint: "the path is relative to the folder the gateway runs in, not to this file"))
            }
        }
        return (files, diagnostics)
    }
}

extension GatewayConfiguration {
    /// What is read for TLS, by listeners and to backends.
    var tlsFiles: [NamedFile] {
        let terminations = binds.flatMap(\.listeners).flatMap { listener -> [NamedFile] in
            if case .tls(let termination) = listener.security { termination.files } else { [] }
        }
        let shared: [BackendTLS] = attachments.compactMap { attachment in
            if case .backendTLS(let tls) = attachment.policy { return tls }
            return nil
        }
        let own = upstreams.flatMap(\.endpoints).compactMap(\.policies.tls)
        return terminations + (shared + own).flatMap(\.files)
    }
}
