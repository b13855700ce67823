package import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// Documents of the Admin API → snapshot. A write compiles what depends on the documents that it touches.
package struct DocumentCompiler: Sendable {
    private let process: ProcessSettings
    private let instance: GatewayInstance
    private let remote: RemoteKeySources
    private let secrets: SecretSource

    /// What was compiled so far, each gateway group for itself.
    package struct Compiled: Sendable {
        fileprivate struct Group: Sendable {
            var parts: SnapshotParts
            /// As much of the configuration as names sources of keys.
            var naming: GatewayConfiguration
            /// Keys of documents that can't be served.
            var isolated: Set<String>
        }

        fileprivate var groups: [String: Group] = [:]

        package init() {}

        /// What serves a gateway group; nil where it is not there.
        package func snapshot(of group: String) -> Snapshot? { groups[group]?.parts.snapshot }

        /// Keys of documents of a gateway group that can't be served.
        package func isolated(in group: String) -> Set<String> { groups[group]?.isolated ?? [] }

        /// The ids of the gateway groups, in an order that stays.
        package var groupIDs: [String] { groups.keys.sorted() }

        /// The same, with a gateway group at other addresses.
        package func listening(_ group: GatewayGroup) -> Compiled {
            var copy = self
            if let parts = groups[group.id]?.parts {
                copy.groups[group.id]?.parts = parts.listening(on: group.addresses)
            }
            return copy
        }

        /// The same without a gateway group.
        package func removing(_ group: String) -> Compiled {
            var copy = self
            copy.groups[group] = nil
            return copy
        }
    }

    /// - Parameters:
    ///   - remote: the keys that were fetched.
    ///   - secrets: where secrets are that documents refer to: they are read whenever documents are compiled.
    package init(
        process: ProcessSettings, environment: [String: String], remote: RemoteKeySources, secrets: SecretSource
    ) {
        self.secrets = secrets
        self.process = process
        instance = GatewayInstance(environment: environment)
        self.remote = remote
    }

    /// The documents are those that are served from now on: keys are fetched from the sources that they name, and from
    /// no other.
    package func serve(_ compiled: Compiled) {
        remote.serve(compiled.groups.values.map(\.naming))
    }

    /// What is served, with the keys that remote sources have now.
    package func renewed(_ compiled: Compiled) -> Compiled {
        var renewed = compiled
        for (id, group) in compiled.groups {
            renewed.groups[id]?.parts = group.parts.renewed(KeyLoader.load(for: group.naming, remote: remote).0)
        }
        return renewed
    }

    /// What documents compile to after a change in a gateway group; nil where a diagnostic is an error.
    ///
    /// - Parameter compiled: what all groups compiled to before. Of a group that is not among it all documents are
    ///   compiled.
    package func compile(
        _ change: APISIXChange, in group: GatewayGroup, onto compiled: Compiled
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        compile(change, change.extent, in: group, onto: compiled)
    }

    private func compile(
        _ change: APISIXChange, _ extent: APISIXChange.Extent, in group: GatewayGroup, onto compiled: Compiled
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        guard let old = compiled.groups[group.id], extent != .all else {
            return compile(all: change, in: group, onto: compiled)
        }
        let (part, keys, decoding) = decode(change, extent, group, onto: old.parts)
        let (outcome, compiling) = old.parts.compile(part, keys: keys, instance: instance)
        let diagnostics = decoding + APISIXDialect.atEachRoute(compiling, of: part.configuration)
        switch outcome {
        case .compiled(let parts):
            if diagnostics.hasErrors { return (nil, diagnostics) }
            var next = compiled
            next.groups[group.id] = .init(
                parts: parts, naming: old.naming.replacing(part, in: parts), isolated: change.isolated)
            return (next, diagnostics)
        case .refused: return (nil, diagnostics)
        case .concernsAll:
            switch extent {
            case .servers, .policies: return compile(change, change.dependents, in: group, onto: compiled)
            case .some, .all: return compile(all: change, in: group, onto: compiled)
            }
        }
    }

    private func compile(
        all change: APISIXChange, in group: GatewayGroup, onto compiled: Compiled
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        let (part, keys, decoding) = decode(change, .all, group, onto: nil)
        let (outcome, compiling) = SnapshotParts.compile(
            all: part, keys: keys, instance: instance, previous: compiled.snapshot(of: group.id))
        let diagnostics = decoding + APISIXDialect.atEachRoute(compiling, of: part.configuration)
        guard case .compiled(let parts) = outcome, !diagnostics.hasErrors else { return (nil, diagnostics) }
        var next = compiled
        next.groups[group.id] = .init(
            parts: parts, naming: part.configuration.namingKeys, isolated: change.isolated)
        return (next, diagnostics)
    }

    /// What the documents of a store compile to. Those that can't be served are set apart, and what depends on them is
    /// refused; that one of a thousand is broken does not end the service of the others. Nil where the fault is no
    /// document's.
    package func compile(
        isolating change: APISIXChange, in group: GatewayGroup, onto compiled: Compiled = Compiled()
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        defer { giveBackFreeMemory() }
        var change = change
        var found: [Diagnostic] = []
        while true {
            let (next, diagnostics) = compile(all: change, in: group, onto: compiled)
            if next != nil { return (next, found + diagnostics) }
            let errors = diagnostics.filter { $0.severity == .error }
            let isolated = change.isolated.union(errors.map(\.provenance.document))
            guard isolated.count > change.isolated.count else { return (nil, found + diagnostics) }
            found += errors
            change.isolated = isolated
        }
    }

    /// What the documents of an extent mean, with the keys that they name.
    private func decode(
        _ change: APISIXChange, _ extent: APISIXChange.Extent, _ group: GatewayGroup, onto parts: SnapshotParts?
    ) -> (part: ConfigurationChange, keys: KeyMaterial, diagnostics: [Diagnostic]) {
        var (written, read) = (extent, extent)
        var examples: [PolicySetID: RouteID] = [:]
        if case .policies(let documents, let consumers) = extent, let parts {
            let taking = parts.routes(takingFrom: documents)
            examples = taking.examples
            let others = change.routes(taking.others.map(\.name), naming: documents)
            written = .some(routes: others, consumers: consumers)
            read = .some(routes: others.union(examples.values.map(\.name)), consumers: consumers)
        }
        let entries = change.entries(of: read)
        let (configuration, decoding) = APISIXDialect.decode(
            entries.map(\.document), isolated: change.isolated, group: group, process: process,
            secrets: { [secrets] in secrets.text(of: $0) }, extent: read)
        let (keys, loading) = KeyLoader.load(for: configuration, remote: remote)
        var part = Self.part(configuration, entries, written)
        part.policySets = examples
        if case .policies(from: nil, _) = extent { part.replacesListener = true }
        // Of a document whose upstream alone is compiled, all limits go on.
        if !part.replacesUpstreams { part.limitGroups = change.touchedKeys }
        part.addresses = group.addresses
        return (part, keys, decoding + APISIXDialect.atEachRoute(loading, of: configuration))
    }

    private static func part(
        _ configuration: GatewayConfiguration, _ entries: [APISIXDocumentSet.Entry], _ extent: APISIXChange.Extent
    ) -> ConfigurationChange {
        var change = ConfigurationChange(
            configuration: configuration, routes: [], consumers: [], routeRanks: [:], consumerRanks: [:])
        if case .servers = extent { change.replacesUpstreams = true }
        if case .some(let routes, let consumers) = extent {
            change.routes = Set(routes.map { RouteID($0) })
            change.consumers = consumers
        }
        for entry in entries {
            let rank = DocumentRank(revision: entry.created, place: entry.place)
            if entry.kind == .route { change.routeRanks[RouteID(entry.id)] = rank }
            if entry.kind == .consumer { change.consumerRanks[entry.id] = rank }
        }
        return change
    }
}

