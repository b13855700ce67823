internal import Bytes
internal import CEL
package import GatewayModel
internal import HTTPWire

/// A part of a configuration, to be compiled and put in the place of what was there.
package struct ConfigurationChange: Sendable {
    /// What is written anew, with all that has a say in it; of what stays nothing else.
    package var configuration: GatewayConfiguration
    /// Those that are written anew or, where the configuration does not have them, go.
    package var routes: Set<RouteID>
    package var consumers: Set<String>
    /// Whether its upstreams take the place of those of the same `sharedName`, whichever routes lead there.
    package var replacesUpstreams = false
    /// Sets whose policies are written anew, with one route of each: all routes that take it have what comes of them,
    /// and are no others than before.
    package var policySets: [PolicySetID: RouteID] = [:]
    /// Whether what holds for all requests is written anew.
    package var replacesListener = false
    /// Groups of limits (`RateLimit.group`) that nothing is in any more but what the configuration has of them.
    package var limitGroups: Set<String> = []
    /// Where the group takes traffic.
    package var addresses: [ListenAddress] = []
    /// The places of those that are written.
    package var routeRanks: [RouteID: DocumentRank]
    package var consumerRanks: [String: DocumentRank]

    package init(
        configuration: GatewayConfiguration, routes: Set<RouteID>, consumers: Set<String>,
        routeRanks: [RouteID: DocumentRank], consumerRanks: [String: DocumentRank]
    ) {
        self.configuration = configuration
        self.routes = routes
        self.consumers = consumers
        self.routeRanks = routeRanks
        self.consumerRanks = consumerRanks
    }
}

/// The snapshot of a gateway group, with what it was put together from: a change compiles the routes and consumers that
/// it touches, and shares all others with the snapshot before. The configuration has one listener, which every address
/// of the group leads to.
package struct SnapshotParts: Sendable {
    package enum Outcome {
        case compiled(SnapshotParts)
        /// A diagnostic is an error.
        case refused
        /// The change concerns more than its routes and consumers: the whole has to be compiled.
        case concernsAll
    }

    /// What decides which requests are a route's, as it was compiled.
    fileprivate final class Part: Sendable {
        let rank: DocumentRank
        let route: Route
        /// What its matches ask besides, compiled.
        let conditions: [CELProgram?]

        init(rank: DocumentRank, route: Route, conditions: [CELProgram?]) {
            self.rank = rank
            self.route = route
            self.conditions = conditions
        }
    }

    /// Routes as they are served, each under its number in their table.
    fileprivate struct Routes: Sendable {
        private var parts: [RouteID: (part: Part, number: Int)] = [:]
        private var builder = RouteTableBuilder()

        /// - Returns: what was there.
        mutating func remove(_ ids: some Sequence<RouteID>) -> [RouteSnapshot] {
            ids.compactMap { id in
                guard let (part, number) = parts.removeValue(forKey: id) else { return nil }
                defer { builder.remove(part.route, number: number, conditions: part.conditions) }
                return builder[number]
            }
        }

        mutating func add(_ part: Part, _ snapshot: RouteSnapshot) {
            let number = builder.add(part.route, snapshot, conditions: part.conditions, rank: part.rank)
            parts[part.route.id] = (part, number)
        }

        /// Gives the routes of policy sets what those have been compiled to.
        ///
        /// - Returns: what they have now, and what they had; nil where that does not say all.
        mutating func change(
            _ sets: [PolicySetID: PolicySetChange], _ upstreams: UpstreamTable
        ) -> (added: [RouteSnapshot], removed: [RouteSnapshot])? {
            var (added, removed): ([RouteSnapshot], [RouteSnapshot]) = ([], [])
            guard !sets.isEmpty else { return (added, removed) }
            for (part, number) in parts.values {
                guard let set = part.route.policySet, let change = sets[set] else { continue }
                let old = builder[number]
                guard let new = change.renewed(old, upstreams) else { return nil }
                builder[number] = new
                added.append(new)
                removed.append(old)
            }
            return (added, removed)
        }

        /// One route of each policy set that comes from any of these documents, and those that take none; nil: of each
        /// set.
        func routes(takingFrom documents: Set<String>?) -> (examples: [PolicySetID: RouteID], others: [RouteID]) {
            var known: [PolicySetID: RouteID?] = [:]
            var others: [RouteID] = []
            for (id, (part, _)) in parts {
                guard let set = part.route.policySet else {
                    others.append(id)
                    continue
                }
                if known[set] != nil { continue }
                let isTaken = documents.map { !$0.isDisjoint(with: set.documents) } ?? true
                known.updateValue(isTaken ? id : nil, forKey: set)
            }
            return (known.compactMapValues(\.self), others)
        }

        func isTaken(_ set: PolicySetID) -> Bool { parts.values.contains { $0.part.route.policySet == set } }

        mutating func build() -> (RouteTable, [Diagnostic]) { (builder.build(), builder.diagnostics) }

        /// The same with the snapshots of a table that has others since.
        mutating func renew(from table: RouteTable) { builder.renewSnapshots(from: table) }
    }

    package let snapshot: Snapshot
    /// At whatever address, as a group may have none yet.
    fileprivate let bind: BindSnapshot
    fileprivate let routes: Routes
    fileprivate let upstreams: UpstreamTable
    fileprivate let identity: FieldNames?
    fileprivate let consumerAuthentications: [ConsumerAuthentication: FurtherAuthentication]

    /// Compiles a whole configuration, which the change has to be.
    ///
    /// - Parameter previous: what is served so far; limits that are the same go on with its counts.
    package static func compile(
        all change: ConfigurationChange, keys: KeyMaterial, instance: GatewayInstance, previous: Snapshot?
    ) -> (outcome: Outcome, diagnostics: [Diagnostic]) {
        var compiler = Compiler(
            configuration: change.configuration, keys: keys, instance: instance, previous: previous)
        let outcome = compiler.compile(change, onto: nil)
        return (outcome, compiler.diagnostics)
    }

    /// Compiles a change.
    package func compile(
        _ change: ConfigurationChange, keys: KeyMaterial, instance: GatewayInstance
    ) -> (outcome: Outcome, diagnostics: [Diagnostic]) {
        var compiler = Compiler(
            configuration: change.configuration, keys: keys, instance: instance, previous: snapshot)
        let outcome = compiler.compile(change, onto: self)
        return (outcome, compiler.diagnostics)
    }

    /// The same with the keys that sources hold now.
    package func renewed(_ keys: KeyMaterial) -> SnapshotParts {
        let renewed = bind.renewed(keys)
        guard let table = renewed.listeners.first?.routes else { return self }
        var routes = routes
        routes.renew(from: table)
        return SnapshotParts(
            snapshot: snapshot.replacing(renewed.at(addresses)), bind: renewed, routes: routes, upstreams: upstreams,
            identity: identity, consumerAuthentications: consumerAuthentications)
    }

    /// One route of each policy set that comes from any of these documents, and the routes that take none.
    ///
    /// - Parameter documents: by key; nil: all.
    package func routes(
        takingFrom documents: Set<String>?
    ) -> (examples: [PolicySetID: RouteID], others: [RouteID]) {
        routes.routes(takingFrom: documents)
    }

    /// Whether any route takes a policy set.
    package func isTaken(_ set: PolicySetID) -> Bool { routes.isTaken(set) }

    private var addresses: [ListenAddress] { snapshot.binds.map(\.address) }

    /// The same at other addresses.
    package func listening(on addresses: [ListenAddress]) -> SnapshotParts {
        SnapshotParts(
            snapshot: snapshot.replacing(bind.at(addresses)), bind: bind, routes: routes, upstreams: upstreams,
            identity: identity, consumerAuthentications: consumerAuthentications)
    }
}

