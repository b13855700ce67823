import Dispatch
import GatewayEngine
import GatewayModel
import Synchronization
import Testing

@Suite struct `A rate limit` {
    private static func limit(
        _ maxTokens: Int = 2, perFill: Int = 1, every interval: Duration = .seconds(10), key: String? = nil,
        maxKeys: Int = 64, if condition: String? = nil
    ) -> RateLimit {
        RateLimit(
            maxTokens: maxTokens, tokensPerFill: perFill, fillInterval: interval,
            key: key.map { Expression($0, at: here) }, maxKeys: maxKeys,
            condition: condition.map { Expression($0, at: here) })
    }

    private static func attachment(
        _ limits: RateLimit..., firstMatch: Bool = false, scope: GatewayModel.Attachment.Scope = .gateway("gateway")
    ) -> GatewayModel.Attachment {
        .policy(.rateLimit(LocalRateLimit(limits: limits, isFirstMatch: firstMatch)), scope)
    }

    private static func gateway(
        _ attachments: GatewayModel.Attachment..., previous: TestGateway? = nil
    ) throws -> TestGateway {
        try TestGateway(
            GatewayConfiguration([.named("backend"), .named("other", .exact("/other"))], attachments),
            previous: previous?.snapshot)
    }

    private static let second: Int64 = 1_000_000_000

    /// How many of so many requests pass.
    private static func passing(_ count: Int, _ gateway: inout TestGateway, _ lines: String = "") -> Int {
        (0..<count).filter { _ in gateway.get("/", lines).refusal == nil }.count
    }

    // MARK: - Time

