#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The clocks and the dice of key refreshing; a test brings its own.
package struct KeyClock: Sendable {
    /// Time since some origin, on a clock that is never set.
    package var uptime: @Sendable () -> Duration
    /// Unix seconds.
    package var wall: @Sendable () -> Int64
    /// From 0 to 1, exclusive.
    package var jitter: @Sendable () -> Double

    package init(
        uptime: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Int64,
        jitter: @escaping @Sendable () -> Double
    ) {
        self.uptime = uptime
        self.wall = wall
        self.jitter = jitter
    }

    /// The machine's.
    package static func system() -> KeyClock {
        let origin = ContinuousClock.now
        return KeyClock(
            uptime: { origin.duration(to: .now) }, wall: { Int64(time(nil)) }, jitter: { .random(in: 0..<1) })
    }
}
