internal import GatewayModel

extension Compiler {
    /// The TLS of an address, of each listener; empty where it is plain text.
    mutating func tlsSettings(_ bind: Bind) -> [TLSSettings] {
        let plain = bind.listeners.first { $0.security == .plain }
        return bind.listeners.compactMap { listener in
            guard case .tls(let termination) = listener.security else { return nil }
            if let plain {
                diagnostics.append(
                    Diagnostic(
                        .error, "tls_conflict",
                        "a port is either TLS or plain text, and the listener at \(plain.provenance) has no `tls`",
                        at: termination.provenance, hint: "give one of them a port of its own"))
            }
            return settings(termination, listener)
        }
    }

    /// Nil where a file is missing, which has been reported.
    private func settings(_ termination: TLSTermination, _ listener: Listener) -> TLSSettings? {
        guard let certificates = keys.tlsFiles[termination.certificateFile.path],
            let key = keys.tlsFiles[termination.keyFile.path]
        else { return nil }
        var roots: [UInt8]?
        if case .required(let file) = termination.clients {
            guard let bytes = keys.tlsFiles[file.path] else { return nil }
            roots = bytes
        }
        return TLSSettings(
            listener: listener.id, hostname: listener.hostname, certificates: certificates, key: key,
            clientRoots: roots, minimumVersion: termination.minimumVersion,
            maximumVersion: termination.maximumVersion, cipherSuites: termination.cipherSuites,
            protocols: termination.protocols,
            provenance: termination.provenance)
    }
}
