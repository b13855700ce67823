internal import GatewayEngine
package import GatewayModel
internal import Synchronization

/// What the gateway says of itself: metrics, readiness, liveness.
package enum ControlServer {
    /// Whether the gateway takes traffic; shared with whoever decides that.
    package final class Readiness: Sendable {
        private let ready = Atomic<Bool>(false)
        private let condition: @Sendable () -> Bool

        /// - Parameter condition: what has to hold besides.
        package init(where condition: @escaping @Sendable () -> Bool = { true }) {
            self.condition = condition
        }

        package var isReady: Bool { ready.load(ordering: .relaxed) && condition() }

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

    /// What an address offers.
    package struct Pages: OptionSet, CustomStringConvertible, Sendable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// `/metrics`, also as `/stats/prometheus`.
        package static let metrics = Pages(rawValue: 1)
        /// `/keys`: how the keys stand that are fetched.
        package static let keys = Pages(rawValue: 2)
        /// `/healthz/ready` and `/healthz/live`.
        package static let health = Pages(rawValue: 4)
        /// `/config_dump`: what is in force.
        package static let configuration = Pages(rawValue: 8)
        /// `/v1/healthcheck`: how the servers of upstreams are.
        package static let upstreams = Pages(rawValue: 16)

        /// The paths of the pages.
        package var description: String { paths.joined(separator: ", ") }

        private var paths: [String] {
            let all: [(Pages, [String])] = [
                (.metrics, ["/metrics"]), (.keys, ["/keys"]), (.configuration, ["/config_dump"]),
                (.upstreams, ["/v1/healthcheck"]), (.health, ["/healthz/ready", "/healthz/live"]),
            ]
            return all.flatMap { contains($0.0) ? $0.1 : [] }
        }
    }

    package static func start(
        _ address: StreamAddress, _ pages: Pages, server: GatewayServer, readiness: Readiness, keys: KeyPages
    ) async throws -> LocalServer {
        try await LocalServer.start(address) { request in
            guard request.method == "GET" || request.method == "HEAD" else {
                return LocalResponse("405 Method Not Allowed", "only GET and HEAD are offered\n")
            }
            switch request.target.prefix(while: { $0 != "?" }) {
            case "/metrics" where pages.contains(.metrics), "/stats/prometheus" where pages.contains(.metrics):
                return LocalResponse(
                    "200 OK", contentType: "text/plain; version=0.0.4; charset=utf-8",
                    await server.counters().prometheusText
                        + Snapshot.healthMetrics(server.snapshots, at: WallClock.uptime())
                        + keys.metrics())
            case "/keys" where pages.contains(.keys):
                return LocalResponse("200 OK", contentType: "application/json", keys.json())
            case "/config_dump" where pages.contains(.configuration):
                return LocalResponse("200 OK", contentType: "application/json", Snapshot.json(server.snapshots))
            case "/v1/healthcheck" where pages.contains(.upstreams):
                return LocalResponse(
                    "200 OK", contentType: "application/json",
                    Snapshot.healthJSON(server.snapshots, at: WallClock.uptime()))
            case "/healthz/ready" where pages.contains(.health):
                return readiness.isReady
                    ? LocalResponse("200 OK", "ready\n") : LocalResponse("503 Service Unavailable", "not ready\n")
            case "/healthz/live" where pages.contains(.health): return LocalResponse("200 OK", "alive\n")
            default:
                return LocalResponse("404 Not Found", "offered: \(pages.description)\n")
            }
        }
    }
}
