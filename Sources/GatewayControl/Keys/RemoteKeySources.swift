package import GatewayModel
internal import Synchronization

/// All remote key sources of the configuration that is served, and of one that is being loaded.
package final class RemoteKeySources: Sendable {
    private let sources = Mutex<[RemoteKeySource.ID: RemoteKeySource]>([:])
    private let store: KeyStore?
    private let clock: KeyClock
    /// Raised when there is a source that nobody fetches yet.
    let added = Alarm()

    /// - Parameter store: where keys outlive the process; nil: they don't.
    package init(store: KeyStore?, clock: KeyClock) {
        self.store = store
        self.clock = clock
    }

    /// In an order that stays.
    package var all: [RemoteKeySource] {
        sources.withLock { Array($0.values) }.sorted {
            ($0.name, $0.id.issuers.joined(separator: " ")) < ($1.name, $1.id.issuers.joined(separator: " "))
        }
    }

    package var statuses: [KeySourceStatus] { all.map(\.status) }

    /// The source of an issuer's keys; a new one begins with the keys last fetched for the same issuer from the same
    /// place, under other settings or before a restart.
    package func source(_ keys: RemoteKeys, of issuer: Issuer) -> RemoteKeySource {
        let id = RemoteKeySource.ID(keys: keys, issuers: issuer.names, allowsWeakKeys: issuer.allowsWeakKeys)
        if let known = sources.withLock({ $0[id] }) { return known }
        let source = RemoteKeySource(id, clock: clock)
        let kept =
            all.first { $0.id.binding == id.binding }?.fetchedKeys ?? store?.load(id.binding)
        if let kept { source.adopt(kept) }
        let registered = sources.withLock { sources -> RemoteKeySource in
            if let known = sources[id] { return known }
            sources[id] = source
            return source
        }
        added.raise()
        return registered
    }

    /// Fetches every source once, for a command that asks what tokens would meet. Answers what failed.
    package func fetchOnce(with fetcher: any RemoteDocumentFetcher) async -> [RemoteFailure] {
        var failures: [RemoteFailure] = []
        for source in all {
            let outcome = await source.fetch(with: fetcher)
            source.settled(after: outcome)
            if case .failed(let failure, _) = outcome { failures.append(failure) }
        }
        return failures
    }

    /// Forgets the sources that a configuration does not name.
    package func keepOnly(_ configuration: GatewayConfiguration?) {
        var named: Set<RemoteKeySource.ID> = []
        configuration?.forEachKeySource { source, issuer in
            guard case .remote(let keys) = source.origin else { return }
            named.insert(.init(keys: keys, issuers: issuer.names, allowsWeakKeys: issuer.allowsWeakKeys))
        }
        let gone = sources.withLock { [named] sources in
            let gone = sources.filter { !named.contains($0.key) }
            for id in gone.keys { sources[id] = nil }
            return gone
        }
        for source in gone.values { source.retire() }
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