extension GatewayConfiguration {
    /// What of it names sources of keys: the rest is several times what serves it.
    fileprivate var namingKeys: GatewayConfiguration {
        var copy = self
        copy.binds = []
        copy.upstreams = []
        copy.attachments.removeAll { $0.policy.tokenAuthentications.isEmpty }
        copy.consumers = consumers.filter { consumer in consumer.credentials.contains(where: \.hasRemoteKeys) }
        return copy
    }

    /// What names sources of keys after a change of some routes and consumers, which has all attachments in it that are
    /// neither a route's nor a policy set's.
    ///
    /// - Parameter parts: what is served then.
    fileprivate func replacing(_ change: ConfigurationChange, in parts: SnapshotParts) -> GatewayConfiguration {
        let new = change.configuration.namingKeys
        let written = Set(new.attachments.map(\.scope))
        var copy = self
        copy.attachments.removeAll { attachment in
            switch attachment.scope {
            case .route(let route): change.routes.contains(route)
            case .policySet(let set):
                written.contains(attachment.scope) || change.policySets[set] != nil || !parts.isTaken(set)
            case .gateway, .listener, .overlay: true
            }
        }
        copy.attachments += new.attachments
        copy.consumers.removeAll { change.consumers.contains($0.name) }
        copy.consumers += new.consumers
        return copy
    }
}
