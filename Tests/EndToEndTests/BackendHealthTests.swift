import Testing

/// Backends that are left out for a time, by their answers to requests.
@Suite struct `A backend with a health policy` {
    private let servers: [SwitchedServer]
    private let gateway: RunningGateway

    init() throws {
        let servers = try (0..<2).map { _ in try SwitchedServer() }
        func route(_ path: String, _ health: String) -> String {
            let backends = servers.map { "{host: \"127.0.0.1:\($0.port)\", policies: {health: \(health)}}" }
            return """
                - name: \(path)
                  matches: [{path: {pathPrefix: /\(path)}}]
                  backends: [\(backends.joined(separator: ", "))]
                """
        }
        let routes = [
            route("usual", "{eviction: {duration: 1h, consecutiveFailures: 2}}"),
            route("short", "{eviction: {duration: 100ms}}"),
            route(
                "own", "{unhealthyExpression: 'response.code == 404 && request.path != \"/own/lost\"', eviction: {}}"),
        ]
        self.servers = servers
        gateway = try RunningGateway(
            .init(routes: routes.joined(separator: "\n")), upstreamPort: servers[0].port)
    }

    private func healthy(_ server: SwitchedServer, _ route: String) throws -> Int? {
        let text = try gateway.control("/metrics").body.text
        let line = text.split(separator: "\n").first {
            $0.hasPrefix("tollgate_upstream_endpoint_healthy{") && $0.contains(route)
                && $0.contains("endpoint=\"127.0.0.1:\(server.port)\"")
        }
        return line.flatMap { Int($0.suffix(1)) }
    }

    /// How many of so many requests came to each server, and their statuses.
    private func ask(_ path: String, _ count: Int) throws -> (shares: [Int], statuses: [Int]) {
        let before = servers.map { $0.heads(path).count }
        let statuses = try (0..<count).map { _ in try gateway.get(path).status }
        return (zip(servers, before).map { $0.heads(path).count - $1 }, statuses)
    }

    @Test func `is left out after failures in a row`() throws {
        #expect(try ask("/usual", 8).shares == [4, 4])
        #expect(try healthy(servers[0], "usual") == 1)
        servers[0].answer("500 Internal Server Error", path: "/usual")
        #expect(try ask("/usual", 16).statuses.count { $0 == 500 } == 2)
        servers[0].answer("200 OK", path: "/usual")
        #expect(try ask("/usual", 8).shares == [0, 8])
        #expect(try healthy(servers[0], "usual") == 0 && healthy(servers[1], "usual") == 1)
        #expect(gateway.errors.contains("is out of service for 3600.0 seconds: 2 requests failed"))
        let page = try gateway.control("/v1/healthcheck").body.text
        #expect(page.contains("\"port\":\(servers[0].port),\"status\":\"unhealthy\""))
    }

    @Test func `comes back when its time is over`() throws {
        servers[0].answer("503 Service Unavailable", path: "/short")
        #expect(try ask("/short", 4).statuses.contains(503))
        servers[0].answer("200 OK", path: "/short")
        try eventually("both are asked again") { try ask("/short", 2).shares == [1, 1] }
    }

    @Test func `is judged by what its policy says of answers`() throws {
        for status in ["500 Internal Server Error", "404 Not Found"] {
            servers[0].answer(status, path: "/own")
            servers[0].answer(status, path: "/own/lost")
            #expect(try ask("/own/lost", 8).shares == [4, 4])
            #expect(try ask("/own", 8).shares == (status.hasPrefix("500") ? [4, 4] : [1, 7]))
        }
        #expect(try ask("/own/lost", 8).shares == [0, 8])
    }
}
