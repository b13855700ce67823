internal import GatewayEngine
internal import GatewayModel
internal import JOSE
internal import Synchronization

extension RemoteKeySource {
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
