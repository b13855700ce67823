package import GatewayEngine
package import GatewayModel
package import JOSE
internal import Synchronization

/// One remote key source of one issuer: the keys it gave last, and how it stands with them.
///
/// Several policies may share it. One task fetches; others read the keys that are good now.
package final class RemoteKeySource: Sendable {
    /// What tells sources apart.
    package struct ID: Hashable, Sendable {
        package var keys: RemoteKeys
        package var issuers: [String]
        package var allowsWeakKeys: Bool

        var binding: KeyBinding { KeyBinding(url: keys.place.url.description, issuers: issuers) }
    }

    private struct State {
        var schedule: RefreshSchedule
        var keySet = KeySet.empty
        var findings: [KeyFinding] = []
        /// The version that the server gave its document, and where that came from.
        var version: (url: HTTPURL, entityTag: String)?
        /// Where the issuer's metadata says the keys are, and until when that is taken as said.
        var metadata: (keySet: HTTPURL, until: Duration)?
        var record = KeySourceRecord()
        var isRetired = false
    }

    package let id: ID
    package let refresh: KeyRefresh
    let alarm: Alarm
    private let clock: KeyClock
    private let state: Mutex<State>

    init(_ id: ID, clock: KeyClock) {
        self.id = id
        self.clock = clock
        let alarm = Alarm()
        self.alarm = alarm
        refresh = KeyRefresh(wake: alarm.raise)
        state = Mutex(State(schedule: RefreshSchedule(id.keys.refresh, now: clock.uptime())))
    }

    /// The keys that may be used now.
    package var keySet: KeySet { state.withLock { $0.keySet } }

    /// For logs and metrics.
    var name: String { id.keys.place.url.withoutQuery }

    /// Whether nothing refers to it any more.
    package var isRetired: Bool { state.withLock { $0.isRetired } }

    func retire() {
        state.withLock { $0.isRetired = true }
        alarm.raise()
    }

    package func next() -> RefreshSchedule.Step {
        let isWanted = refresh.isWanted
        return state.withLock { $0.schedule.next(isWanted: isWanted, now: clock.uptime()) }
    }

    // MARK: - Keys of an earlier time

    /// Uses keys that were fetched before, unless they are too old.
    func adopt(_ keys: FetchedKeys) {
        let imported = importKeys(keys.document)
        guard !imported.keySet.keys.isEmpty else { return }
        let now = clock.uptime()
        state.withLock { state in
            var schedule = state.schedule
            schedule.adopted(age: .seconds(clock.wall() - keys.fetchedAt), lifetime: keys.lifetime, now: now)
            guard let end = schedule.expiresAt, end > now else { return }
            state.schedule = schedule
            state.keySet = imported.keySet
            state.findings = imported.findings
            state.record.succeededAt = keys.fetchedAt
        }
    }

    /// What to keep of the keys for another time; nil where there are none.
    var fetchedKeys: FetchedKeys? {
        state.withLock { state in
            guard let document = state.keySet.publicJWKS, !state.keySet.keys.isEmpty,
                let fetchedAt = state.record.succeededAt
            else { return nil }
            return FetchedKeys(document: document, fetchedAt: fetchedAt, lifetime: state.schedule.lifetime)
        }
    }

    /// Drops the keys, which are too old.
    package func expire() {
        state.withLock {
            $0.schedule.expired()
            $0.keySet = .empty
            $0.findings = []
            $0.version = nil
        }
    }

    // MARK: - Fetching

    /// What became of a fetch.
    package enum Outcome: Sendable {
        /// Other keys than before.
        case changed
        case unchanged
        /// - Parameter isNews: whether the fetch before had another outcome.
        case failed(RemoteFailure, isNews: Bool)
    }

    /// Fetches once. The caller has the outcome served, and then calls `settled`.
    package func fetch(with fetcher: any RemoteDocumentFetcher) async -> Outcome {
        let wall = clock.wall()
        state.withLock {
            $0.schedule.began(now: clock.uptime())
            $0.record.attemptedAt = wall
            $0.record.fetches += 1
        }
        refresh.began()
        do {
            let (document, url) = try await document(from: fetcher)
            return try take(document, from: url)
        } catch {
            return fail(error)
        }
    }

    /// What a fetch brought is served by every event loop.
    package func settled(after outcome: Outcome) {
        let isComplete = if case .failed = outcome { false } else { true }
        let pause = state.withLock { state in
            (state.schedule.earliestOnDemand ?? .zero) - clock.uptime()
        }
        // Rounded up: the pipeline's clock has whole seconds.
        let seconds = max(pause, .zero).components
        refresh.settled(
            isComplete: isComplete, nextAllowedAt: clock.wall() + seconds.seconds + (seconds.attoseconds > 0 ? 1 : 0))
    }

    private func document(
        from fetcher: any RemoteDocumentFetcher
    ) async throws(RemoteFailure) -> (RemoteDocument, HTTPURL) {
        let url: HTTPURL
        switch id.keys.place {
        case .keySet(let place): url = place
        case .metadata(let place, let issuer): url = try await keySetURL(place, issuer, fetcher)
        }
        let version = state.withLock { $0.version }
        var request = request(url)
        if let version, version.url == url { request.entityTag = version.entityTag }
        return (try await fetcher.fetch(request), url)
    }

    private func keySetURL(
        _ place: HTTPURL, _ issuer: String, _ fetcher: any RemoteDocumentFetcher
    ) async throws(RemoteFailure) -> HTTPURL {
        if let known = state.withLock({ $0.metadata }), clock.uptime() < known.until { return known.keySet }
        let answer = try await fetcher.fetch(request(place))
        guard case .bytes(let bytes) = answer.content else { throw RemoteFailure("\(name) gives no document") }
        let metadata = try IssuerMetadata(
            bytes, issuer: issuer, at: place, allowsHTTP: id.keys.request.allowsHTTP)
        let bounds = id.keys.refresh
        let lifetime = min(max(answer.lifetime ?? bounds.usual, bounds.shortest), bounds.longest)
        state.withLock { $0.metadata = (metadata.keySet, clock.uptime() + lifetime) }
        return metadata.keySet
    }

    private func request(_ url: HTTPURL) -> RemoteRequest {
        var settings = id.keys.request
        if !url.hasOrigin(of: id.keys.place.url) { settings.headers = [] }
        return RemoteRequest(url: url, settings: settings, entityTag: nil)
    }

    private func importKeys(_ document: [UInt8]) -> KeyImport {
        // Shared secrets never come over the network.
        KeyImport(document, options: KeyImportOptions(allowWeak: id.allowsWeakKeys, admitsSecrets: false))
    }

    private func take(_ document: RemoteDocument, from url: HTTPURL) throws(RemoteFailure) -> Outcome {
        var imported: KeyImport?
        if case .bytes(let bytes) = document.content {
            let result = importKeys(bytes)
            // An issuer without keys is taken for one that is broken: the last good ones stay until they are too old.
            guard !result.keySet.keys.isEmpty else {
                let reason = result.findings.first { $0.severity == .error }?.message ?? "It holds none for signatures."
                throw RemoteFailure("\(url.withoutQuery) gives no usable key: \(reason)")
            }
            imported = result
        }
        return state.withLock { state in
            state.schedule.succeeded(lifetime: document.lifetime, jitter: clock.jitter(), now: clock.uptime())
            state.record.succeededAt = clock.wall()
            state.record.error = nil
            guard let imported else {
                state.record.notModified += 1
                return .unchanged
            }
            state.version = document.entityTag.flatMap { $0.utf8.count <= Self.longestTag ? (url, $0) : nil }
            state.findings = imported.findings
            guard !imported.keySet.isEquivalent(to: state.keySet) else { return .unchanged }
            state.keySet = imported.keySet
            return .changed
        }
    }

    /// Longer ones are not worth sending back each time.
    private static let longestTag = 256

    private func fail(_ failure: RemoteFailure) -> Outcome {
        state.withLock { state in
            state.schedule.failed(jitter: clock.jitter(), now: clock.uptime())
            state.record.failures += 1
            // Keys may have moved, and a version may belong to what failed.
            state.metadata = nil
            state.version = nil
            defer { state.record.error = failure }
            return .failed(failure, isNews: state.record.error != failure)
        }
    }

    // MARK: - Status

    /// How it stands now.
    package var status: KeySourceStatus {
        let now = clock.uptime()
        let wall = clock.wall()
        let isWanted = refresh.isWanted
        return state.withLock { state in
            func moment(_ time: Duration) -> Int64 { wall + (time - now).components.seconds }
            let schedule = state.schedule
            return KeySourceStatus(
                name: name, keySetName: state.metadata?.keySet.withoutQuery, issuers: id.issuers,
                condition: schedule.fetchedAt == nil ? .none : schedule.isFresh(at: now) ? .fresh : .stale,
                record: state.record, nextFetchAt: moment(schedule.nextFetch(isWanted: isWanted)),
                expiresAt: schedule.expiresAt.map(moment), now: wall, keys: state.keySet.keys,
                findings: state.findings)
        }
    }
}
