internal import GatewayModel

/// TLS to upstreams.
extension Compiler {
    /// Nil where a file or the name is missing, which has been reported.
    mutating func upstreamTLS(_ written: BackendTLS, to endpoint: Upstream.Endpoint) -> UpstreamTLS? {
        guard written.files.allSatisfy({ keys.tlsFiles[$0] != nil }) else { return nil }
        let trust = UpstreamTrust(
            roots: written.rootsFile.flatMap { keys.tlsFiles[$0] },
            certificates: written.identity.flatMap { keys.tlsFiles[$0.certificateFile] },
            key: written.identity.flatMap { keys.tlsFiles[$0.keyFile] }, verification: written.verification)
        if !trustPlaces.contains(where: { $0.place == written.provenance && $0.trust == trust }) {
            trustPlaces.append((trust, written.provenance))
        }
        let name = written.serverName ?? endpoint.address.host
        guard name != nil || written.verification != .full else {
            report(
                Diagnostic(
                    .error, "server_name_missing",
                    "`\(endpoint.address)` has no name that its certificate could be for", at: written.provenance,
                    hint: "name it: `hostname: app.internal`"))
            return nil
        }
        return UpstreamTLS(trust: trust, serverName: name)
    }
}
