#if os(Linux)
    import Foundation
    import Testing

    /// What the kernel is told to do about connections on which nothing is said.
    @Suite struct `A silent connection` {
        private let upstream: Upstream

        init() throws { upstream = try Upstream() }

        private enum End {
            case local, remote
        }

        /// Seconds until the kernel looks after the connections with that port at an end; nil where it does not.
        private func probes(_ end: End, _ port: Int) throws -> [Int?] {
            let file = try #require(FileHandle(forReadingAtPath: "/proc/net/tcp"))
            var bytes = Data()
            // Such a file has no size, and comes page by page.
            while let page = try file.read(upToCount: 1 << 16), !page.isEmpty { bytes += page }
            let text = String(decoding: bytes, as: UTF8.self)
            let suffix = ":" + String(format: "%04X", port)
            return text.split(separator: "\n").dropFirst().compactMap { line -> Int?? in
                let fields = line.split(separator: " ")
                // Established, and its timer: 2 is that of keepalive, in hundredths of a second.
                guard fields[end == .local ? 1 : 2].hasSuffix(suffix), fields[3] == "01" else { return nil }
                let timer = fields[5].split(separator: ":")
                return timer[0] == "02" ? .some(Int(timer[1], radix: 16).map { $0 / 100 }) : .some(nil)
            }
        }

        private func start(_ frontend: String, _ backend: String) throws -> RunningGateway {
            let routes = """
                - name: to
                  matches: [{path: {pathPrefix: /to}}]
                  backends: [{host: "127.0.0.1:\(upstream.port)", policies: \(backend)}]
                """
            return try RunningGateway(.init(top: frontend, routes: routes), upstreamPort: upstream.port)
        }

        /// Has a request in service: a connection to the gateway and one of its to the upstream.
        private func open(_ gateway: RunningGateway) throws -> [Wire] {
            let client = try gateway.client()
            try client.send("GET /to HTTP/1.1\r\nHost: a\r\n\r\n")
            let connection = try upstream.accept()
            _ = try connection.readHead()
            return [client, connection]
        }

        @Test func `is looked after as the configuration says`() throws {
            let gateway = try start(
                "frontendPolicies: {tcp: {keepalives: {time: 30m, interval: 10s, retries: 3}}}",
                "{tcp: {keepalives: {time: 20m}, connectTimeout: 5s}}")
            let wires = try open(gateway)
            try eventually("the client's") {
                try probes(.local, gateway.port).contains { (1...1800).contains($0 ?? 0) }
            }
            try eventually("the backend's") {
                try probes(.remote, upstream.port).contains { (1...1200).contains($0 ?? 0) }
            }
            withExtendedLifetime(wires) {}
        }

        @Test func `is left alone where the configuration says so`() throws {
            let gateway = try start(
                "frontendPolicies: {tcp: {keepalives: {enabled: false}}}", "{tcp: {keepalives: {enabled: false}}}")
            let wires = try open(gateway)
            try eventually("the client's") {
                let found = try probes(.local, gateway.port)
                return !found.isEmpty && found.allSatisfy { $0 == nil }
            }
            try eventually("the backend's") {
                let found = try probes(.remote, upstream.port)
                return !found.isEmpty && found.allSatisfy { $0 == nil }
            }
            withExtendedLifetime(wires) {}
        }
    }
#endif
