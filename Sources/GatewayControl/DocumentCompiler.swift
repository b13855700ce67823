package import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// Documents of the Admin API → snapshot. A write compiles what depends on the documents that it touches.
package struct DocumentCompiler: Sendable {
    private let listen: ListenAddress
    private let process: ProcessSettings
    private let instance: GatewayInstance
    private let remote: RemoteKeySources
    private let secrets: SecretSource

    /// What was compiled so far.
    package struct Compiled: Sendable {
        fileprivate var parts: SnapshotParts
        /// As much of the configuration as names sources of keys.
        fileprivate var naming: GatewayConfiguration
        /// Keys of documents that can't be served.
        package fileprivate(set) var isolated: Set<String>

        package var snapshot: Snapshot { parts.snapshot }
    }

    /// - Parameters:
    ///   - listen: where traffic is taken.
    ///   - remote: the keys that were fetched.
    ///   - secrets: where secrets are that documents refer to: they are read whenever documents are compiled.
    package init(
        listen: ListenAddress, process: ProcessSettings, environment: [String: String], remote: RemoteKeySources,
        secrets: SecretSource
    ) {
        self.secrets = secrets
        self.listen = listen
        self.process = process
        instance = GatewayInstance(environment: environment)
        self.remote = remote
    }

    /// The documents are those that are served from now on: sources of keys that they do not name are forgotten.
    package func serve(_ compiled: Compiled) {
        remote.keepOnly(compiled.naming)
    }

    /// What is served, with the keys that remote sources have now.
    package func renewed(_ compiled: Compiled) -> Compiled {
        var renewed = compiled
        renewed.parts = compiled.parts.renewed(KeyLoader.load(for: compiled.naming, remote: remote).0)
        return renewed
    }

    /// What documents compile to after a change; nil where a diagnostic is an error.
    ///
    /// - Parameter compiled: what they compiled to before; nil: nothing is known, and all of them are compiled.
    package func compile(
        _ change: APISIXChange, onto compiled: Compiled?
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        let extent = change.extent
        guard let compiled, extent != .all else { return compile(all: change, previous: compiled) }
        let (outcome, part, diagnostics) = compile(change, extent, onto: compiled)
        switch outcome {
        case .compiled(let parts):
            if diagnostics.hasErrors { return (nil, diagnostics) }
            let naming = compiled.naming.replacing(part)
            return (Compiled(parts: parts, naming: naming, isolated: change.isolated), diagnostics)
        case .refused: return (nil, diagnostics)
        case .concernsAll: return compile(all: change, previous: compiled)
        }
    }

    private func compile(
        all change: APISIXChange, previous: Compiled?
    ) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        let (outcome, part, diagnostics) = compile(change, .all, onto: previous)
        guard case .compiled(let parts) = outcome, !diagnostics.hasErrors else { return (nil, diagnostics) }
        let naming = part.configuration.namingKeys
        return (Compiled(parts: parts, naming: naming, isolated: change.isolated), diagnostics)
    }

    /// What the documents of a store compile to. Those that can't be served are set apart, and what depends on them is
    /// refused; that one of a thousand is broken does not end the service of the others. Nil where the fault is no
    /// document's.
    package func compile(isolating change: APISIXChange) -> (compiled: Compiled?, diagnostics: [Diagnostic]) {
        defer { giveBackFreeMemory() }
        var change = change
        var found: [Diagnostic] = []
        while true {
            let (compiled, diagnostics) = compile(change, onto: nil)
            if compiled != nil { return (compiled, found + diagnostics) }
            let errors = diagnostics.filter { $0.severity == .error }
            let isolated = change.isolated.union(errors.map(\.provenance.document))
            guard isolated.count > change.isolated.count else { return (nil, found + diagnostics) }
            found += errors
            change.isolated = isolated
        }
    }

    private func compile(
        _ change: APISIXChange, _ extent: APISIXChange.Extent, onto compiled: Compiled?
    ) -> (SnapshotParts.Outcome, ConfigurationChange, [Diagnostic]) {
        let entries = change.entries(of: extent)
        let (configuration, decoding) = APISIXDialect.decode(
            entries.map(\.document), isolated: change.isolated, listen: listen, process: process,
            secrets: { [secrets] in secrets.text(of: $0) })
        let (keys, loading) = KeyLoader.load(for: configuration, remote: remote)
        var part = Self.part(configuration, entries, extent)
        part.limitGroups = change.touchedKeys
        let (outcome, compiling) =
            if case .some = extent, let compiled {
                compiled.parts.compile(part, keys: keys, instance: instance)
            } else {
                SnapshotParts.compile(all: part, keys: keys, instance: instance, previous: compiled?.snapshot)
            }
        return (outcome, part, decoding + loading + compiling)
    }

    private static func part(
        _ configuration: GatewayConfiguration, _ entries: [APISIXDocumentSet.Entry], _ extent: APISIXChange.Extent
    ) -> ConfigurationChange {
        var change = ConfigurationChange(
            configuration: configuration, routes: [], consumers: [], routeRanks: [:], consumerRanks: [:])
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

    /// What names sources of keys after a change of some routes and consumers, which has all other attachments in it.
    fileprivate func replacing(_ change: ConfigurationChange) -> GatewayConfiguration {
        let new = change.configuration.namingKeys
        var copy = self
        copy.attachments.removeAll { attachment in
            guard case .route(let route) = attachment.scope else { return true }
            return change.routes.contains(route)
        }
        copy.attachments += new.attachments
        copy.consumers.removeAll { change.consumers.contains($0.name) }
        copy.consumers += new.consumers
        return copy
    }
}
