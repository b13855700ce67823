internal import GatewayModel

/// TLS to upstreams.
extension Compiler {
    /// What a route says for backends that say nothing, by their upstream. A route that stands in several listeners
    /// has one upstream: what these say of it must be one thing.
    mutating func backendTLSOfRoutes() -> [UpstreamID: BackendTLS] {
        var found: [UpstreamID: BackendTLS?] = [:]
        for listener in configuration.binds.flatMap(\.listeners) {
            for route in listener.routes {
                guard case .forward(let upstream) = route.action else { continue }
                let tls = backendTLS([.gateway(listener.gatewayName), .listener(listener.id), .route(route.id)])
                guard let other = found.updateValue(tls, forKey: upstream), other != tls else { continue }
                report(
                    Diagnostic(
                        .error, "backend_tls_conflict",
                        "the listeners of this route have different `backendTLS` for its backends",
                        at: route.provenance, hint: "write `backendTLS` at the route or at its backends"))
            }
        }
        return found.compactMapValues(\.self)
    }

    /// The most specific one; scopes go from the least to the most specific.
    private func backendTLS(_ scopes: [Attachment.Scope]) -> BackendTLS? {
        for scope in scopes.reversed() {
            for index in attachments[scope] ?? [] {
                if case .backendTLS(let tls) = configuration.attachments[index].policy { return tls }
            }
        }
        return nil
    }

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
