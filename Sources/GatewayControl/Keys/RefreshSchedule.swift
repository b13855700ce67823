package import GatewayModel

/// When one key set is fetched, and when its keys die. A value: told what happened, it says what is next.
///
/// Moments are lengths of time since an origin of the caller's; jitter is a number from 0 to 1, exclusive.
package struct RefreshSchedule: Sendable {
    package enum Step: Equatable, Sendable {
        case fetch
        /// The keys are too old to be used any longer.
        case expire
        case wait(Duration)
    }

    private let settings: RefreshSettings
    /// When the keys were fetched; nil where there are none.
    package private(set) var fetchedAt: Duration?
    /// How long they are fresh.
    package private(set) var lifetime: Duration = .zero
    /// When the last fetch began.
    package private(set) var attemptedAt: Duration?
    /// Fetches that failed since the last success.
    package private(set) var failures = 0
    private var plannedAt: Duration

    /// The longest pause after failures.
    private static let longestPause = Duration.seconds(60)
    /// The first pause after a failure, where there are no keys at all.
    private static let firstPause = Duration.seconds(1)

    /// A schedule whose first fetch is due.
    package init(_ settings: RefreshSettings, now: Duration) {
        self.settings = settings
        plannedAt = now
    }

    /// When the keys die; nil where there are none.
    package var expiresAt: Duration? { fetchedAt.map { $0 + lifetime + settings.staleLimit } }

    package func isFresh(at now: Duration) -> Bool { fetchedAt.map { now < $0 + lifetime } ?? false }

    /// When the next fetch begins.
    ///
    /// - Parameter isWanted: whether somebody asks for one before its time.
    package func nextFetch(isWanted: Bool) -> Duration {
        isWanted ? min(plannedAt, earliestOnDemand ?? plannedAt) : plannedAt
    }

    /// The earliest moment of a fetch that is asked for; nil where none was made yet.
    package var earliestOnDemand: Duration? { attemptedAt.map { $0 + settings.minRefetchInterval } }

    package func next(isWanted: Bool, now: Duration) -> Step {
        if let expiresAt, now >= expiresAt { return .expire }
        let next = nextFetch(isWanted: isWanted)
        if now >= next { return .fetch }
        return .wait(min(next, expiresAt ?? next) - now)
    }

    /// A fetch begins.
    package mutating func began(now: Duration) {
        attemptedAt = now
    }

    /// Keys were fetched, or are still the current ones. The next fetch comes when a part of their time is left.
    ///
    /// - Parameter lifetime: how long they are fresh as the server says; nil where it does not.
    package mutating func succeeded(lifetime: Duration?, jitter: Double, now: Duration) {
        failures = 0
        fetchedAt = now
        self.lifetime = bounded(lifetime)
        plan(now + self.lifetime * (0.8 + 0.15 * jitter))
    }

    /// Keys of an earlier time: of a file, or of the same source under other settings. A fetch is due all the same.
    package mutating func adopted(age: Duration, lifetime: Duration, now: Duration) {
        fetchedAt = now - max(age, .zero)
        self.lifetime = bounded(lifetime)
    }

    /// A fetch failed. Pauses double, up to a minute; without keys they begin with a second.
    package mutating func failed(jitter: Double, now: Duration) {
        failures += 1
        let first = fetchedAt == nil ? min(Self.firstPause, settings.minRefetchInterval) : settings.minRefetchInterval
        let pause = min(first * (1 << min(failures - 1, 6)), max(Self.longestPause, settings.minRefetchInterval))
        plannedAt = now + pause * (0.8 + 0.4 * jitter)
    }

    /// The keys are no longer used.
    package mutating func expired() {
        fetchedAt = nil
    }

    private mutating func plan(_ moment: Duration) {
        plannedAt = max(moment, earliestOnDemand ?? moment)
    }

    private func bounded(_ lifetime: Duration?) -> Duration {
        min(max(lifetime ?? settings.usual, settings.shortest), settings.longest)
    }
}
