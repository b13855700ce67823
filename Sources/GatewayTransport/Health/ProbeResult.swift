internal import GatewayEngine

/// What became of a probe, as metrics call it.
package enum ProbeResult: String, CaseIterable, Sendable {
    case answered
    case connectionFailed = "connection_failed"
    case timeout

    init(_ outcome: EndpointCondition.Outcome) {
        self =
            switch outcome {
            case .connected, .status, .answer: .answered
            case .connectionFailed: .connectionFailed
            case .timeout: .timeout
            }
    }
}
