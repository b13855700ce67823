package import GatewayModel
internal import Synchronization

/// What the gateway says of itself: metrics, readiness, liveness.
package enum ControlServer {
    /// Whether the gateway takes traffic; shared with whoever decides that.
    package final class Readiness: Sendable {
        private let ready = Atomic<Bool>(false)

        package init() {}

        package var isReady: Bool { ready.load(ordering: .relaxed) }

        package func set(_ value: Bool) {
            ready.store(value, ordering: .relaxed)
        }
    }

    /// What is said of the keys that are fetched.
    package struct KeyPages: Sendable {
        package var json: @Sendable () -> String
        /// Metrics beside the server's own.
        package var metrics: @Sendable () -> String

        package init(json: @escaping @Sendable () -> String, metrics: @escaping @Sendable () -> String) {
            self.json = json
            self.metrics = metrics
        }
    }

    package static func start(
        _ address: ListenAddress, server: GatewayServer, readiness: Readiness, keys: KeyPages
    ) async throws -> LocalServer {
        try await LocalServer.start(host: address.host, port: address.port) { request in
            guard request.method == "GET" || request.method == "HEAD" else {
                return LocalResponse("405 Method Not Allowed", "only GET and HEAD are offered\n")
            }
            switch request.target.prefix(while: { $0 != "?" }) {
            case "/metrics", "/stats/prometheus":
                return LocalResponse(
                    "200 OK", contentType: "text/plain; version=0.0.4; charset=utf-8",
                    await server.counters().prometheusText + keys.metrics())
            case "/keys": return LocalResponse("200 OK", contentType: "application/json", keys.json())
            case "/healthz/ready":
                return readiness.isReady
                    ? LocalResponse("200 OK", "ready\n") : LocalResponse("503 Service Unavailable", "not ready\n")
            case "/healthz/live": return LocalResponse("200 OK", "alive\n")
            default:
                return LocalResponse("404 Not Found", "offered: /metrics, /keys, /healthz/ready, /healthz/live\n")
            }
        }
    }
}
