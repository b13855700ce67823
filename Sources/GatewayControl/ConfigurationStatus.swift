internal import Synchronization

/// What became of changes of the configuration, for those who watch over a gateway: whether what is served is what the
/// operator wrote last.
package final class ConfigurationStatus: Sendable {
    package enum Outcome: String, CaseIterable, Sendable {
        case served
        /// It is not valid. What was served before goes on.
        case invalid
        /// It is valid and can't be served now, since an address is taken say. What was served before goes on.
        case unservable
    }

    private struct State {
        var counts: [Outcome: UInt64] = [:]
        var last = Outcome.served
        var servedAt: Int64
        var lacksAddresses = false
    }

    /// The label that tells sources of configuration apart: `file` or `admin`.
    private let source: String
    private let state: Mutex<State>
    private let now: @Sendable () -> Int64

    /// Of a gateway that serves its first configuration.
    ///
    /// - Parameters:
    ///   - source: `file` or `admin`.
    ///   - now: Unix seconds.
    package init(of source: String, now: @escaping @Sendable () -> Int64) {
        self.source = source
        self.now = now
        state = Mutex(State(servedAt: now()))
    }

    package func note(_ outcome: Outcome) {
        let time = now()
        state.withLock { state in
            state.counts[outcome, default: 0] += 1
            state.last = outcome
            if outcome == .served { state.servedAt = time }
        }
    }

    /// Whether addresses that it names are not listened on, as somebody else has them.
    package func lacksAddresses(_ lacks: Bool) { state.withLock { $0.lacksAddresses = lacks } }

    /// Whether it takes traffic wherever it is to.
    package var hasItsAddresses: Bool { state.withLock { !$0.lacksAddresses } }

    fileprivate var counts: String {
        state.withLock { state in
            Outcome.allCases.map { outcome in
                let count = state.counts[outcome] ?? 0
                return "tollgate_config_reloads_total{source=\"\(source)\",result=\"\(outcome.rawValue)\"} \(count)\n"
            }.joined()
        }
    }

    fileprivate var success: String {
        let isServed = state.withLock { $0.last == .served }
        return "tollgate_config_last_reload_successful{source=\"\(source)\"} \(isServed ? 1 : 0)\n"
    }

    fileprivate var moment: String {
        let servedAt = state.withLock(\.servedAt)
        return "tollgate_config_last_reload_success_timestamp_seconds{source=\"\(source)\"} \(servedAt)\n"
    }
}

extension [ConfigurationStatus] {
    /// In Prometheus' text exposition format 0.0.4.
    package var prometheusText: String {
        """
        # HELP tollgate_config_reloads_total Changes of the configuration, by what became of them.
        # TYPE tollgate_config_reloads_total counter
        \(map(\.counts).joined())\
        # HELP tollgate_config_last_reload_successful Whether the last change is served; 0: an earlier one is.
        # TYPE tollgate_config_last_reload_successful gauge
        \(map(\.success).joined())\
        # HELP tollgate_config_last_reload_success_timestamp_seconds Since when the configuration is served.
        # TYPE tollgate_config_last_reload_success_timestamp_seconds gauge
        \(map(\.moment).joined())
        """
    }
}
