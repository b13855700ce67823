import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Synchronization
import Testing

/// One issuer, or several, whose keys can be fetched.
private struct Fixture {
    final class Wakes: Sendable {
        let count = Atomic<Int>(0)
    }

    let wakes = Wakes()
    let refresh: KeyRefresh
    var gateway: TestGateway

    init(_ presence: Presence = .strict, jwks: String = Tokens.key.verificationJWKS.text) throws {
        let refresh = KeyRefresh { [wakes] in wakes.count.add(1, ordering: .relaxed) }
        self.refresh = refresh
        let issuer = Issuer.test(jwks: jwks)
        gateway = try TestGateway(
            GatewayConfiguration([.named("backend")], [.jwt(.test(presence, issuers: [issuer]))]),
            refreshes: [issuer.keySources[0]: refresh])
    }

    var wakeCount: Int { wakes.count.load(ordering: .relaxed) }

    /// A token of the issuer under a key that it does not have.
    static func forged(_ kid: String) throws -> [UInt8] {
        let key = try SigningKey.generate(.es256, kid: kid)
        return try Tokens.token(key: key)
    }

    mutating func ask(_ kid: String, at seconds: Int64 = 0) throws -> TestGateway.Answer {
        gateway.get(token: try Self.forged(kid), now: Tokens.now + seconds)
    }

    func fetch(isComplete: Bool = true, nextAllowedAt seconds: Int64) {
        refresh.began()
        refresh.settled(isComplete: isComplete, nextAllowedAt: Tokens.now + seconds)
    }
}

@Suite struct `A token whose key is missing` {
    @Test func `asks for one fetch, and may wait for it`() throws {
        var fixture = try Fixture()
        let answer = try fixture.ask("two")
        #expect(answer.refusal == .keyUnknown)
        #expect(answer.mayWaitForKeys)
        #expect(fixture.wakeCount == 1)
        #expect(fixture.refresh.isWanted)
        #expect(try fixture.ask("three").mayWaitForKeys)
        #expect(try fixture.ask("two").mayWaitForKeys)
        #expect(fixture.wakeCount == 1)
    }

    @Test func `may wait for a fetch that runs, and asks for no other`() throws {
        var fixture = try Fixture()
        fixture.refresh.began()
        #expect(try fixture.ask("two").mayWaitForKeys)
        #expect(fixture.wakeCount == 0)
        fixture.refresh.settled(isComplete: true, nextAllowedAt: Tokens.now)
        #expect(!fixture.refresh.isWanted)
        // That fetch may have begun before the key was there.
        #expect(try fixture.ask("two").mayWaitForKeys)
        #expect(fixture.wakeCount == 1)
    }

    @Test func `asks for no fetch after one that did not bring its key, for a minute`() throws {
        var fixture = try Fixture()
        _ = try fixture.ask("two")
        fixture.fetch(nextAllowedAt: 10)
        for second: Int64 in [0, 1, 10, 59] {
            let answer = try fixture.ask("two", at: second)
            #expect(answer.refusal == .keyUnknown)
            #expect(!answer.mayWaitForKeys)
        }
        #expect(fixture.wakeCount == 1)
        #expect(try fixture.ask("two", at: 60).mayWaitForKeys)
        #expect(fixture.wakeCount == 2)
    }

    @Test func `does not wait for a fetch that the minimum interval puts off`() throws {
        var fixture = try Fixture()
        _ = try fixture.ask("two")
        fixture.fetch(nextAllowedAt: 10)
        #expect(try !fixture.ask("three", at: 9).mayWaitForKeys)
        #expect(fixture.wakeCount == 2)
        #expect(try fixture.ask("four", at: 10).mayWaitForKeys)
        #expect(fixture.wakeCount == 2)
    }

    @Test func `asks again after a fetch that failed`() throws {
        var fixture = try Fixture()
        _ = try fixture.ask("two")
        fixture.fetch(isComplete: false, nextAllowedAt: 0)
        #expect(try fixture.ask("two").mayWaitForKeys)
        #expect(fixture.wakeCount == 2)
    }

