/// A point in time from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
package struct CELTimestamp: Equatable, Sendable, CustomStringConvertible {
    /// Seconds since 1970-01-01T00:00:00Z.
    package let seconds: Int64
    /// 0…999 999 999
    package let nanoseconds: Int32

    static let minSeconds: Int64 = -62_135_596_800
    static let maxSeconds: Int64 = 253_402_300_799

    /// Nil where the time is outside the range of the language.
    package init?(seconds: Int64, nanoseconds: Int32 = 0) {
        guard seconds >= Self.minSeconds, seconds <= Self.maxSeconds, (0..<1_000_000_000).contains(nanoseconds)
        else { return nil }
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// RFC 3339 (`2009-02-13T23:31:30.5Z`, offsets allowed); nil for anything else.
    package init?(rfc3339 text: CELBuffer) {
        var reader = FieldReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t") || reader.take(" "),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2)
        else { return nil }
        guard (1...12).contains(month), day >= 1, day <= CivilTime.daysInMonth(month, of: year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        guard let nanoseconds = reader.fraction(), let offset = reader.offset(), reader.isAtEnd else { return nil }
        let civil = CivilTime(year: year, month: month, day: day, hour: hour, minute: minute, second: second)
        self.init(seconds: civil.secondsSinceEpoch - offset, nanoseconds: nanoseconds)
    }

    package var description: String {
        let civil = CivilTime(secondsSinceEpoch: seconds)
        let date = "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
        let time = "\(padded(civil.hour, 2)):\(padded(civil.minute, 2)):\(padded(civil.second, 2))"
        return "\(date)T\(time)\(fractionText(nanoseconds))Z"
    }

    /// The time `duration` later; nil where it leaves the range.
    func adding(_ duration: CELDuration) -> CELTimestamp? {
        let total = Int64(nanoseconds) + duration.nanoseconds % 1_000_000_000
        let carry = floorDivide(total, 1_000_000_000)
        return CELTimestamp(
            seconds: seconds + duration.nanoseconds / 1_000_000_000 + carry,
            nanoseconds: Int32(total - carry * 1_000_000_000))
    }

    /// The time from `other` to this; nil where it is no duration.
    func subtracting(_ other: CELTimestamp) -> CELDuration? {
        let (scaled, overflowed) = (seconds - other.seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carried) = scaled.addingReportingOverflow(Int64(nanoseconds) - Int64(other.nanoseconds))
        return overflowed || carried ? nil : CELDuration(nanoseconds: sum)
    }
}

/// A signed length of time in nanoseconds, about ±292 years.
package struct CELDuration: Equatable, Sendable, CustomStringConvertible {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A sequence of decimal numbers with units `h m s ms us ns` (`1h30m`, `-1.5s`), or `0`.
    package init?(text: CELBuffer) {
        var reader = FieldReader(text)
        let isNegative = reader.take("-")
        if !isNegative { _ = reader.take("+") }
        if text.text.drop(while: { $0 == "-" || $0 == "+" }) == "0" {
            self.init(nanoseconds: 0)
            return
        }
        guard !reader.isAtEnd else { return nil }
        var total: Int64 = 0
        while !reader.isAtEnd {
            guard let part = reader.durationPart(isNegative: isNegative) else { return nil }
            let (sum, overflowed) = total.addingReportingOverflow(part)
            guard !overflowed else { return nil }
            total = sum
        }
        self.init(nanoseconds: total)
    }

    /// Seconds with the fraction needed: `5400s`, `-1.5s`.
    package var description: String {
        let seconds = nanoseconds / 1_000_000_000
        let rest = nanoseconds % 1_000_000_000
        let sign = nanoseconds < 0 ? "-" : ""
        return "\(sign)\(seconds.magnitude)\(fractionText(Int32(rest.magnitude)))s"
    }
}

/// `value` in decimal with leading zeros.
func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value.magnitude)
    return (value < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// `.5` for half a second, nothing for a whole one.
private func fractionText(_ nanoseconds: Int32) -> String {
    guard nanoseconds != 0 else { return "" }
    var digits = padded(Int64(nanoseconds), 9)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
}
