#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// The wall clock, read once per event and passed down.
package enum WallClock {
    /// Unix seconds; coarse (a few milliseconds), which is what token dates need.
    package static func now() -> Int64 {
        var time = timespec()
        #if os(Linux)
            clock_gettime(CLOCK_REALTIME_COARSE, &time)
        #else
            clock_gettime(CLOCK_REALTIME, &time)
        #endif
        return Int64(time.tv_sec)
    }
}

/// The value of the `Date` field (RFC 9110 §5.6.7 IMF-fixdate), made once a second.
struct HTTPDate {
    private var second: Int64 = .min
    private(set) var bytes: [UInt8] = []

    mutating func update(_ now: Int64) {
        guard now != second else { return }
        second = now
        bytes = Self.format(now)
    }

    static func format(_ seconds: Int64) -> [UInt8] {
        var time = time_t(seconds)
        var fields = tm()
        gmtime_r(&time, &fields)
        let day = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][Int(fields.tm_wday)]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][Int(fields.tm_mon)]
        let date = "\(twoDigits(fields.tm_mday)) \(month) \(fields.tm_year + 1900)"
        let clock = "\(twoDigits(fields.tm_hour)):\(twoDigits(fields.tm_min)):\(twoDigits(fields.tm_sec))"
        return Array("\(day), \(date) \(clock) GMT".utf8)
    }

    private static func twoDigits(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
