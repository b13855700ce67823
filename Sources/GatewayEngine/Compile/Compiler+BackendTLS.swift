internal import GatewayModel

/// TLS to upstreams.
extension Compiler {
    /// Nil where a file or the name is missing, which has been reported.
    mutating func upstreamTLS(_ written: BackendTLS, to endpoint: Upstream.Endpoint) -> UpstreamTLS? {
        guard written.files.allSatisfy({ keys.tlsFiles[$0.path] != nil }) else { return nil }
        let trust = UpstreamTrust(
            roots: written.rootsFile.flatMap { keys.tlsFiles[$0.path] },
            certificates: written.identity.flatMap { keys.tlsFiles[$0.certificateFile.path] },
            key: written.identity.flatMap { keys.tlsFiles[$0.keyFile.path] }, verification: written.verification)
        if !trustPlaces.contains(where: { $0.place == written.provenance && $0.trust == trust }) {
            trustPlaces.append((trust, written.provenance))
        }
        checkOffer(of: written, to: endpoint)
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

    /// What is spoken has to be among what may be offered.
    private mutating func checkOffer(of written: BackendTLS, to endpoint: Upstream.Endpoint) {
        guard let offered = written.offered, let version = endpoint.policies.version, offered != .byRequest,
            version != offered
        else { return }
        let (spoken, named) = version == .http2 ? ("HTTP/2.0", "h2") : ("HTTP/1.1", "http/1.1")
        report(
            Diagnostic(
                .error, "backend_version_conflict",
                "`\(endpoint.address)` is to be spoken to in `\(spoken)`, which `alpn` leaves out",
                at: written.provenance,
                hint: "add `\(named)` to `alpn`, or remove `http.version`"))
    }
}
