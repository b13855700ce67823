internal import CEL

/// Dates and lengths of time as people say them.
enum DateWords {
    /// `2026-01-31T12:00:00Z`.
    static func date(_ seconds: Int64) -> String {
        CELTimestamp(seconds: seconds).map { "\($0)" } ?? "\(seconds) (beyond the calendar)"
    }

    /// `in 3 hours`, `3 hours ago`, `now`.
    static func distance(_ seconds: Int64, from now: Int64) -> String {
        let (difference, overflowed) = seconds.subtractingReportingOverflow(now)
        if overflowed { return seconds > now ? "in ages" : "ages ago" }
        if difference == 0 { return "now" }
        return difference > 0 ? "in \(length(difference))" : "\(length(difference)) ago"
    }

    /// The date and how far away it is.
    static func dateAndDistance(_ seconds: Int64, from now: Int64) -> String {
        "\(date(seconds)), \(distance(seconds, from: now))"
    }

    /// `3 hours`, `1 hour 30 minutes`: the largest unit and, where it is few of them, the next one.
    static func length(_ seconds: Int64) -> String {
        let seconds = Int64(clamping: seconds.magnitude)
        for (unit, part) in zip(units, units.dropFirst()) {
            let parts = (seconds / part.seconds) + (seconds % part.seconds * 2 >= part.seconds ? 1 : 0)
            let perUnit = unit.seconds / part.seconds
            guard parts >= perUnit else { continue }
            let whole = parts / perUnit
            let rest = whole < 10 ? parts % perUnit : 0
            return count(whole, unit.name) + (rest > 0 ? " " + count(rest, part.name) : "")
        }
        return count(seconds, "second")
    }

    private static func count(_ count: Int64, _ name: String) -> String {
        "\(count) \(name)\(count == 1 ? "" : "s")"
    }

    private static let units: [(name: String, seconds: Int64)] = [
        ("year", 365 * 86400), ("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1),
    ]
}
