internal import GatewayModel

extension Compiler {
    /// The upstreams, and which of them serves each of the configuration's: many routes lead to few servers, and
    /// those that differ in name only are one.
    mutating func compileUpstreams() -> (upstreams: [UpstreamSnapshot], indices: [UpstreamID: Int]) {
        var upstreams: [UpstreamSnapshot] = []
        var indices: [UpstreamID: Int] = [:]
        var known: [[String]: [(servers: Upstream, index: Int)]] = [:]
        for upstream in configuration.upstreams {
            var servers = upstream
            servers.id = UpstreamID("")
            servers.provenance = Provenance(document: "")
            let addresses = servers.endpoints.map { "\($0.host) \($0.port)" }
            if let same = known[addresses]?.first(where: { $0.servers == servers }) {
                indices[upstream.id] = same.index
            } else {
                known[addresses, default: []].append((servers, upstreams.count))
                indices[upstream.id] = upstreams.count
                upstreams.append(UpstreamSnapshot(upstream) { endpointPolicy($0.policies) })
            }
        }
        return (upstreams, indices)
    }
}
