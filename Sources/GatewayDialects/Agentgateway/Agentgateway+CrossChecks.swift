import GatewayModel

/// What only shows when several parts of a document are looked at together.
extension AgentgatewayDecoder {
    /// One port belongs to one gateway or bind, and none of those to the Admin API.
    func checkPorts(_ binds: [Bind]) {
        var taken: [(address: ListenAddress, place: Provenance)] = []
        func check(_ address: ListenAddress, at place: Provenance, hint: String) {
            if let first = taken.first(where: { $0.address.overlaps(address) })?.place {
                findings.error(
                    "port_taken", "port \(address.port) is listened on already, at line \(first.line)", at: place,
                    hint: hint)
            } else {
                taken.append((address, place))
            }
        }
        for bind in binds where bind.address.port > 0 {
            check(
                bind.address, at: bind.provenance, hint: "put the listeners of one port into one gateway or bind")
        }
        for (address, place) in ownAddresses {
            check(
                address, at: place, hint: "a gateway group has its addresses for itself, and so has the Admin API")
        }
    }

    /// What is said of TLS where nobody speaks it.
    func checkFrontendTLS(_ place: Provenance?, _ binds: [Bind]) {
        guard let place, !binds.flatMap(\.listeners).contains(where: { $0.security != .plain }) else { return }
        findings.warning(
            "policy_without_effect", "no listener has a `tls`, so that nothing comes of this", at: place,
            hint: "add `tls: {cert: …, key: …}` to a gateway or listener, or remove this")
    }

    /// Two listeners of one port for one hostname: which would answer?
    func checkHostnames(_ listeners: [Listener]) {
        var first: [HostPattern: Provenance] = [:]
        for listener in listeners where !unreadableHostnames.contains(listener.id) {
            guard let place = first[listener.hostname] else {
                first[listener.hostname] = listener.provenance
                continue
            }
            let hosts = listener.hostname == .any ? "every host" : "`\(listener.hostname.written)`"
            findings.error(
                "hostname_taken", "\(hosts) is answered by another listener of this port, at line \(place.line)",
                at: listener.provenance, hint: "give each listener of a port its own `hostname`")
        }
    }

    /// A listener's name is unique in its bind, so that a policy can target it. Listeners of one name
    /// on several ports are targeted together.
    func checkListenerName(_ name: String?, gateway: QualifiedName, port: Int, at place: Provenance?) {
        let alike = listeners.filter { $0.name == name && $0.gateway == gateway && $0.port == port }
        guard let name, let place, !alike.isEmpty else { return }
        findings.error("name_taken", "the port has another listener named `\(name)`", at: place)
    }

    /// A route that answers to no host of its listeners.
    func checkReach(_ route: Route, of hostnames: [HostPattern]) {
        // None at all means that none could be read, which is reported.
        guard !hostnames.isEmpty,
            !route.hostnames.contains(where: { host in hostnames.contains(where: host.intersects) })
        else { return }
        let written = Set(hostnames.map(\.written)).sorted()
        findings.warning(
            "route_unreachable", "the route answers to no host of its listener (\(Suggestion.inWords(written)))",
            at: route.provenance)
    }

    /// Matches of a listener's routes that an earlier one has as well.
    mutating func checkMatches(_ routes: [Route]) {
        var first: [MatchKey: Provenance] = [:]
        for route in routes where !unreadableHosts.contains(route.id) {
            var own: [MatchKey: Provenance] = [:]
            for match in route.matches where !unreadableMatches.contains(match.provenance) {
                let keys = route.hostnames.map { MatchKey(host: $0, match) }
                own.merge(keys.map { ($0, match.provenance) }) { old, _ in old }
                guard let place = keys.lazy.compactMap({ first[$0] }).first,
                    takenMatches.insert(match.provenance).inserted
                else { continue }
                findings.warning(
                    "match_taken", "an earlier route has the same match, at line \(place.line)",
                    at: match.provenance, hint: "only one of the two is ever chosen")
            }
            first.merge(own) { old, _ in old }
        }
    }
}

/// A match of a route in a form that two equal ones share.
private struct MatchKey: Hashable {
    var host: HostPattern
    var path: PathMatch
    var method: String?
    var fields: Set<String>

    init(host: HostPattern, _ match: RouteMatch) {
        self.host = host
        path = match.path
        method = match.method
        fields = Set(
            match.headers.map { "header \($0.name) \($0.value)" } + match.query.map { "query \($0.name) \($0.value)" })
    }
}
