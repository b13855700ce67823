internal import Bytes

extension [KeySourceStatus] {
    /// The metrics of all sources in Prometheus' text exposition format 0.0.4; empty where there are none.
    ///
    /// Of sources that are told apart by their settings alone, only the first is shown.
    package var prometheusText: String {
        guard !isEmpty else { return "" }
        var seen: Set<String> = []
        let shown = filter { seen.insert($0.labels).inserted }
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ value: (KeySourceStatus) -> Int64?) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for status in shown {
                if let value = value(status) { text += "\(name){\(status.labels)} \(value)\n" }
            }
        }
        metric("tollgate_key_fetches_total", "counter", "Fetches of keys that began.") {
            Int64(clamping: $0.record.fetches)
        }
        metric("tollgate_key_fetch_failures_total", "counter", "Fetches of keys that failed.") {
            Int64(clamping: $0.record.failures)
        }
        metric("tollgate_key_age_seconds", "gauge", "Time since the keys were fetched.") { status in
            status.record.succeededAt.map { Swift.max(0, status.now - $0) }
        }
        metric("tollgate_key_expiry_seconds", "gauge", "Time until the keys die unless they are fetched again.") {
            status in status.expiresAt.map { Swift.max(0, $0 - status.now) }
        }
        metric("tollgate_keys", "gauge", "Keys in use.") { Int64($0.keys.count) }
        return text
    }
}

extension KeySourceStatus {
    fileprivate var labels: String {
        "source=\"\(name.asLabelValue)\",issuer=\"\(issuers.joined(separator: " ").asLabelValue)\""
    }
}
