internal import GatewayEngine
package import GatewayModel
internal import JOSE
internal import Synchronization

extension RemoteKeySource {
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

    func importKeys(_ document: [UInt8]) -> KeyImport {
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
}
