import GatewayControl
import GatewayModel
import Testing

extension RefreshSettings {
    /// What the agentgateway dialect sets.
    static var usual: RefreshSettings {
        RefreshSettings(
            shortest: .seconds(60), longest: .seconds(86400), usual: .seconds(900), minRefetchInterval: .seconds(10),
            staleLimit: .seconds(86400))
    }
}

@Suite struct `The refresh schedule` {
    private var schedule = RefreshSchedule(.usual, now: .seconds(1000))

    @Test func `begins with a fetch`() {
        #expect(schedule.next(isWanted: false, now: .seconds(1000)) == .fetch)
    }

    @Test(
        arguments: [
            // What the server says, and the earliest and latest moment of the next fetch.
            (nil, 720.0, 855.0), (0, 48, 57), (1, 48, 57), (60, 48, 57), (3600, 2880, 3420), (86400, 69120, 82080),
            (31_536_000, 69120, 82080),
        ] as [(Int?, Double, Double)])
    mutating func `fetches before the keys are stale, within its bounds`(
        _ lifetime: Int?, _ first: Double, _ last: Double
    ) {
        for (jitter, expected) in [(0.0, first), (1.0, last)] {
            schedule.began(now: .seconds(1000))
            schedule.succeeded(lifetime: lifetime.map { .seconds($0) }, jitter: jitter, now: .seconds(1000))
            guard case .wait(let pause) = schedule.next(isWanted: false, now: .seconds(1000)) else {
                Issue.record("no pause")
                continue
            }
            #expect(abs(pause / .seconds(1) - expected) < 0.001)
            #expect(schedule.next(isWanted: false, now: .seconds(1000) + pause) == .fetch)
        }
    }

    @Test mutating func `fetches on demand after the minimum interval, and no earlier`() {
        schedule.began(now: .seconds(1000))
        schedule.succeeded(lifetime: nil, jitter: 0, now: .seconds(1001))
        #expect(schedule.next(isWanted: true, now: .seconds(1001)) == .wait(.seconds(9)))
        #expect(schedule.next(isWanted: true, now: .seconds(1010)) == .fetch)
        schedule.began(now: .seconds(1010))
        schedule.failed(jitter: 0, now: .seconds(1010))
        #expect(schedule.next(isWanted: true, now: .seconds(1015)) != .fetch)
        #expect(schedule.next(isWanted: true, now: .seconds(1020)) == .fetch)
    }

    @Test mutating func `never plans a fetch within the minimum interval of the last one`() {
        var settings = RefreshSettings.usual
        settings.shortest = .seconds(1)
        var schedule = RefreshSchedule(settings, now: .zero)
        schedule.began(now: .zero)
        schedule.succeeded(lifetime: .zero, jitter: 0, now: .zero)
        #expect(schedule.next(isWanted: false, now: .zero) == .wait(.seconds(10)))
    }

    @Test mutating func `doubles its pauses while fetches fail, up to a minute`() {
        func pauses(_ schedule: inout RefreshSchedule) -> [Double] {
            (0..<8).map { _ in
                schedule.began(now: .seconds(1000))
                schedule.failed(jitter: 0.5, now: .seconds(1000))
                guard case .wait(let pause) = schedule.next(isWanted: false, now: .seconds(1000)) else { return 0 }
                return pause / .seconds(1)
            }
        }
        #expect(pauses(&schedule) == [1, 2, 4, 8, 16, 32, 60, 60])
        schedule.succeeded(lifetime: nil, jitter: 0, now: .seconds(1000))
        #expect(pauses(&schedule) == [10, 20, 40, 60, 60, 60, 60, 60])
    }

    @Test mutating func `lets keys die when they have been stale for the limit`() {
        schedule.began(now: .seconds(1000))
        schedule.succeeded(lifetime: .seconds(100), jitter: 0, now: .seconds(1000))
        schedule.began(now: .seconds(1090))
        schedule.failed(jitter: 1, now: .seconds(1090))
        #expect(schedule.isFresh(at: .seconds(1099)))
        #expect(!schedule.isFresh(at: .seconds(1100)))
        let end = Duration.seconds(1000 + 100 + 86400)
        #expect(schedule.expiresAt == end)
        #expect(schedule.next(isWanted: false, now: end - .seconds(1)) == .fetch)
        #expect(schedule.next(isWanted: false, now: end) == .expire)
        schedule.expired()
        #expect(schedule.expiresAt == nil)
        #expect(schedule.next(isWanted: false, now: end) == .fetch)
    }

    @Test mutating func `wakes when keys die, though no fetch is due`() {
        var settings = RefreshSettings.usual
        settings.staleLimit = .zero
        var schedule = RefreshSchedule(settings, now: .zero)
        schedule.began(now: .zero)
        schedule.succeeded(lifetime: .seconds(100), jitter: 0, now: .zero)
        schedule.began(now: .seconds(95))
        schedule.failed(jitter: 0.5, now: .seconds(95))
        #expect(schedule.next(isWanted: false, now: .seconds(95)) == .wait(.seconds(5)))
    }

    @Test mutating func `counts the age of keys from before a restart, and fetches at once`() {
        schedule.adopted(age: .seconds(86000), lifetime: .seconds(900), now: .seconds(1000))
        #expect(!schedule.isFresh(at: .seconds(1000)))
        #expect(schedule.expiresAt == .seconds(1000 - 86000 + 900 + 86400))
        #expect(schedule.next(isWanted: false, now: .seconds(1000)) == .fetch)
        // A clock that was set back makes no key younger than new.
        schedule.adopted(age: .seconds(-500), lifetime: .seconds(900), now: .seconds(1000))
        #expect(schedule.expiresAt == .seconds(1000 + 900 + 86400))
    }
}