extension BindSnapshot {
    /// One for each address: all lead to the same listeners.
    fileprivate func at(_ addresses: [ListenAddress]) -> [BindSnapshot] {
        addresses.map { address in
            BindSnapshot(
                address: address, listeners: listeners, hosts: hosts, tls: tls, identityHeaders: identityHeaders,
                consumers: consumers)
        }
    }
}

extension Snapshot {
    fileprivate func replacing(_ binds: [BindSnapshot]) -> Snapshot {
        Snapshot(
            binds: binds, upstreams: upstreams, upstreamRevision, traffic: traffic, accessLog: accessLog,
            trustPlaces: trustPlaces, rateLimiters: rateLimiters)
    }
}

extension Compiler {
    fileprivate mutating func compile(_ change: ConfigurationChange, onto old: SnapshotParts?) -> SnapshotParts.Outcome
    {
        guard let bind = configuration.binds.first, let listener = bind.listeners.first else { return .concernsAll }
        headers.addIdentity(old?.identity)
        gatherIdentityHeaders()
        let oldConsumers = old?.bind.consumers ?? .empty
        if let old {
            // What every route guards, and what every credential is verified by.
            guard headers.identity?.names.count == old.identity?.names.count,
                oldConsumers.serves(configuration.checkedDates)
            else { return .concernsAll }
            upstreams = old.upstreams
            upstreams.beginRevision()
            consumerAuthentications = old.consumerAuthentications
        }
        let consumers = directory(change, oldConsumers)
        if change.replacesUpstreams, !replaceUpstreams() { return .concernsAll }
        let indices = change.replacesUpstreams ? [:] : compileUpstreams()
        let oldListener = old?.bind.listeners.first
        let keptListener = change.replacesListener ? nil : oldListener
        let gatewayPolicy = keptListener?.gatewayPolicy ?? effectivePolicy(.gatewayPhase(of: listener))
        let examples = Set(change.policySets.values)
        let written = listener.routes.filter { !examples.contains($0.id) }.map { route in
            let part = SnapshotParts.Part(
                rank: change.routeRanks[route.id] ?? .last, route: route,
                conditions: conditions(of: route, in: listener, after: gatewayPolicy))
            return (part, self.snapshot(of: route, in: listener, upstreams: indices, after: gatewayPolicy))
        }
        var routes = old?.routes ?? SnapshotParts.Routes()
        guard let sets = compile(change.policySets, in: listener, upstreams: indices, after: gatewayPolicy),
            let changed = routes.change(sets, upstreams)
        else { return .concernsAll }
        let removed = routes.remove(change.routes)
        for (part, snapshot) in written.sorted(by: { $0.0.rank < $1.0.rank }) { routes.add(part, snapshot) }
        upstreams.count(added: written.map(\.1) + changed.added, removed: removed + changed.removed)
        let newListener: ListenerSnapshot
        if let keptListener, change.routes.isEmpty, sets.isEmpty {
            newListener = keptListener
        } else {
            let policies = written.map(\.1.policy) + sets.values.map(\.policies.policy)
            newListener = put(&routes, together: listener, gatewayPolicy, keptListener, policies)
        }
        let accessLog = old?.snapshot.accessLog ?? accessLogPolicy()
        for diagnostic in fillers.diagnostics(knowsAll: old == nil) { report(diagnostic) }
        let traffic = old?.snapshot.traffic ?? TrafficPolicy(configuration.traffic, &diagnostics)
        let newBind = BindSnapshot(
            address: bind.address, listeners: [newListener],
            hosts: old?.bind.hosts ?? HostTable([(listener.hostname, 0)]), tls: old?.bind.tls ?? tlsSettings(bind),
            identityHeaders: headers.identity, consumers: consumers)
        if diagnostics.hasErrors { return .refused }
        let snapshot = Snapshot(
            binds: newBind.at(change.addresses), upstreams: upstreams.snapshots, upstreams.revision, traffic: traffic,
            accessLog: accessLog, trustPlaces: trustPlaces(behind: old),
            rateLimiters: rateLimiters(change, old))
        return .compiled(
            SnapshotParts(
                snapshot: snapshot, bind: newBind, routes: routes, upstreams: upstreams, identity: headers.identity,
                consumerAuthentications: consumerAuthentications))
    }

