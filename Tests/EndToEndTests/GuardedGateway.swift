import Foundation

/// A gateway with one route behind these policies, and what its backend got.
final class GuardedGateway {
    private let upstream: EchoUpstream
    let gateway: GatewayProcess

    init(_ policies: String, accessLog: String = "off", config: String = "") throws {
        let upstream = try EchoUpstream()
        self.upstream = upstream
        gateway = try GatewayProcess { port in
            """
            config: {workerThreads: 1, enableIpv6: false, statsAddr: "off", accessLog: "\(accessLog)"\(config)}
            binds:
            - port: \(port)
              listeners:
              - routes:
                - backends: [{host: "127.0.0.1:\(upstream.port)"}]
                  policies:
            \(policies.indented(by: 8))
            """
        }
    }

    func get(_ lines: String = "", target: String = "/") throws -> Answer {
        let client = try Wire(port: gateway.port)
        try client.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(lines)\r\n")
        return try client.readAnswer()
    }
}

extension Answer {
    /// Of all lines of that name, in their order.
    func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}