    @Test func `asks where there are no keys at all`() throws {
        var fixture = try Fixture(jwks: #"{"keys":[]}"#)
        let answer = fixture.gateway.get(token: try Tokens.token())
        #expect(answer.refusal == .keysUnavailable)
        #expect(answer.mayWaitForKeys)
        #expect(fixture.wakeCount == 1)
    }

    @Test func `asks where it names none and no key fits`() throws {
        var fixture = try Fixture()
        let token = try Self.token(header: Array(#"{"alg":"ES256"}"#.utf8))
        #expect(fixture.gateway.get(token: token).refusal == .signatureInvalid)
        #expect(fixture.wakeCount == 1)
    }

    @Test func `asks in permissive mode too, and passes`() throws {
        var fixture = try Fixture(.permissive)
        #expect(try fixture.ask("two").refusal == nil)
        #expect(fixture.wakeCount == 1)
    }

    @Test func `costs one fetch, however many there are`() throws {
        var fixture = try Fixture()
        for number in 0..<10_000 {
            // The key's name is all that differs, and nothing is signed.
            let name = Array("{\"alg\":\"ES256\",\"kid\":\"\(number)\"}".utf8)
            let token = try Self.token(header: name)
            #expect(fixture.gateway.get(token: token).refusal == .keyUnknown)
        }
        #expect(fixture.wakeCount == 1)
    }

    private static func token(header: [UInt8]) throws -> [UInt8] {
        let parts = try Tokens.token().split(separator: UInt8(ascii: "."))
        return Base64URL.encode(header.span) + [UInt8(ascii: ".")] + parts[1] + [UInt8(ascii: ".")] + parts[2]
    }
}

@Suite struct `No fetch is asked for by` {
    @Test func `a token with a bad signature under a known key`() throws {
        var fixture = try Fixture()
        #expect(fixture.gateway.get(token: try Tokens.token(key: Tokens.stranger)).refusal == .signatureInvalid)
        #expect(fixture.wakeCount == 0)
    }

    @Test func `a token of another issuer, an expired one, or one of another algorithm`() throws {
        var fixture = try Fixture()
        let other = try Tokens.token(["iss": #""https://other.test""#], key: SigningKey.generate(.es256, kid: "two"))
        #expect(fixture.gateway.get(token: other).refusal == .issuerUnknown)
        #expect(fixture.gateway.get(token: try Tokens.token(["exp": "1"])).refusal == .tokenExpired)
        let secret = fixture.gateway.get(token: try Tokens.token(key: Tokens.secret))
        #expect(secret.refusal == .tokenAlgorithm)
        #expect(!secret.mayWaitForKeys)
        #expect(fixture.wakeCount == 0)
    }

    @Test func `a token of one provider at another one`() throws {
        let wakes = Fixture.Wakes()
        let refresh = KeyRefresh { wakes.count.add(1, ordering: .relaxed) }
        let fetched = Issuer.test(names: ["https://fetched.test"])
        let fixed = Issuer.test(jwks: Tokens.stranger.verificationJWKS.text)
        var gateway = try TestGateway(
            GatewayConfiguration([.named("backend")], [.jwt(.test(issuers: [fixed, fetched]))]),
            refreshes: [fetched.keySources[0]: refresh])
        #expect(gateway.get(token: try Fixture.forged("two")).refusal == .keyUnknown)
        #expect(wakes.count.load(ordering: .relaxed) == 0)
        let token = try Tokens.token(
            ["iss": #""https://fetched.test""#], key: SigningKey.generate(.es256, kid: "two"))
        #expect(gateway.get(token: token).refusal == .keyUnknown)
        #expect(wakes.count.load(ordering: .relaxed) == 1)
    }
}

@Suite struct `Waiting for a fetch of keys` {
    @Test func `ends once, when its outcome is served`() {
        let refresh = KeyRefresh {}
        let resumed = Fixture.Wakes()
        refresh.began()
        for _ in 0..<3 { #expect(refresh.whenSettled { resumed.count.add(1, ordering: .relaxed) }) }
        #expect(resumed.count.load(ordering: .relaxed) == 0)
        refresh.settled(isComplete: true, nextAllowedAt: 0)
        #expect(resumed.count.load(ordering: .relaxed) == 3)
        refresh.began()
        refresh.settled(isComplete: true, nextAllowedAt: 0)
        #expect(resumed.count.load(ordering: .relaxed) == 3)
    }

    @Test func `is not possible where none runs, or too many wait`() {
        let refresh = KeyRefresh {}
        #expect(!refresh.whenSettled {})
        refresh.began()
        for _ in 0..<KeyRefresh.maxWaiters { #expect(refresh.whenSettled {}) }
        #expect(!refresh.whenSettled {})
        refresh.settled(isComplete: false, nextAllowedAt: 0)
        #expect(!refresh.whenSettled {})
    }
}

@Suite struct `New keys of one issuer` {
    @Test func `leave what was verified for another one in the cache`() throws {
        func configuration(_ fetched: String) -> GatewayConfiguration {
            let other = Issuer.test(names: ["https://fetched.test"], jwks: fetched)
            return GatewayConfiguration(
                [.named("one"), .named("two", .segmentPrefix("/two"))],
                [
                    .jwt(.test(), .route(RouteID("one"))),
                    .jwt(.test(issuers: [other]), .route(RouteID("two"))),
                ])
        }
        var before = try TestGateway(configuration(Tokens.key.verificationJWKS.text))
        let (mine, theirs) = (try Tokens.token(), try Tokens.token(["iss": #""https://fetched.test""#]))
        #expect(before.get("/", token: mine).subject == "alice")
        #expect(before.get("/two", token: theirs).subject == "alice")

        let next = try SigningKey.generate(.es256, kid: "two")
        var after = try TestGateway(configuration(next.verificationJWKS.text))
        after.cache = before.cache
        let hits = after.cache.hits
        #expect(after.get("/", token: mine).subject == "alice")
        #expect(after.cache.hits == hits + 1)
        // The key is gone, and with it what it verified.
        #expect(after.get("/two", token: theirs).refusal == .keyUnknown)
    }

    @Test func `leave what was verified for another provider of the same policy in the cache`() throws {
        func policy(_ fetched: String) -> JWTAuthentication {
            .test(issuers: [.test(names: ["https://fetched.test"], jwks: fetched), .test()])
        }
        var before = try TestGateway(policy(Tokens.key.verificationJWKS.text))
        let (mine, theirs) = (try Tokens.token(), try Tokens.token(["iss": #""https://fetched.test""#]))
        #expect(before.get(token: mine).subject == "alice")
        #expect(before.get(token: theirs).subject == "alice")
        #expect(before.cache.misses == 2)

        var after = try TestGateway(policy(try SigningKey.generate(.es256, kid: "two").verificationJWKS.text))
        after.cache = before.cache
        #expect(after.get(token: mine).subject == "alice")
        #expect(after.cache.hits == before.cache.hits + 1)
        #expect(after.get(token: theirs).refusal == .keyUnknown)
    }
}