    @Test func `lets as many pass as the bucket holds, and then as come in`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(5, perFill: 2)))
        #expect(Self.passing(10, &gateway) == 5)
        gateway.uptime += 10 * Self.second - 1
        #expect(Self.passing(10, &gateway) == 0)
        gateway.uptime += 1
        #expect(Self.passing(10, &gateway) == 2)
        gateway.uptime += 20 * Self.second
        #expect(Self.passing(10, &gateway) == 4)
        // What has no room is lost.
        gateway.uptime += 3600 * Self.second
        #expect(Self.passing(10, &gateway) == 5)
    }

    @Test func `begins with the first request, and bears a clock that lags`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(1)))
        gateway.uptime = 987_654_321_987
        #expect(Self.passing(2, &gateway) == 1)
        gateway.uptime -= 5
        #expect(Self.passing(1, &gateway) == 0)
        gateway.uptime += 5 + 10 * Self.second
        #expect(Self.passing(2, &gateway) == 1)
    }

    @Test func `says when to come again`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(1)))
        #expect(gateway.get("/").refusal == nil)
        gateway.uptime += 2 * Self.second + 1
        let answer = gateway.get("/")
        #expect(answer.refusal == .rateLimited)
        #expect(
            gateway.refusalText.contains(
                "retry-after: 8\r\nx-ratelimit-limit: 1\r\nx-ratelimit-remaining: 0\r\nx-ratelimit-reset: 8\r\n"))
        #expect(gateway.refusalText.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
        #expect(gateway.refusalText.hasSuffix("\r\n\r\nrate limit exceeded"))
    }

    // MARK: - What is counted

    @Test func `counts nobody who may not pass, but whoever matches no route`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(1)), .jwt(.test()))
        for _ in 0..<3 { #expect(gateway.get("/").refusal == .tokenMissing) }
        #expect(gateway.get(token: try Tokens.token()).refusal == nil)
        #expect(gateway.get(token: try Tokens.token()).refusal == .rateLimited)
        var routeless = try TestGateway(
            GatewayConfiguration([.named("backend", .exact("/a"))], [Self.attachment(Self.limit(1))]))
        #expect(routeless.get("/").refusal == .routeNotFound)
        #expect(routeless.get("/").refusal == .rateLimited)
    }

    @Test func `is one for all places where it holds, and another one where it is written again`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(1)))
        #expect(gateway.get("/").refusal == nil)
        #expect(gateway.get("/other").refusal == .rateLimited)
        var own = try Self.gateway(
            Self.attachment(Self.limit(1)), Self.attachment(Self.limit(1), scope: .route(RouteID("other"))))
        #expect(own.get("/").refusal == nil)
        #expect(own.get("/other").refusal == nil)
    }

    @Test func `of several has to have a token, and loses none to a request that another one stops`() throws {
        var gateway = try Self.gateway(
            Self.attachment(Self.limit(2, every: .seconds(100)), Self.limit(1, every: .seconds(1))))
        #expect(Self.passing(3, &gateway) == 1)
        gateway.uptime += Self.second
        #expect(Self.passing(3, &gateway) == 1)
        gateway.uptime += Self.second
        #expect(Self.passing(3, &gateway) == 0)
    }

    @Test func `of several conditional ones is the first that applies`() throws {
        var gateway = try Self.gateway(
            Self.attachment(
                Self.limit(1, if: "request.headers['x-plan'] == 'free'"), Self.limit(3), firstMatch: true))
        #expect(Self.passing(5, &gateway, "X-Plan: free\r\n") == 1)
        // Without the header the condition cannot be evaluated, and is not true.
        #expect(Self.passing(5, &gateway) == 3)
    }

    // MARK: - Keys

    @Test func `with a key has a bucket for each client`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.limit(1, key: "jwt.sub")), .jwt(.test(.optional)))
        for subject in ["alice", "bob"] {
            let token = try Tokens.token(["sub": "\"\(subject)\""])
            #expect(gateway.get(token: token).refusal == nil)
            #expect(gateway.get(token: token).refusal == .rateLimited)
        }
        // Who has no key shares a bucket with all others who have none.
        #expect(gateway.get("/").refusal == nil)
        #expect(gateway.get("/").refusal == .rateLimited)
    }

    @Test(arguments: ["1 + 1 == 2", "request.body", "no_such", "[jwt.sub]"])
    func `has keys that are texts of the head`(_ key: String) throws {
        #expect(throws: TestGateway.Invalid.self) { try Self.gateway(Self.attachment(Self.limit(key: key))) }
    }

    @Test func `holds nobody up who comes when all buckets belong to others, and leaves as many as it may`() throws {
        let buckets = TokenBuckets(capacity: 4, maxKeys: 8)
        for key in 1...1000 {
            let left = (0..<5).map { _ in buckets.take(hash: UInt64(key) << 1, granted: 0)?.left }
            #expect(left == [3, 2, 1, 0, nil])
        }
        #expect(buckets.count == 8)
    }

    @Test func `has few buckets for few keys, and more as keys come`() throws {
        let buckets = TokenBuckets(capacity: 1, maxKeys: 1000)
        #expect(buckets.count == 0)
        for key in Self.hashes(5) { #expect(buckets.take(hash: key, granted: 0) != nil) }
        #expect(buckets.count == 8)
        for key in Self.hashes(100) { _ = buckets.take(hash: key, granted: 0) }
        #expect((100...200).contains(buckets.count))
        // What it had is where it was.
        for key in Self.hashes(100) { #expect(buckets.take(hash: key, granted: 0) == nil) }
        for key in Self.hashes(20_000) { #expect(buckets.take(hash: ~key, granted: 0) != nil) }
        #expect((1000...2000).contains(buckets.count))
        // Those that are idle are used again.
        let again = TokenBuckets(capacity: 1, maxKeys: 1000)
        for key in 0..<1000 { #expect(again.take(hash: UInt64(key) << 1, granted: UInt64(key)) != nil) }
        #expect(again.count == 8)
    }

    @Test func `grows while many loops ask`() {
        let buckets = TokenBuckets(capacity: 1, maxKeys: 65_536)
        let hashes = Self.hashes(5_000)
        let passed = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for hash in hashes where buckets.take(hash: hash, granted: 0) != nil {
                passed.wrappingAdd(1, ordering: .relaxed)
            }
        }
        // Two loops that meet a new key at one moment may give it a word each.
        #expect((4_900...5_100).contains(passed.load(ordering: .relaxed)))
        #expect(hashes.count { buckets.take(hash: $0, granted: 0) != nil } < 100)
    }

    @Test func `of windows holds nobody up for what many others did, and remembers who has used his up`() throws {
        var limit = Self.limit(2, key: "request.headers['x-client']", maxKeys: 64)
        limit.measure = .window
        var gateway = try Self.gateway(Self.attachment(limit))
        #expect(Self.passing(3, &gateway, "X-Client: busy\r\n") == 2)
        #expect((0..<1000).allSatisfy { gateway.get("/", "X-Client: \($0)\r\n").refusal == nil })
        #expect(gateway.get("/", "X-Client: busy\r\n").refusal == .rateLimited)
    }

    /// Always the same numbers, spread as hashes are.
    private static func hashes(_ count: Int) -> [UInt64] {
        (1...UInt64(count)).map { number in
            let mixed = (number &* 0x9E37_79B9_7F4A_7C15) ^ (number &* 0x9E37_79B9_7F4A_7C15) >> 29
            return mixed &* 0xBF58_476D_1CE4_E5B9
        }
    }

    @Test func `leaves a busy client its bucket while there are idle ones`() throws {
        let buckets = TokenBuckets(capacity: 4, maxKeys: 8)
        for _ in 0..<4 { #expect(buckets.take(hash: 2, granted: 0) != nil) }
        for key in 2...8 { #expect(buckets.take(hash: UInt64(key) << 1, granted: 0) != nil) }
        // A ninth key takes one of those that have most.
        #expect(buckets.take(hash: 18, granted: 0) != nil)
        #expect(buckets.take(hash: 2, granted: 0) == nil)
    }

    @Test func `counts exactly where many loops ask at once`() {
        let buckets = TokenBuckets(capacity: 10_000, maxKeys: 1)
        let passed = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            for _ in 0..<5_000 {
                if buckets.take(hash: 1, granted: 7) != nil { passed.wrappingAdd(1, ordering: .relaxed) }
            }
        }
        #expect(passed.load(ordering: .relaxed) == 10_000)
    }

    // MARK: - What requests say themselves

    private static func stated(
        _ maxTokens: String?, _ seconds: String? = nil, isOptional: Bool = false, prefix: String? = nil
    ) -> RateLimit {
        RateLimit(
            maxTokens: 3, tokensPerFill: 3, fillInterval: .seconds(60), key: nil, maxKeys: 64, condition: nil,
            measure: .window, quota: .always, quotaPrefix: prefix,
            stated: RateLimit.Stated(
                maxTokens: maxTokens.map { Expression($0, at: here) },
                seconds: seconds.map { Expression($0, at: here) },
                isOptional: isOptional))
    }

    private static let ofHeader = "int(request.headers['x-quota'])"

    @Test func `is as large as each request says, of one count`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.stated(Self.ofHeader)))
        #expect(Self.passing(5, &gateway, "X-Quota: 2\r\n") == 2)
        #expect(Self.passing(5, &gateway, "X-Quota: 4\r\n") == 2)
        #expect(Self.passing(5, &gateway, "X-Quota: 1\r\n") == 0)
        gateway.uptime += 60 * Self.second
        #expect(Self.passing(5, &gateway, "X-Quota: 1\r\n") == 1)
    }

    @Test func `lasts as long as the first request of its window says`() throws {
        var gateway = try Self.gateway(
            Self.attachment(Self.stated(nil, "int(request.headers['x-seconds'])", prefix: "Gold")))
        #expect(Self.passing(5, &gateway, "X-Seconds: 5\r\n") == 3)
        #expect(gateway.get("/", "X-Seconds: 900\r\n").refusal == .rateLimited)
        #expect(
            gateway.refusalText.contains(
                "x-gold-ratelimit-limit: 3\r\nx-gold-ratelimit-remaining: 0\r\nx-gold-ratelimit-reset: 5\r\n"))
        gateway.uptime += 5 * Self.second
        #expect(Self.passing(5, &gateway, "X-Seconds: 900\r\n") == 3)
    }

    @Test(arguments: ["", "X-Quota: x\r\n", "X-Quota: 0\r\n", "X-Quota: -1\r\n", "X-Quota: 2.5\r\n"])
    func `lets none pass of which it can't be had, unless it is optional, and takes nothing of others`(
        _ lines: String
    ) throws {
        let first = Self.limit(2, every: .seconds(100))
        var gateway = try Self.gateway(Self.attachment(first, Self.stated(Self.ofHeader)))
        for _ in 0..<3 { #expect(gateway.get("/", lines).refusal == .rateLimitUnknown) }
        #expect(Self.passing(3, &gateway, "X-Quota: 5\r\n") == 2)
        var lenient = try Self.gateway(Self.attachment(first, Self.stated(Self.ofHeader, isOptional: true)))
        #expect(Self.passing(3, &lenient, lines) == 2)
    }

    @Test func `counts numbers beyond what it can count as the largest`() throws {
        var gateway = try Self.gateway(Self.attachment(Self.stated(Self.ofHeader, Self.ofHeader)))
        #expect(gateway.get("/", "X-Quota: 9007199254740991\r\n").refusal == nil)
        gateway.uptime += Int64(RateLimit.maxAmount - 1) * Self.second
        #expect(gateway.get("/", "X-Quota: 1\r\n").refusal == .rateLimited)
        gateway.uptime += Self.second
        #expect(gateway.get("/", "X-Quota: 1\r\n").refusal == nil)
    }

    @Test func `refuses what does not fulfil the conditions that have to hold`() throws {
        var gateway = try TestGateway(
            GatewayConfiguration(
                [.named("backend")],
                [
                    .policy(
                        .rateLimit(
                            LocalRateLimit(
                                limits: [Self.limit(1)], isFirstMatch: false,
                                required: [Expression("request.headers['x-a'] == 'b'", at: here)])), .gateway("gateway")
                    )
                ]))
        #expect(gateway.get("/").refusal == .rateLimitUnknown)
        #expect(gateway.get("/", "X-A: b\r\n").refusal == nil)
        #expect(gateway.get("/", "X-A: b\r\n").refusal == .rateLimited)
    }

    // MARK: - Reload

    @Test func `goes on counting when the configuration changes around it, and begins anew when it changes`() throws {
        var first = try Self.gateway(Self.attachment(Self.limit(2)))
        #expect(Self.passing(3, &first) == 2)
        var same = try Self.gateway(Self.attachment(Self.limit(2)), .rules([.allow("true")]), previous: first)
        #expect(Self.passing(1, &same) == 0)
        var renewed = same
        renewed.snapshot = same.snapshot.renewed(KeyMaterial())
        #expect(Self.passing(1, &renewed) == 0)
        var changed = try Self.gateway(Self.attachment(Self.limit(3)), previous: same)
        #expect(Self.passing(5, &changed) == 3)
    }
}
