internal import CEL
internal import GatewayModel

/// Compiled limits, so that places share them.
struct RateLimitCompiler {
    /// By index of the attachment.
    var stages: [Int: RateLimitStage] = [:]
    /// Those of the snapshot before, which go on counting.
    let previous: [RateLimiter.Identity: RateLimiter]
    private(set) var limiters: [RateLimiter.Identity: RateLimiter] = [:]

    init(previous: [RateLimiter.Identity: RateLimiter]) {
        self.previous = previous
    }

    mutating func limiter(_ identity: RateLimiter.Identity, _ limit: RateLimit) -> RateLimiter {
        let limiter = limiters[identity] ?? previous[identity] ?? RateLimiter(limit)
        limiters[identity] = limiter
        return limiter
    }
}

extension Compiler {
    mutating func rateLimitStage(_ index: Int) -> RateLimitStage? {
        if let known = rateLimits.stages[index] { return known }
        let attachment = configuration.attachments[index]
        guard case .rateLimit(let policy) = attachment.policy else { return nil }
        let limits = policy.limits.enumerated().map { number, limit in
            RateLimitStage.Limit(
                limiter: rateLimits.limiter(RateLimiter.Identity(attachment.scope, number, limit), limit),
                key: limit.key.flatMap { program($0, of: .string, "the key of a limit must be a text") },
                condition: limit.condition.flatMap { program($0, of: .bool, "a condition must be true or false") },
                quota: limit.quota, answer: limit.answer)
        }
        let stage = RateLimitStage(limits, isFirstMatch: policy.isFirstMatch)
        rateLimits.stages[index] = stage
        return stage
    }
}
