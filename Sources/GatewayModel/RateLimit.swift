/// How many requests may pass, by one or several buckets.
package struct LocalRateLimit: Hashable, Sendable {
    package var limits: [RateLimit]
    /// Whether of the limits only the first one counts whose condition holds; else all of them do.
    package var isFirstMatch: Bool

    package init(limits: [RateLimit], isFirstMatch: Bool) {
        self.limits = limits
        self.isFirstMatch = isFirstMatch
    }
}

/// A bucket of tokens of which each request takes one; or one bucket for each value of a key.
package struct RateLimit: Hashable, Sendable {
    /// What a bucket holds, and begins with.
    package var maxTokens: Int
    /// What comes in at the end of each interval, as far as there is room.
    package var tokensPerFill: Int
    package var fillInterval: Duration
    /// What tells buckets apart; nil: there is one for all requests.
    package var key: Expression?
    /// Buckets there are at most.
    package var maxKeys: Int
    /// Whether the limit is asked at all; nil: always.
    package var condition: Expression?

    package init(
        maxTokens: Int, tokensPerFill: Int, fillInterval: Duration, key: Expression?, maxKeys: Int,
        condition: Expression?
    ) {
        self.maxTokens = maxTokens
        self.tokensPerFill = tokensPerFill
        self.fillInterval = fillInterval
        self.key = key
        self.maxKeys = maxKeys
        self.condition = condition
    }
}
