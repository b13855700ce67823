/// How many requests may pass, by one or several buckets.
package struct LocalRateLimit: Hashable, Sendable {
    package var limits: [RateLimit]
    /// Whether of the limits only the first one counts whose condition holds; else all of them do.
    package var isFirstMatch: Bool
    /// Conditions that a request has to fulfil, lest it be refused as one for which no limit is known.
    package var required: [Expression]

    package init(limits: [RateLimit], isFirstMatch: Bool, required: [Expression] = []) {
        self.limits = limits
        self.isFirstMatch = isFirstMatch
        self.required = required
    }
}

/// A bucket of tokens of which each request takes one; or one bucket for each value of a key.
package struct RateLimit: Hashable, Sendable {
    package enum Measure: String, Hashable, Sendable {
        /// Tokens come in at the end of each interval, counted from the first request of all.
        case bucket
        /// Each key's interval begins with its first request; when it is over, another one begins with the next.
        case window
    }

    /// When clients are told what they have left (`X-RateLimit-*`).
    package enum Quota: String, Hashable, Sendable {
        case never, whenRefused, always
    }

    /// What each request says of its window itself. Numbers above `maxAmount` count as that.
    package struct Stated: Hashable, Sendable {
        /// How many requests may pass, a whole number above zero; nil: `maxTokens`.
        package var maxTokens: Expression?
        /// How long a window is that begins now, in whole seconds above zero; nil: `fillInterval`.
        package var seconds: Expression?
        /// Whether the limit is left out for requests of which either can't be had; else they are refused.
        package var isOptional: Bool

        package init(maxTokens: Expression?, seconds: Expression?, isOptional: Bool) {
            self.maxTokens = maxTokens
            self.seconds = seconds
            self.isOptional = isOptional
        }
    }

    /// What a window counts, and seconds that it lasts, at most.
    package static let maxAmount = 1 << 24 - 1

    /// Keys that are told apart at least, unless a limit says otherwise.
    package static let defaultMaxKeys = 65536

    /// What a bucket holds, and begins with.
    package var maxTokens: Int
    /// What comes in at the end of each interval, as far as there is room.
    package var tokensPerFill: Int
    package var fillInterval: Duration
    /// What tells buckets apart; nil: there is one for all requests.
    package var key: Expression?
    /// Keys that are told apart before one takes the place of another.
    package var maxKeys: Int
    /// Whether the limit is asked at all; nil: always.
    package var condition: Expression?
    package var measure: Measure
    /// Limits of one group count together where they are alike; nil: each counts where it is attached.
    package var group: String?
    package var quota: Quota
    /// Stands in the names of these headers: `X-` and then this and a hyphen; nil: nothing does.
    package var quotaPrefix: String?
    /// Of windows alone; nil: all requests have the same.
    package var stated: Stated?
    /// What a request that is refused is answered; nil: as the table says.
    package var answer: AuthorizationRule.Answer?

    package init(
        maxTokens: Int, tokensPerFill: Int, fillInterval: Duration, key: Expression?, maxKeys: Int,
        condition: Expression?, measure: Measure = .bucket, group: String? = nil, quota: Quota = .whenRefused,
        quotaPrefix: String? = nil, stated: Stated? = nil, answer: AuthorizationRule.Answer? = nil
    ) {
        self.quotaPrefix = quotaPrefix
        self.stated = stated
        self.measure = measure
        self.group = group
        self.quota = quota
        self.answer = answer
        self.maxTokens = maxTokens
        self.tokensPerFill = tokensPerFill
        self.fillInterval = fillInterval
        self.key = key
        self.maxKeys = maxKeys
        self.condition = condition
    }
}
