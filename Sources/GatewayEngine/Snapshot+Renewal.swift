internal import GatewayModel

// Keys change often, and routes are many: what does not depend on keys is shared with the snapshot before.
extension Snapshot {
    /// This snapshot with the keys that sources hold now.
    package func renewed(_ keys: KeyMaterial) -> Snapshot {
        var renewal = KeyRenewal(keys: keys)
        return Snapshot(
            binds: binds.map { renewal.renewed($0) }, upstreams: upstreams, upstreamRevision, traffic: traffic,
            accessLog: accessLog, trustPlaces: trustPlaces, rateLimiters: rateLimiters)
    }
}

extension BindSnapshot {
    /// The same with the keys that sources hold now.
    func renewed(_ keys: KeyMaterial) -> BindSnapshot {
        var renewal = KeyRenewal(keys: keys)
        return renewal.renewed(self)
    }
}

private struct KeyRenewal {
    let keys: KeyMaterial
    /// One policy may stand in the slots of many places.
    private var authenticators: [ObjectIdentifier: JWTAuthenticator] = [:]
    private var directories: [ObjectIdentifier: ConsumerDirectory] = [:]

    init(keys: KeyMaterial) {
        self.keys = keys
    }

    mutating func renewed(_ bind: BindSnapshot) -> BindSnapshot {
        BindSnapshot(
            address: bind.address, listeners: bind.listeners.map { renewed($0) }, hosts: bind.hosts, tls: bind.tls,
            identityHeaders: bind.identityHeaders, consumers: renewed(bind.consumers))
    }

    private mutating func renewed(_ listener: ListenerSnapshot) -> ListenerSnapshot {
        ListenerSnapshot(
            renewing: listener, gatewayPolicy: renewed(listener.gatewayPolicy),
            unroutedPolicy: renewed(listener.unroutedPolicy),
            routes: listener.routes.replacingSnapshots { route in
                RouteSnapshot(renewing: route, policy: renewed(route.policy))
            })
    }

    private mutating func renewed(_ policy: EffectivePolicy) -> EffectivePolicy {
        var policy = policy
        policy.forEachAuthenticator { authenticator in
            let old = ObjectIdentifier(authenticator)
            let new = authenticators[old] ?? JWTAuthenticator(renewing: authenticator, keys: keys)
            authenticators[old] = new
            authenticator = new
        }
        return policy
    }

    private mutating func renewed(_ directory: ConsumerDirectory) -> ConsumerDirectory {
        guard directory.hasRemoteKeys else { return directory }
        if let known = directories[ObjectIdentifier(directory)] { return known }
        let new = ConsumerDirectory(renewing: directory, keys: keys)
        directories[ObjectIdentifier(directory)] = new
        return new
    }
}
