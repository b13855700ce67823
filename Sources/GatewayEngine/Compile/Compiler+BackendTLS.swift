internal import GatewayModel

/// TLS to upstreams.
extension Compiler {
    /// Nil where a file is missing, which has been reported.
    mutating func upstreamTLS(_ written: BackendTLS, to endpoint: Upstream.Endpoint) -> UpstreamTLS? {
        guard written.files.allSatisfy({ keys.tlsFiles[$0] != nil }) else { return nil }
        let trust = UpstreamTrust(
            roots: written.rootsFile.flatMap { keys.tlsFiles[$0] },
            certificates: written.identity.flatMap { keys.tlsFiles[$0.certificateFile] },
            key: written.identity.flatMap { keys.tlsFiles[$0.keyFile] }, verification: written.verification)
        if !trustPlaces.contains(where: { $0.place == written.provenance }) {
            trustPlaces.append((trust, written.provenance))
        }
        return UpstreamTLS(trust: trust, serverName: written.serverName ?? endpoint.host)
    }
}