    private mutating func directory(_ change: ConfigurationChange, _ old: ConsumerDirectory) -> ConsumerDirectory {
        if change.consumers.isEmpty, configuration.consumers.isEmpty, old.serves(configuration.checkedDates) {
            return old
        }
        let written = configuration.consumers.map { consumer in
            (consumer, change.consumerRanks[consumer.name] ?? .last)
        }
        return ConsumerDirectory(
            old, replacing: change.consumers, by: written, overlays: consumerOverlays(),
            dates: configuration.checkedDates, keys: keys, &diagnostics)
    }

    private mutating func put(
        _ routes: inout SnapshotParts.Routes, together listener: Listener, _ gatewayPolicy: EffectivePolicy,
        _ old: ListenerSnapshot?, _ written: [EffectivePolicy]
    ) -> ListenerSnapshot {
        let (table, problems) = routes.build()
        for diagnostic in problems { report(diagnostic) }
        let unroutedPolicy =
            old?.unroutedPolicy
            ?? effectivePolicy(.unrouted(in: listener, after: gatewayPolicy))
        // Of a change only what is written: these documents have no such policies, or all of it is compiled.
        let documents = resourceDocuments([gatewayPolicy, unroutedPolicy] + written)
        return ListenerSnapshot(
            listener, gatewayPolicy: gatewayPolicy, unroutedPolicy: unroutedPolicy, routes: table,
            resourceMetadata: documents, instance: instance)
    }

    /// Each kind of trust once: what was written where is of use only to whoever reads a file.
    private func trustPlaces(behind old: SnapshotParts?) -> [(trust: UpstreamTrust, place: Provenance)] {
        guard let old else { return trustPlaces }
        let known = old.snapshot.trustPlaces
        return known + trustPlaces.filter { new in !known.contains { $0.trust == new.trust } }
    }

    /// Those of what stays, and those that were compiled.
    private func rateLimiters(
        _ change: ConfigurationChange, _ old: SnapshotParts?
    ) -> [RateLimiter.Identity: RateLimiter] {
        guard let old else { return rateLimits.limiters }
        let kept = old.snapshot.rateLimiters.filter { identity, _ in
            switch identity.owner {
            case .place(.route(let route)): !change.routes.contains(route)
            case .group(let group): !change.limitGroups.contains(group)
            case .place: true
            }
        }
        return kept.merging(rateLimits.limiters) { $1 }
    }
}
