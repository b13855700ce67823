internal import CEL
internal import GatewayModel

/// Compiled limits, so that places share them.
struct RateLimitCompiler {
    /// By index of the attachment.
    var stages: [Int: Compiler.Shared<RateLimitStage>] = [:]
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
        let attachment = configuration.attachments[index]
        guard case .rateLimit(let policy) = attachment.policy else { return nil }
        return shared(\.rateLimits.stages, index) { compiler in
            let limits = policy.limits.enumerated().map { number, limit in
                compiler.compiled(limit, RateLimiter.Identity(attachment.scope, number, limit))
            }
            return RateLimitStage(
                limits, isFirstMatch: policy.isFirstMatch,
                required: policy.required.compactMap { compiler.condition($0) })
        }
    }

    private mutating func compiled(_ limit: RateLimit, _ identity: RateLimiter.Identity) -> RateLimitStage.Limit {
        RateLimitStage.Limit(
            limiter: rateLimits.limiter(identity, limit),
            key: limit.key.flatMap { program($0, of: .string, "the key of a limit must be a text", at: .limit) },
            condition: limit.condition.flatMap { condition($0) }, stated: limit.stated.map { stated($0) },
            quota: limit.quota, quotaNames: RateLimitStage.Limit.quotaNames(limit.quotaPrefix), answer: limit.answer)
    }

    private mutating func condition(_ expression: Expression) -> CELProgram? {
        program(expression, of: .bool, "a condition must be true or false", at: .limit)
    }

    private mutating func stated(_ stated: RateLimit.Stated) -> StatedWindow {
        StatedWindow(
            maxTokens: stated.maxTokens.flatMap { amount($0) }, seconds: stated.seconds.flatMap { amount($0) },
            isOptional: stated.isOptional)
    }

    private mutating func amount(_ expression: Expression) -> CELProgram? {
        program(expression, of: .int, "an amount must be a whole number", at: .limit)
    }
}
