internal import Bytes
internal import GatewayModel

// `checks` of an upstream.

extension APISIXShapes {
    static let checks = APISIXSchema.object(
        .init([("active", active), ("passive", passive)], anyOf: [["active"], ["active", "passive"]]))

    private static let types = APISIXSchema.string(.init(choices: ["http", "https", "tcp"], default: "http"))

    private static let active = APISIXSchema.object(
        .init([
            ("type", types), ("timeout", .number(moreThan: 0)), ("concurrency", .integer(min: 1, default: 10)),
            ("host", host), ("port", .integer(min: 1, max: 65535)),
            ("http_method", .string(.init(choices: methods.filter { $0 != "CONNECT" }, default: "GET"))),
            ("http_path", .string(.init(Patterns.target, default: "/"))),
            ("http_req_body", .string(.init(default: ""))),
            ("https_verify_certificate", .boolean(default: true)),
            (
                "healthy",
                .object(
                    .init([
                        ("interval", .integer(min: 1, default: 1)), ("http_statuses", statuses([200, 302])),
                        ("successes", .integer(min: 1, max: 254, default: 2)),
                    ]))
            ),
            (
                "unhealthy",
                .object(
                    .init([
                        ("interval", .integer(min: 1, default: 1)),
                        ("http_statuses", statuses([429, 404, 500, 501, 502, 503, 504, 505])),
                        ("http_failures", .integer(min: 1, max: 254, default: 5)),
                        ("tcp_failures", .integer(min: 1, max: 254, default: 2)),
                        ("timeouts", .integer(min: 1, max: 254, default: 3)),
                    ]))
            ),
            ("req_headers", .array(of: .string(.init(Patterns.probeHeader)), minItems: 1)),
        ]))

    private static let passive = APISIXSchema.object(
        .init([
            ("type", types),
            (
                "healthy",
                .object(
                    .init([
                        ("http_statuses", statuses(passiveSuccesses)),
                        ("successes", .integer(min: 0, max: 254, default: 5)),
                    ]))
            ),
            (
                "unhealthy",
                .object(
                    .init([
                        ("http_statuses", statuses([429, 500, 503])),
                        ("http_failures", .integer(min: 0, max: 254, default: 5)),
                        ("tcp_failures", .integer(min: 0, max: 254, default: 2)),
                        ("timeouts", .integer(min: 0, max: 254, default: 7)),
                    ]))
            ),
        ]))

    fileprivate static let passiveSuccesses = Array(200...208) + [226] + Array(300...308)

    private static func statuses(_ fallback: [Int]) -> APISIXSchema {
        .array(
            of: .integer(min: 200, max: 599), minItems: 1, isUnique: true,
            default: .array(fallback.map { .integer(Int64($0)) }))
    }
}

extension APISIXDecoder {
    /// - Parameter owner: the document that the upstream is or stands in.
    static func checks(_ upstream: JSONTree, of owner: APISIXDocument) -> HealthChecks? {
        guard let active = upstream["checks"]?["active"] else { return nil }
        return HealthChecks(
            name: owner.key, probe: probe(active, at: owner.provenance),
            answers: upstream["checks"]?["passive"].map(answers))
    }

    private static func probe(_ active: JSONTree, at place: Provenance) -> HealthProbe {
        let healthy = active["healthy"]
        let unhealthy = active["unhealthy"]
        return HealthProbe(
            kind: active["type"]?.string == "tcp" ? .connection : .request(request(active, at: place)),
            port: active["port"]?.integer, timeout: .seconds(min(active["timeout"]?.number ?? 1, 3600)),
            concurrency: active["concurrency"]?.integer ?? 10,
            healthyInterval: interval(healthy), unhealthyInterval: interval(unhealthy),
            criteria: HealthCriteria(
                healthyStatuses: statuses(healthy) ?? [200, 302],
                unhealthyStatuses: statuses(unhealthy) ?? [429, 404, 500, 501, 502, 503, 504, 505],
                successes: healthy?["successes"]?.integer ?? 2,
                statusFailures: unhealthy?["http_failures"]?.integer ?? 5,
                connectionFailures: unhealthy?["tcp_failures"]?.integer ?? 2,
                timeouts: unhealthy?["timeouts"]?.integer ?? 3))
    }

    private static func request(_ active: JSONTree, at place: Provenance) -> HealthProbe.Request {
        let verifies = active["https_verify_certificate"]?.boolean ?? true
        let host = active["host"]?.string
        let tls = BackendTLS(
            rootsFile: nil, identity: nil, serverName: host.map { split($0).host },
            verification: verifies ? .full : .nothing, provenance: place)
        return HealthProbe.Request(
            method: active["http_method"]?.string ?? "GET", target: active["http_path"]?.string ?? "/", host: host,
            fields: active.strings("req_headers") ?? [], body: active["http_req_body"]?.string ?? "",
            tls: active["type"]?.string == "https" ? tls : nil)
    }

    private static func answers(_ passive: JSONTree) -> HealthCriteria {
        let healthy = passive["healthy"]
        let unhealthy = passive["unhealthy"]
        let readsStatuses = passive["type"]?.string != "tcp"
        return HealthCriteria(
            healthyStatuses: readsStatuses ? statuses(healthy) ?? APISIXShapes.passiveSuccesses : [],
            unhealthyStatuses: readsStatuses ? statuses(unhealthy) ?? [429, 500, 503] : [],
            successes: healthy?["successes"]?.integer ?? 5,
            statusFailures: unhealthy?["http_failures"]?.integer ?? 5,
            connectionFailures: unhealthy?["tcp_failures"]?.integer ?? 2,
            timeouts: unhealthy?["timeouts"]?.integer ?? 7)
    }

    private static func interval(_ of: JSONTree?) -> Duration {
        .seconds(min(of?["interval"]?.integer ?? 1, 86400 * 365))
    }

    private static func statuses(_ of: JSONTree?) -> [Int]? { of?["http_statuses"]?.array?.compactMap(\.integer) }
}
