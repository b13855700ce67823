import Benchmark
import Bytes
import GatewayEngine
import JOSE

/// Finding a token, verifying it, finding it again.
func tokenStages() {
    stage("extract.authorization") { benchmark in
        var worker = Worker(Sample.snapshot([.jwt(Sample.policy())]), Sample.request(token: Sample.token()))
        defer { worker.end() }
        guard let authenticator = worker.snapshot.binds[0].listeners[0].unroutedPolicy.jwtAuthentication else {
            preconditionFailure("the benchmark's policy is not there")
        }
        let head = worker.parse()
        let bytes = worker.bytes
        let bind = worker.snapshot.binds[0]
        let setting = RequestSetting(head: head, connection: worker.connection, bind: bind, now: Tokens.now, uptime: 0)
        benchmark.measure {
            (try? TokenExtraction.find(
                authenticator.locations, &worker.scratch, bytes.span, setting, bind.listeners[0]))?.range
        }
    }
    cacheStage("cache.hit.one-token", tokens: 1)
    cacheStage("cache.hit.10000-tokens", tokens: 10_000)
    for (name, key) in Sample.keys {
        stage("verify.\(name)") { benchmark in
            let verifier = TokenSample.verifier(key)
            let token = Sample.token(key)
            benchmark.measure { try? verifier.verify(token.span, now: Tokens.now) }
        }
    }
}

private func cacheStage(_ name: String, tokens count: Int) {
    stage(name) { benchmark in
        let sample = TokenSample.verified
        var cache = TokenCache(maxBytes: 64 << 20)
        for index in 0..<count {
            let token = sample.tokens[index]
            cache.insert(token.span, sample.identity, sample.verified[index])
        }
        var next = 0
        benchmark.measure {
            next = (next + 1) % count
            let token = sample.tokens[next]
            guard let found = cache.find(token.span, sample.identity, []) else {
                preconditionFailure("a token of the benchmark is not in the cache")
            }
            try? found.checkTime(now: Tokens.now)
            return found
        }
    }
}

private struct TokenSample {
    let tokens: [[UInt8]]
    let verified: [VerifiedToken]
    let identity: VerificationIdentity

    /// 10,000 tokens, signed by HS256 because that is quick; the payload makes up most of them.
    static let verified: TokenSample = {
        let key = Sample.keys[Sample.keys.count - 1].key
        let verifier = Self.verifier(key)
        let tokens = (0..<10_000).map { Sample.token(key, number: $0) }
        let verified = tokens.compactMap { try? verifier.verify($0.span, now: Tokens.now) }
        precondition(verified.count == tokens.count, "a token of the benchmark is refused")
        return TokenSample(tokens: tokens, verified: verified, identity: verifier.firstIdentity)
    }()

    static func verifier(_ key: SigningKey) -> TokenVerifier {
        let snapshot = Sample.snapshot([.jwt(Sample.policy(key))])
        guard let authenticator = snapshot.binds[0].listeners[0].unroutedPolicy.jwtAuthentication else {
            preconditionFailure("the benchmark's policy is not there")
        }
        return authenticator.verifier
    }
}
