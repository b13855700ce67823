package import GatewayModel

/// `HealthProbe` of one server.
package struct CompiledProbe: Sendable {
    /// Where it is asked.
    package let address: StreamAddress
    /// Nil: plain text.
    package let tls: UpstreamTLS?
    /// A whole request of HTTP/1.1; empty: a connection is enough.
    package let request: [UInt8]
    /// The answer has no body whatever it says.
    package let isHead: Bool
    package let timeoutNanoseconds: Int64
    let criteria: CompiledCriteria
    private let healthyNanoseconds: Int64
    private let unhealthyNanoseconds: Int64

    init(_ probe: HealthProbe, of server: StreamAddress, tls: UpstreamTLS?) {
        if let port = probe.port, case .network(let host, _) = server {
            address = .network(host: host, port: port)
        } else {
            address = server
        }
        self.tls = tls
        if case .request(let request) = probe.kind {
            self.request = request.bytes(to: server)
            isHead = request.method == "HEAD"
        } else {
            request = []
            isHead = false
        }
        timeoutNanoseconds = probe.timeout.nanoseconds
        healthyNanoseconds = probe.healthyInterval.nanoseconds
        unhealthyNanoseconds = probe.unhealthyInterval.nanoseconds
        criteria = CompiledCriteria(probe.criteria)
    }

    /// From one probe to the next.
    package func interval(isOut: Bool) -> Int64 { isOut ? unhealthyNanoseconds : healthyNanoseconds }
}

extension HealthProbe.Request {
    fileprivate func bytes(to server: StreamAddress) -> [UInt8] {
        var lines = ["\(method) \(target) HTTP/1.1", "host: \(host ?? server.authority(isSecure: tls != nil))"]
        lines += fields
        if !body.isEmpty { lines.append("content-length: \(body.utf8.count)") }
        lines.append("connection: close")
        return Array(lines.map { "\($0)\r\n" }.joined().utf8) + Array("\r\n\(body)".utf8)
    }
}

/// `HealthCriteria`, so that a status costs one look.
struct CompiledCriteria: Sendable {
    private let criteria: HealthCriteria
    /// Of the statuses from 100 on.
    private let kinds: [HealthTally.Kind?]

    private static let statuses = 100..<600

    init(_ criteria: HealthCriteria) {
        self.criteria = criteria
        kinds = Self.statuses.map { status in
            criteria.healthyStatuses.contains(status)
                ? .success : criteria.unhealthyStatuses.contains(status) ? .status : nil
        }
    }

    /// Nil where it says nothing.
    func kind(_ outcome: EndpointCondition.Outcome) -> HealthTally.Kind? {
        switch outcome {
        case .connected, .answer(isHealthy: true): .success
        case .answer(isHealthy: false): .status
        case .status(let status): Self.statuses.contains(status) ? kinds[status - Self.statuses.lowerBound] : nil
        case .connectionFailed: criteria.addsUpFailures ? .status : .connection
        case .timeout: criteria.addsUpFailures ? .status : .timeout
        }
    }

    func limit(_ kind: HealthTally.Kind) -> Int {
        switch kind {
        case .success: criteria.successes
        case .status: criteria.statusFailures
        case .connection: criteria.connectionFailures
        case .timeout: criteria.timeouts
        }
    }
}
