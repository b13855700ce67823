internal import GatewayModel

extension Compiler {
    /// The upstreams, and which of them serves each of the configuration's: many routes lead to few servers, and
    /// those that differ in name only are one.
    mutating func compileUpstreams() -> (upstreams: [UpstreamSnapshot], indices: [UpstreamID: Int]) {
        var upstreams: [UpstreamSnapshot] = []
        var indices: [UpstreamID: Int] = [:]
        var known: [[String]: [(servers: Upstream, index: Int)]] = [:]
        let routeTLS = backendTLSOfRoutes()
        for upstream in configuration.upstreams {
            var servers = upstream
            if let tls = routeTLS[upstream.id] { servers.speakTLS(tls) }
            servers.id = UpstreamID("")
            servers.provenance = Provenance(document: "")
            let addresses = servers.endpoints.map { "\($0.host) \($0.port)" }
            if let same = known[addresses]?.first(where: { $0.servers == servers }) {
                indices[upstream.id] = same.index
            } else {
                known[addresses, default: []].append((servers, upstreams.count))
                indices[upstream.id] = upstreams.count
                upstreams.append(
                    UpstreamSnapshot(servers, id: upstream.id) { endpoint in
                        (
                            endpointPolicy(endpoint.policies),
                            endpoint.policies.tls.flatMap { upstreamTLS($0, to: endpoint) }
                        )
                    })
            }
        }
        return (upstreams, indices)
    }
}

extension Upstream {
    /// Gives the endpoints that have none of their own the TLS of their route.
    fileprivate mutating func speakTLS(_ tls: BackendTLS) {
        for index in endpoints.indices where endpoints[index].policies.tls == nil {
            endpoints[index].policies.tls = tls
        }
    }
}
