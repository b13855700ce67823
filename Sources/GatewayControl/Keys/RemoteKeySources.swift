package import GatewayModel
internal import Synchronization

/// All remote key sources of the configuration that is served, which are fetched, and those of one that is being
/// loaded, which are not: it may be refused.
package final class RemoteKeySources: Sendable {
    private struct Known {
        var served: [RemoteKeySource.ID: RemoteKeySource] = [:]
        var loaded: [RemoteKeySource.ID: RemoteKeySource] = [:]
    }

    private let sources = Mutex(Known())
    private let store: KeyStore?
    private let clock: KeyClock
    /// Raised when there is a source that is served and nobody fetches yet.
    let added = Alarm()

    /// - Parameter store: where keys outlive the process; nil: they don't.
    package init(store: KeyStore?, clock: KeyClock) {
        self.store = store
        self.clock = clock
    }

    /// Those that are served, in an order that stays.
    package var all: [RemoteKeySource] { Self.ordered(sources.withLock { Array($0.served.values) }) }

    private static func ordered(_ sources: [RemoteKeySource]) -> [RemoteKeySource] {
        sources.sorted {
            ($0.name, $0.id.issuers.joined(separator: " ")) < ($1.name, $1.id.issuers.joined(separator: " "))
        }
    }

    package var statuses: [KeySourceStatus] { all.map(\.status) }

    /// The source of an issuer's keys, which is one for all that name it with equal settings; a new one begins with the
    /// keys last fetched for the same issuer from the same place by the word of the same authorities, under other
    /// settings or before a restart.
    package func source(_ keys: RemoteKeys, of issuer: Issuer) -> RemoteKeySource {
        let id = RemoteKeySource.ID(keys: keys, issuers: issuer.names, allowsWeakKeys: issuer.allowsWeakKeys)
        if let known = sources.withLock({ $0.served[id] ?? $0.loaded[id] }) { return known }
        let source = RemoteKeySource(id, clock: clock)
        let known = sources.withLock { Array($0.served.values) + $0.loaded.values }
        let kept = known.first { $0.id.binding == id.binding }?.fetchedKeys ?? store?.load(id.binding)
        if let kept { source.adopt(kept) }
        return sources.withLock { sources -> RemoteKeySource in
            if let known = sources.served[id] ?? sources.loaded[id] { return known }
            sources.loaded[id] = source
            return source
        }
    }

    /// Fetches every source of a loaded configuration once, for a command that asks what tokens would meet. Answers
    /// what failed.
    package func fetchOnce(with fetcher: any RemoteDocumentFetcher) async -> [RemoteFailure] {
        var failures: [RemoteFailure] = []
        for source in Self.ordered(sources.withLock { Array($0.loaded.values) }) {
            let outcome = await source.fetch(with: fetcher)
            source.settled(after: outcome)
            if case .failed(let failure, _) = outcome { failures.append(failure) }
        }
        return failures
    }

    /// Has the sources fetched that these configurations name, which are those that are served from now on, and forgets
    /// all others.
    package func serve(_ configurations: some Sequence<GatewayConfiguration>) {
        var named: Set<RemoteKeySource.ID> = []
        for configuration in configurations {
            configuration.forEachKeySource { source, issuer in
                guard case .remote(let keys) = source.origin else { return }
                named.insert(.init(keys: keys, issuers: issuer.names, allowsWeakKeys: issuer.allowsWeakKeys))
            }
        }
        let (gone, isMore) = sources.withLock { [named] sources in
            let gone = sources.served.filter { !named.contains($0.key) }
            for id in gone.keys { sources.served[id] = nil }
            let new = sources.loaded.filter { named.contains($0.key) }
            sources.served.merge(new) { $1 }
            sources.loaded = [:]
            return (gone, !new.isEmpty)
        }
        for source in gone.values { source.retire() }
        if isMore { added.raise() }
    }

    /// Keeps what a source fetched for the next start.
    package func save(_ source: RemoteKeySource) throws(KeyStore.Failure) {
        guard let store, let keys = source.fetchedKeys else { return }
        try store.save(keys, source.id.binding)
    }
}

extension GatewayConfiguration {
    func forEachKeySource(_ body: (KeySource, Issuer) -> Void) {
        for attachment in attachments {
            for issuer in attachment.policy.tokenAuthentications.flatMap(\.policy.issuers) {
                for source in issuer.keySources { body(source, issuer) }
            }
        }
        for credential in consumers.lazy.flatMap(\.credentials) {
            guard case .token(let token) = credential.proof,
                let source = token.keySource(at: credential.provenance)
            else { continue }
            body(source, token.issuer(source))
        }
    }
}

extension TokenCredential {
    /// Whose keys the source holds, as key sources are told apart.
    fileprivate func issuer(_ source: KeySource) -> Issuer {
        Issuer(
            names: issuers, audiences: audiences, keySources: [source], algorithms: algorithm.map { [$0] },
            requiredClaims: [], clockSkewSeconds: clockSkewSeconds, allowsWeakKeys: allowsWeakKeys,
            requirements: TokenRequirements(
                type: .ordinary, maxLifetimeSeconds: nil, refusesFutureIssuedAt: false, subjects: [], scopes: [],
                claims: []),
            provenance: source.provenance)
    }
}
