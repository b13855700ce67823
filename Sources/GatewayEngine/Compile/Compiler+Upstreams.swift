internal import GatewayModel

extension Compiler {
    /// Compiles the upstreams; answers which one serves each of the configuration's.
    mutating func compileUpstreams() -> [UpstreamID: Int] {
        var indices: [UpstreamID: Int] = [:]
        let inherited = backendPoliciesOfRoutes()
        let mirrors = upstreamsOfMirrors
        for upstream in configuration.upstreams {
            var servers = upstream.withoutNames
            if let policies = inherited[upstream.id] { servers.inherit(policies) }
            let isMirror = mirrors.contains(upstream.id)
            indices[upstream.id] =
                upstreams.index(of: servers, isMirror: isMirror)
                ?? upstreams.add(servers, snapshot(of: servers, upstream.id, isMirror: isMirror))
        }
        fillers.settleAtTheEnd()
        mirrorUpstreams = indices.filter { mirrors.contains($0.key) }
        return indices
    }

    private mutating func snapshot(of servers: Upstream, _ id: UpstreamID, isMirror: Bool) -> UpstreamSnapshot {
        UpstreamSnapshot(servers, id: id, isMirror: isMirror) { endpoint in
            CompiledEndpoint(
                policy: endpointPolicy(endpoint.policies),
                tls: endpoint.policies.tls.flatMap { upstreamTLS($0, to: endpoint) },
                condition: isMirror ? nil : condition(of: endpoint, servers.balance))
        }
    }

    /// Puts the configuration's upstreams in the place of those of the same names. Answers whether that is all there is
    /// to do.
    mutating func replaceUpstreams() -> Bool {
        for upstream in configuration.upstreams {
            let servers = upstream.withoutNames
            guard upstreams.replace(servers, by: snapshot(of: servers, upstream.id, isMirror: false)) else {
                return false
            }
        }
        fillers.settleAtTheEnd()
        return true
    }

    private var upstreamsOfMirrors: Set<UpstreamID> {
        Set(
            configuration.attachments.compactMap { attachment in
                if case .requestMirror(let mirror) = attachment.policy { mirror.upstream } else { nil }
            })
    }

    /// Nil where no request is copied.
    func mirrorPlan(_ mirror: RequestMirror) -> MirrorPlan? {
        guard mirror.share > 0 else { return nil }
        return mirrorUpstreams[mirror.upstream].map { MirrorPlan(upstream: $0, share: mirror.share) }
    }

    /// What routes say for backends that say nothing, by their upstream. A route that stands in several listeners
    /// has one upstream: what these say of it must be one thing.
    private mutating func backendPoliciesOfRoutes() -> [UpstreamID: BackendPolicies] {
        var found: [UpstreamID: BackendPolicies] = [:]
        for listener in configuration.binds.flatMap(\.listeners) {
            let outer = listener.scopes
            for route in listener.routes {
                guard case .forward(let upstream) = route.action else { continue }
                let policies = backendPolicies(route.scopes(behind: outer))
                guard let other = found.updateValue(policies, forKey: upstream), other != policies else { continue }
                let field = other.tls == policies.tls ? "backendAuth" : "backendTLS"
                let which = route.ancestors.isEmpty ? "listeners of" : "routes that lead to"
                report(
                    Diagnostic(
                        .error, "backend_policy_conflict",
                        "the \(which) this route have different `\(field)` for its backends",
                        at: route.provenance, hint: "write `\(field)` at the route or at its backends"))
            }
        }
        return found.filter { $0.value != .none }
    }

    /// Of each kind the most specific one; scopes go from the least to the most specific.
    private func backendPolicies(_ scopes: [Attachment.Scope]) -> BackendPolicies {
        var policies = BackendPolicies.none
        for scope in scopes {
            for index in attachments[scope] ?? [] {
                switch configuration.attachments[index].policy {
                case .backendTLS(let tls): policies.tls = tls
                case .backendAuthentication(let authentication): policies.authentication = authentication
                default: break
                }
            }
        }
        return policies
    }
}

extension Upstream {
    /// What routes to the same servers have in common.
    fileprivate var withoutNames: Upstream {
        var copy = self
        copy.id = UpstreamID("")
        copy.provenance = Provenance(document: "")
        return copy
    }

    /// Gives the endpoints what they have none of their own of.
    fileprivate mutating func inherit(_ policies: BackendPolicies) {
        for index in endpoints.indices {
            var own = policies
            own.override(by: endpoints[index].policies)
            endpoints[index].policies = own
        }
    }
}
