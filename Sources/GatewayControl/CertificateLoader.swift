internal import GatewayModel

/// Reads the files that TLS needs.
enum CertificateLoader {
    /// Certificates and keys are small; this bounds a wrong path.
    private static let maxBytes = 4 << 20

    /// What the files hold, by path. A file that cannot be read is an error where it is named.
    static func load(for configuration: GatewayConfiguration) -> ([String: [UInt8]], [Diagnostic]) {
        var files: [String: [UInt8]] = [:]
        var diagnostics: [Diagnostic] = []
        for (paths, place) in configuration.tlsFiles {
            for path in Set(paths).sorted() where files[path] == nil {
                switch TextFile.readBytes(path, maxBytes: maxBytes) {
                case .success(let bytes): files[path] = bytes
                case .failure(let error):
                    diagnostics.append(
                        Diagnostic(
                            .error, "tls_file_unreadable", "cannot read `\(path)`: \(error)",
                            at: place,
                            hint: "the path is relative to the folder the gateway runs in, not to this file"))
                }
            }
        }
        return (files, diagnostics)
    }
}

extension GatewayConfiguration {
    /// What is read for TLS, by listeners and to backends, with the place that names it.
    var tlsFiles: [(paths: [String], place: Provenance)] {
        let terminations = binds.flatMap(\.listeners).compactMap { listener in
            if case .tls(let termination) = listener.security { return (termination.files, termination.provenance) }
            return nil
        }
        let shared: [BackendTLS] = attachments.compactMap { attachment in
            if case .backendTLS(let tls) = attachment.policy { return tls }
            return nil
        }
        let own = upstreams.flatMap(\.endpoints).compactMap(\.policies.tls)
        return terminations + (shared + own).map { ($0.files, $0.provenance) }
    }
}
