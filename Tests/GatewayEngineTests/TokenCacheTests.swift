import Bytes
import GatewayEngine
import GatewayModel
import JOSE
import Testing

@Suite struct `The token cache of a gateway` {
    @Test func `answers the second time`() throws {
        var gateway = try TestGateway(.test())
        let token = try Tokens.token()
        for _ in 0..<3 { #expect(gateway.get(token: token).subject == "alice") }
        #expect(gateway.cache.count == 1)
        #expect(gateway.cache.hits == 2)
        #expect(gateway.cache.misses == 1)
    }

    @Test func `looks at the clock on every hit`() throws {
        var gateway = try TestGateway(.test())
        let token = try Tokens.token(["nbf": "\(Tokens.now - 10)"])
        #expect(gateway.get(token: token).subject == "alice")
        #expect(gateway.get(token: token, now: Tokens.now + 599).subject == "alice")
        #expect(gateway.get(token: token, now: Tokens.now + 600).refusal == .tokenExpired)
        #expect(gateway.get(token: token, now: Tokens.now - 11).refusal == .tokenNotYetValid)
        #expect(gateway.get(token: token).subject == "alice")
    }

    @Test func `does not answer for another byte of the token`() throws {
        var gateway = try TestGateway(.test())
        let token = try Tokens.token()
        #expect(gateway.get(token: token).subject == "alice")
        for index in token.indices {
            var changed = token
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            #expect(gateway.get(token: changed).refusal != nil, "byte \(index)")
        }
        #expect(gateway.get(token: Array(token.dropLast())).refusal != nil)
        #expect(gateway.get(token: token + Array("A".utf8)).refusal != nil)
    }

    @Test func `does not answer for other rules or keys`() throws {
        let token = try Tokens.token()
        var cache = TokenCache(maxBytes: 1 << 20)
        func ask(_ policy: JWTAuthentication) throws -> TestGateway.Answer {
            var gateway = try TestGateway(policy)
            gateway.cache = cache
            defer { cache = gateway.cache }
            return gateway.get(token: token)
        }
        #expect(try ask(.test()).subject == "alice")
        #expect(cache.count == 1)
        #expect(try ask(.test(issuers: [.test(audiences: ["web"])])).refusal == .audienceMismatch)
        #expect(try ask(.test(issuers: [.test(names: ["https://other.test"])])).refusal == .issuerUnknown)
        let rotated = Tokens.stranger.verificationJWKS.text
        #expect(try ask(.test(issuers: [.test(jwks: rotated)])).refusal == .signatureInvalid)
        #expect(try ask(.test(issuers: [.test(algorithms: ["ES384"])])).refusal == .tokenAlgorithm)
        // What does not decide a verdict empties nothing: presence, places, another compilation.
        let hits = cache.hits
        #expect(try ask(.test(.permissive, forwardsToken: true)).subject == "alice")
        #expect(try ask(.test()).subject == "alice")
        #expect(cache.hits == hits + 2)
    }

    @Test func `of no bytes keeps nothing`() throws {
        var gateway = try TestGateway(.test())
        gateway.cache = TokenCache(maxBytes: 0)
        let token = try Tokens.token()
        for _ in 0..<2 { #expect(gateway.get(token: token).subject == "alice") }
        #expect(gateway.cache.count == 0)
    }
}

@Suite struct `The token cache` {
    /// Identities of different rules, and verified tokens of them.
    private struct World {
        let identities: [VerificationIdentity]
        let verified: [VerifiedToken]
        let tokens: [[UInt8]]

        init(tokens count: Int, identities: Int) throws {
            let key = Tokens.secret
            let options = KeyImportOptions(allowWeak: false, admitsSecrets: true)
            let keys = KeyImport(key.verificationJWKS, options: options).keySet
            let verifiers = (0..<identities).map { index in
                TokenVerifier(providers: [
                    (
                        IssuerRules(
                            issuers: [], audiences: [], algorithms: AlgorithmSet([.hs256]), requiredClaims: [],
                            clockSkewSeconds: Int64(index), maxLifetimeSeconds: nil, type: .any, subjects: [],
                            requiredScopes: [], claims: [], maxTokenBytes: 8192, refusesFutureIssuedAt: false,
                            allowsUnprovenBinding: false), [keys]
                    )
                ])
            }
            self.identities = verifiers.map { $0.firstIdentity }
            tokens = try (0..<count).map { index in
                try key.token(claims: "{\"sub\":\"\(String(repeating: "x", count: index % 97))\(index)\"}")
            }
            verified = try tokens.map { try verifiers[0].verify($0.span, now: 0) }
        }
    }

    private struct Name: Hashable {
        var token: Int
        var identity: Int
    }

    @Test func `agrees with a dictionary while nothing is evicted`() throws {
        let world = try World(tokens: 400, identities: 3)
        var cache = TokenCache(maxBytes: 64 << 20)
        var model: [Name: VerifiedToken] = [:]
        var generator = Random(seed: 42)
        for _ in 0..<20_000 {
            let name = Name(
                token: .random(in: 0..<400, using: &generator), identity: .random(in: 0..<3, using: &generator))
            let found = cache.find(world.tokens[name.token], world.identities[name.identity])
            #expect(found === model[name])
            guard found == nil else { continue }
            let verified = world.verified[.random(in: 0..<400, using: &generator)]
            cache.insert(world.tokens[name.token], world.identities[name.identity], verified)
            model[name] = verified
        }
        #expect(cache.count == model.count)
        #expect(cache.evictions == 0)
        cache.removeAll()
        #expect(cache.count == 0)
        #expect(cache.byteCount == 0)
        #expect(cache.find(world.tokens[0], world.identities[0]) == nil)
    }

    @Test(arguments: [4_000, 20_000, 60_000, 200_000])
    func `never answers wrongly and never holds more than its bytes while it evicts`(_ maxBytes: Int) throws {
        let world = try World(tokens: 300, identities: 2)
        var cache = TokenCache(maxBytes: maxBytes)
        var model: [Name: VerifiedToken] = [:]
        var generator = Random(seed: UInt64(maxBytes))
        for step in 0..<20_000 {
            // A few tokens are asked for most of the time.
            let token =
                Bool.random(using: &generator)
                ? Int.random(in: 0..<10, using: &generator) : .random(in: 0..<300, using: &generator)
            let name = Name(token: token, identity: .random(in: 0..<2, using: &generator))
            if let found = cache.find(world.tokens[token], world.identities[name.identity]) {
                #expect(found === model[name])
            } else {
                cache.insert(world.tokens[token], world.identities[name.identity], world.verified[token])
                model[name] = world.verified[token]
            }
            #expect(cache.byteCount <= maxBytes)
            if step % 4000 == 0 {
                // Every entry that is counted can be found, and none twice.
                var probe = cache
                let present = model.keys.count {
                    probe.find(world.tokens[$0.token], world.identities[$0.identity]) != nil
                }
                #expect(present == cache.count)
            }
        }
        #expect(cache.evictions > 0)
        #expect(cache.count > 0)
    }

    @Test func `spares what is in use`() throws {
        let world = try World(tokens: 300, identities: 1)
        var cache = TokenCache(maxBytes: 20_000)
        var hot = 0
        for index in 1..<300 {
            if cache.find(world.tokens[0], world.identities[0]) == nil {
                cache.insert(world.tokens[0], world.identities[0], world.verified[0])
                hot += 1
            }
            _ = cache.find(world.tokens[index], world.identities[0])
            cache.insert(world.tokens[index], world.identities[0], world.verified[index])
        }
        #expect(cache.evictions > 100)
        #expect(hot < 5)
    }

    @Test func `keeps nothing that would take a quarter of it`() throws {
        let world = try World(tokens: 1, identities: 1)
        var cache = TokenCache(maxBytes: 1000)
        cache.insert(world.tokens[0], world.identities[0], world.verified[0])
        #expect(cache.count == 0)
    }
}

extension TokenCache {
    fileprivate mutating func find(_ token: [UInt8], _ identity: VerificationIdentity) -> VerifiedToken? {
        find(token.span, identity, [])
    }

    fileprivate mutating func insert(_ token: [UInt8], _ identity: VerificationIdentity, _ verified: VerifiedToken) {
        insert(token.span, identity, verified)
    }
}

/// A reproducible source of random numbers.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
