#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The clocks, read once per event and passed down.
package enum WallClock {
    /// Unix seconds.
    package static func now() -> Int64 { nanoseconds() / 1_000_000_000 }

    /// Unix nanoseconds.
    static func nanoseconds() -> Int64 { read(CLOCK_REALTIME) }

    /// Nanoseconds of a clock that is never set.
    static func uptime() -> Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

/// The value of the `Date` field (RFC 9110 §5.6.7 IMF-fixdate), made once a second.
struct HTTPDate {
    private var second: Int64 = .min
    private(set) var bytes: [UInt8] = []

    mutating func update(_ now: Int64) {
        guard now != second else { return }
        second = now
        bytes = Array(CalendarTime(unixSeconds: now).httpDate.utf8)
    }
}

/// A moment in UTC, taken apart.
package struct CalendarTime {
    private let fields: tm

    package init(unixSeconds: Int64) {
        var time = time_t(unixSeconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        self.fields = fields
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    package var httpDate: String {
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(fields.tm_wday)]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][Int(fields.tm_mon)]
        return "\(day), \(two(fields.tm_mday)) \(month) \(fields.tm_year + 1900) \(clock) GMT"
    }

    /// `1994-11-06T08:49:37Z` (RFC 3339)
    package func rfc3339() -> String {
        "\(fields.tm_year + 1900)-\(two(fields.tm_mon + 1))-\(two(fields.tm_mday))T\(clock)Z"
    }

    private var clock: String { "\(two(fields.tm_hour)):\(two(fields.tm_min)):\(two(fields.tm_sec))" }

    private func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
