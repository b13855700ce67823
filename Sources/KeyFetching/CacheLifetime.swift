internal import Bytes

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
