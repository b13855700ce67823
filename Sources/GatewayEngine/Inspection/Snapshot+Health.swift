internal import Bytes
internal import GatewayModel

// How the servers are that have checks, for operators.
extension Snapshot {
    /// Each once, by the name of their checks, and in the order of the configuration.
    private static func checked(_ snapshots: [Snapshot]) -> [(name: String, conditions: [EndpointCondition])] {
        var found: [String: [EndpointCondition]] = [:]
        var seen: Set<EndpointCondition> = []
        for upstream in snapshots.flatMap(\.upstreams) {
            for case let condition? in upstream.conditions where seen.insert(condition).inserted {
                if let checks = condition.checks { found[checks.name, default: []].append(condition) }
            }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// In Prometheus' text exposition format 0.0.4; empty where nothing is checked.
    ///
    /// - Parameter uptime: in nanoseconds.
    package static func healthMetrics(_ snapshots: [Snapshot], at uptime: Int64) -> String {
        let checked = checked(snapshots)
        guard !checked.isEmpty else { return "" }
        var text = ""
        func metric(_ name: String, _ type: String, _ help: String, _ value: (EndpointCondition) -> UInt64) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for (upstream, conditions) in checked {
                for condition in conditions {
                    let labels =
                        "upstream=\"\(upstream.asLabelValue)\",endpoint=\"\("\(condition.address)".asLabelValue)\""
                    text += "\(name){\(labels)} \(value(condition))\n"
                }
            }
        }
        metric("tollgate_upstream_endpoint_healthy", "gauge", "Whether a server of an upstream is in service.") {
            $0.isOut(at: uptime) ? 0 : 1
        }
        metric("tollgate_upstream_endpoint_removals_total", "counter", "Times that a server has left service.") {
            $0.removalCount
        }
        return text
    }

    /// As `/v1/healthcheck` of Apache APISIX's control API has it, with a line end.
    ///
    /// - Parameter uptime: in nanoseconds.
    package static func healthJSON(_ snapshots: [Snapshot], at uptime: Int64) -> String {
        let lists = checked(snapshots).map { name, conditions in
            var object = JSONObjectWriter()
            object.add("name", name)
            if let probe = conditions.first?.checks?.probe { object.add("type", probe.typeInWords) }
            object.add("nodes", conditions.map { $0.json(at: uptime) })
            return object.text
        }
        return "[" + lists.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",") + "]\n"
    }
}

extension HealthProbe {
    var typeInWords: String {
        switch kind {
        case .connection: "tcp"
        case .request(let request): request.tls == nil ? "http" : "https"
        }
    }
}

extension EndpointCondition {
    fileprivate func json(at uptime: Int64) -> [UInt8] {
        // Whose time is over is back from here on.
        _ = isOut(at: uptime)
        let tally = tally
        var object = JSONObjectWriter()
        switch address {
        case .network(let host, let port):
            object.add("hostname", host)
            if host.contains(":") || host.utf8.allSatisfy({ $0.isASCIIDigit || $0 == UInt8(ascii: ".") }) {
                object.add("ip", host)
            }
            object.add("port", Int64(port))
        case .unix(let path): object.add("unix", path)
        }
        object.add("status", tally.words)
        var counter = JSONObjectWriter()
        counter.add("success", Int64(tally.count(.success)))
        counter.add("http_failure", Int64(tally.count(.status)))
        counter.add("tcp_failure", Int64(tally.count(.connection)))
        counter.add("timeout_failure", Int64(tally.count(.timeout)))
        object.add("counter", counter.text)
        return object.text
    }
}

extension HealthTally {
    /// `mostly`: something has been counted against what it is.
    fileprivate var words: String {
        let others: [Kind] = isOut ? [.success] : [.status, .connection, .timeout]
        let isCertain = others.allSatisfy { count($0) == 0 }
        return (isCertain ? "" : "mostly_") + (isOut ? "unhealthy" : "healthy")
    }
}
