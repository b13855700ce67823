internal import GatewayModel

extension Counters {
    /// The counters in Prometheus' text exposition format 0.0.4.
    package var prometheusText: String {
        var text = ""
        counter("tollgate_responses_total", "Answers to requests, by status.", into: &text) { add in
            for (index, count) in statuses.enumerated() where count > 0 {
                add("{status=\"\(index + Self.statusRange.lowerBound)\"}", count)
            }
        }
        let codes = [
            ("tollgate_refusals_total", "Requests that were refused, by code.", refusals),
            (
                "tollgate_logged_refusals_total", "What policies that only log would have refused, by code.",
                loggedRefusals
            ),
        ]
        for (name, help, counts) in codes {
            counter(name, help, into: &text) { add in
                for (code, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    add("{code=\"\(code.rawValue)\"}", count)
                }
            }
        }
        counter("tollgate_mirrored_requests_total", "Copies of requests, by what became of them.", into: &text) { add in
            for fate in MirrorFate.allCases where mirrored[fate] != nil {
                add("{result=\"\(fate.rawValue)\"}", mirrored[fate] ?? 0)
            }
        }
        counter("tollgate_health_probes_total", "Servers that were asked how they are.", into: &text) { add in
            for result in ProbeResult.allCases where probes[result] != nil {
                add("{result=\"\(result.rawValue)\"}", probes[result] ?? 0)
            }
        }
        addDurations(to: &text)
        let simple: [(String, String, UInt64)] = [
            ("tollgate_aborted_responses_total", "Answers that broke off.", aborted),
            ("tollgate_connections_accepted_total", "Connections of clients.", connectionsAccepted),
            (
                "tollgate_accept_failures_total", "Times that no descriptor was left to accept a connection.",
                acceptFailures
            ),
            ("tollgate_upstream_connections_total", "Connections opened to upstreams.", upstreamConnections),
            ("tollgate_upstream_retries_total", "Requests sent again on a fresh connection.", upstreamRetries),
            ("tollgate_token_cache_hits_total", "Tokens found among those verified before.", tokenCacheHits),
            ("tollgate_token_cache_misses_total", "Tokens that had to be verified.", tokenCacheMisses),
            ("tollgate_token_cache_evictions_total", "Tokens dropped for want of room.", tokenCacheEvictions),
            ("tollgate_access_log_dropped_lines_total", "Log lines nobody read in time.", droppedLogLines),
        ]
        for (name, help, value) in simple { counter(name, help, into: &text) { add in add("", value) } }
        gauge("tollgate_connections_open", "Connections of clients that are open.", connectionsOpen, into: &text)
        gauge("tollgate_token_cache_entries", "Tokens in the caches.", tokenCacheEntries, into: &text)
        gauge("tollgate_token_cache_bytes", "Bytes of the caches.", tokenCacheBytes, into: &text)
        return text
    }

    private func counter(
        _ name: String, _ help: String, into text: inout String, _ body: ((String, UInt64) -> Void) -> Void
    ) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) counter\n"
        var lines = ""
        body { labels, value in lines += "\(name)\(labels) \(value)\n" }
        text += lines
    }

    private func gauge(_ name: String, _ help: String, _ value: UInt64, into text: inout String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) gauge\n\(name) \(value)\n"
    }

    private func addDurations(to text: inout String) {
        let name = "tollgate_request_duration_seconds"
        text += "# HELP \(name) From a request's head to the end of its answer.\n# TYPE \(name) histogram\n"
        var total: UInt64 = 0
        for (index, bound) in Self.durationBounds.enumerated() {
            total += durations[index]
            text += "\(name)_bucket{le=\"\(Double(bound) / 1_000_000)\"} \(total)\n"
        }
        total += durations[Self.durationBounds.count]
        text += "\(name)_bucket{le=\"+Inf\"} \(total)\n"
        text += "\(name)_sum \(Double(durationNanoseconds) / 1_000_000_000)\n\(name)_count \(total)\n"
    }
}
