import Foundation
import Testing

@Suite struct `Too many requests` {
    private let upstream: EchoUpstream

    init() throws { upstream = try EchoUpstream() }

    private static func routes(_ port: Int, extra: String = "") -> String {
        """
        - name: limited
          matches: [{path: {pathPrefix: /limited}}]
          policies:
            localRateLimit:
            - {maxTokens: 3, tokensPerFill: 1, fillInterval: 1h}
            cors: {allowOrigins: ["https://app.example"]}
        \(extra.indented(by: 2))
          backends: [{host: "127.0.0.1:\(port)"}]
        """
    }

    @Test func `are refused on all loops together, and can be read by a browser`() throws {
        let gateway = try RunningGateway(
            .init(threads: 2, routes: Self.routes(upstream.port)), upstreamPort: upstream.port)
        // Connections of their own are spread over the loops.
        let answers = try (0..<8).map { _ in try gateway.get("/limited", "Origin: https://app.example\r\n") }
        #expect(answers.map(\.status) == [200, 200, 200, 429, 429, 429, 429, 429])
        #expect(upstream.heads.count == 3)
        let refused = try #require(answers.last)
        #expect(refused.refusal == "rate_limited")
        #expect(refused.value("retry-after").flatMap { Int($0) }.map { (3500...3600).contains($0) } == true)
        #expect(refused.value("x-ratelimit-limit") == "3")
        #expect(refused.value("x-ratelimit-remaining") == "0")
        #expect(refused.value("access-control-allow-origin") == "https://app.example")
        #expect(try gateway.metric("tollgate_refusals_total{code=\"rate_limited\"}") == 5)
        #expect(try gateway.get("/open").status == 200)
    }

    @Test func `stay too many when the configuration is read again`() throws {
        var setup = RunningGateway.Setup(routes: Self.routes(upstream.port))
        let gateway = try RunningGateway(setup, upstreamPort: upstream.port)
        for _ in 0..<3 { #expect(try gateway.get("/limited").status == 200) }
        setup.routes = Self.routes(upstream.port, extra: "  responseHeaderModifier: {set: {x-new: \"1\"}}")
        try gateway.write(configuration: gateway.configuration(setup))
        gateway.signal(SIGHUP)
        try eventually("the new configuration") { try gateway.get("/limited").value("x-new") == "1" }
        #expect(try gateway.get("/limited").status == 429)
        #expect(upstream.heads.count == 3)
    }
}
