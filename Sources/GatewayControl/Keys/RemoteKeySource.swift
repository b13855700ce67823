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

        var binding: KeyBinding {
            KeyBinding(url: keys.place.url.description, issuers: issuers, authorities: keys.request.caFile)
        }
    }

    struct State {
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
    let clock: KeyClock
    let state: Mutex<State>

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
}
