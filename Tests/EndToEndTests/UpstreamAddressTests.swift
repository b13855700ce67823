import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite struct `An upstream's address` {
    @Test func `may be a name`() throws {
        let upstream = try EchoUpstream("named ")
        let gateway = try RunningGateway(.init(upstreamHost: "localhost"), upstreamPort: upstream.port)
        for _ in 0..<3 { #expect(try gateway.get("/open").body.text.hasPrefix("named GET /open ")) }
    }

    @Test func `may be a name that nobody knows`() throws {
        let gateway = try RunningGateway(.init(upstreamHost: "nowhere.invalid"), upstreamPort: 80)
        let client = try gateway.client()
        for _ in 0..<2 {
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.readAnswer()
            #expect(answer.status == 503)
            #expect(answer.refusal == "upstream_unresolved")
        }
    }

    private static let hasIPv6 = (try? EchoUpstream(ipv6: true)) != nil

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
    func `may be one of IPv6`() throws {
        let upstream = try EchoUpstream("six ", ipv6: true)
        let gateway = try RunningGateway(
            .init(accessLog: "text", upstreamHost: "[::1]"), upstreamPort: upstream.port)
        #expect(try gateway.get("/open").body.text.hasPrefix("six GET /open "))
        #expect(try gateway.accessLog(lines: 1)[0].contains(" upstream=[::1]:\(upstream.port) "))
    }

    /// Whether `localhost` has addresses of both families.
    private static let isDual: Bool = {
        guard hasIPv6 else { return false }
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo("localhost", nil, nil, &first) == 0 else { return false }
        defer { freeaddrinfo(first) }
        return Set(sequence(first: first, next: { $0?.pointee.ai_next }).compactMap { $0?.pointee.ai_family }).count > 1
    }()

    @Test(.enabled(if: isDual, "localhost has no two addresses on this machine"))
    func `may be a name whose first address takes long, and whose second refuses`() throws {
        // Its queue is full: a connection waits until others have been accepted.
        let upstream = try EchoUpstream("late ", ipv6: true, backlog: 0, isAccepting: false)
        let crowd = (0..<8).map { _ in upstream.connectIPv6() }
        let gateway = try RunningGateway(
            .init(config: "timeouts: {request: 5s}", upstreamHost: "localhost"), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
        // The second address is tried a quarter of a second after the first.
        let begin = ContinuousClock.now
        try eventually("half a second") { begin.duration(to: .now) > .milliseconds(500) }
        upstream.startAccepting()
        #expect(try client.readAnswer().body.text.hasPrefix("late "))
        withExtendedLifetime(crowd) {}
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
    func `that cannot be reached in time takes little of a body`() throws {
        let upstream = try EchoUpstream(ipv6: true, backlog: 0, isAccepting: false)
        let crowd = (0..<8).map { _ in upstream.connectIPv6() }
        let gateway = try RunningGateway(
            .init(config: "timeouts: {request: 1s, connect: 20s}", upstreamHost: "[::1]"), upstreamPort: upstream.port)
        let client = try gateway.client()
        try client.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        let piece = [UInt8](repeating: 0x78, count: 256 << 10)[...]
        var sent = 0
        // Until it has closed, in the middle of the body.
        #expect(throws: WireFailure.self) {
            try eventually("an end") {
                sent += try client.sendNow(piece)
                return sent > 500_000_000
            }
        }
        #expect(sent < 50_000_000, "the gateway took \(sent) bytes")
        withExtendedLifetime(crowd) {}
    }

    @Test(.enabled(if: hasIPv6, "this machine has no IPv6"))
    func `may be a name with one address that answers`() throws {
        // Where `localhost` has both addresses, the first one tried may refuse.
        for ipv6 in [false, true] {
            let upstream = try EchoUpstream("either ", ipv6: ipv6)
            let gateway = try RunningGateway(.init(upstreamHost: "localhost"), upstreamPort: upstream.port)
            let answer = try gateway.get("/open")
            if answer.status == 200 {
                #expect(answer.body.text.hasPrefix("either "))
            } else {
                // The name has no address of IPv6 here.
                #expect(ipv6 && ["upstream_unreachable", "upstream_unresolved"].contains(answer.refusal))
            }
        }
    }
}
