/// How long an answer stays fresh by what its header says (RFC 9111 §4.2.1).
package enum CacheLifetime {
    /// The fields of an answer that say so, as they came.
    package struct Fields {
        package var cacheControl: [String] = []
        package var expires: String?
        package var date: String?
        package var age: String?

        package init() {}
    }

    /// Longer than any bound it is held against.
    private static let longest: Int64 = 10 * 365 * 86400

    /// The time from now, or nil where nothing is said. What can't be read counts as stale.
    ///
    /// - Parameter now: Unix seconds, for answers without a date.
    package static func of(_ fields: Fields, now: Int64) -> Duration? {
        let directives = fields.cacheControl.flatMap { $0.split(separator: ",") }.map {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased()
        }
        if directives.contains(where: { $0 == "no-store" || $0 == "no-cache" || $0.hasPrefix("no-cache=") }) {
            return .zero
        }
        let age = fields.age.flatMap(seconds) ?? 0
        if let directive = directives.first(where: { $0.hasPrefix("max-age=") }) {
            let value = directive.dropFirst("max-age=".count)
            return .seconds(max(0, (seconds(value.filter { $0 != "\"" }) ?? 0) - age))
        }
        guard let expires = fields.expires else { return nil }
        guard let end = HTTPMoment.seconds(expires) else { return .zero }
        let (left, overflow) = end.subtractingReportingOverflow(
            fields.date.flatMap(HTTPMoment.seconds) ?? now)
        return overflow ? .zero : .seconds(min(max(0, left - age), longest))
    }

    private static func seconds(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        // RFC 9111 §1.2.2: what is too large to hold counts as the largest.
        return min(Int64(text) ?? longest, longest)
    }
}

/// A moment as HTTP writes it.
package enum HTTPMoment {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Unix seconds of an IMF-fixdate (RFC 9110 §5.6.7), `Sun, 06 Nov 1994 08:49:37 GMT`; nil for anything else.
    /// The two obsolete forms are not read.
    package static func seconds(_ text: String) -> Int64? {
        let parts = text.split(separator: " ")
        guard parts.count == 6, parts[0].utf8.count == 4, parts[5] == "GMT", let day = number(parts[1]),
            let month = months.firstIndex(of: String(parts[2])), let year = number(parts[3]), year >= 1970
        else { return nil }
        let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false).map { number($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        return days(year, month + 1, day) * 86400 + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring) -> Int64? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
        return Int64(text)
    }

    /// Days since 1970 in the Gregorian calendar; years begin in March, so that the leap day comes last.
    private static func days(_ year: Int64, _ month: Int, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let months = Int64((month + 9) % 12)
        return year * 365 + year / 4 - year / 100 + year / 400 + (months * 153 + 2) / 5 + day - 719_469
    }
}
