/// When a request goes to its upstream once more.
package struct RetryPolicy: Equatable, Sendable {
    /// How often, at most, after the first time.
    package var retries: Int
    /// From a failure to the next attempt.
    package var backoff: Duration
    /// Statuses of answers that count as failures.
    package var codes: [Int]
    /// Methods beside the idempotent ones whose requests may have been carried out already.
    package var methods: [String]
    /// No attempt begins later than that after the first one; nil: no bound.
    package var within: Duration?

    package init(retries: Int, backoff: Duration, codes: [Int], methods: [String], within: Duration? = nil) {
        self.within = within
        self.retries = retries
        self.backoff = backoff
        self.codes = codes
        self.methods = methods
    }
}
