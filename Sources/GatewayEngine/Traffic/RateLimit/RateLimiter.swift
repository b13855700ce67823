internal import Bytes
internal import GatewayModel
internal import Synchronization

/// The buckets of one limit and the clock that fills them. It outlives a snapshot: where the next one has the same
/// limit at the same place, it goes on with the same counts.
package final class RateLimiter: Sendable {
    /// What makes a limit of one configuration that of another one.
    struct Identity: Hashable {
        let scope: Attachment.Scope
        /// Its place among the limits of its policy.
        let index: Int
        /// With the expressions as text, wherever they stand.
        let rule: [String]

        init(_ scope: Attachment.Scope, _ index: Int, _ limit: RateLimit) {
            self.scope = scope
            self.index = index
            rule = [
                "\(limit.maxTokens) \(limit.tokensPerFill) \(limit.fillInterval) \(limit.maxKeys)",
                limit.key?.text ?? "", limit.condition?.text ?? "",
            ]
        }
    }

    let capacity: Int
    private let tokensPerFill: UInt64
    private let intervalNanoseconds: Int64
    private let buckets: TokenBuckets
    private let hash = KeyedHash.random()
    /// Uptime of the first request, from which intervals are counted; `Int64.min` before there is one.
    private let begin = Atomic<Int64>(.min)

    init(_ limit: RateLimit) {
        capacity = limit.maxTokens
        tokensPerFill = UInt64(limit.tokensPerFill)
        intervalNanoseconds = limit.fillInterval.nanoseconds
        buckets = TokenBuckets(capacity: UInt64(limit.maxTokens), maxKeys: limit.key == nil ? 1 : limit.maxKeys)
    }

    enum Outcome: Equatable {
        /// A token was taken from that bucket.
        case taken(Int)
        /// There is none before so many nanoseconds have passed.
        case empty(Int64)
    }

    /// - Parameters:
    ///   - key: what tells buckets apart; empty where there is nothing.
    ///   - uptime: nanoseconds of a clock that is never set. Loops read it at different times, so that it may go back
    ///     by little: then the request finds what was there.
    func take(_ key: Span<UInt8>, uptime: Int64) -> Outcome {
        let elapsed = max(0, uptime - beginning(uptime))
        let granted = UInt64(elapsed / intervalNanoseconds) &* tokensPerFill
        guard let bucket = buckets.take(hash: hash(key), granted: granted) else {
            return .empty(intervalNanoseconds - elapsed % intervalNanoseconds)
        }
        return .taken(bucket)
    }

    func giveBack(to bucket: Int) { buckets.giveBack(to: bucket) }

    private func beginning(_ uptime: Int64) -> Int64 {
        let begin = begin.load(ordering: .relaxed)
        if begin != .min { return begin }
        let (isFirst, other) = self.begin.compareExchange(expected: .min, desired: uptime, ordering: .relaxed)
        return isFirst ? uptime : other
    }
}
