/// Which of several gateways this process is; for expressions (`env`).
package struct GatewayInstance: Equatable, Sendable {
    package var podName: String?
    package var namespace: String?
    package var gateway: String?

    /// From the variables agentgateway's charts set.
    package init(environment: [String: String] = [:]) {
        podName = environment["POD_NAME"]
        namespace = environment["NAMESPACE"]
        gateway = environment["GATEWAY"]
    }
}
