internal import Bytes
internal import GatewayModel
internal import Synchronization

/// The buckets of one limit and the clock that fills them. It outlives a snapshot: where the next one has the same
/// limit at the same place, it goes on with the same counts.
package final class RateLimiter: Sendable {
    /// What makes a limit of one configuration that of another one.
    struct Identity: Hashable {
        /// What counts together.
        enum Owner: Hashable {
            case place(Attachment.Scope)
            case group(String)
        }

        let owner: Owner
        /// Its place among the limits of its policy; of a group's always 0.
        let index: Int
        /// With the expressions as text, wherever they stand, and what refused requests are told.
        let rule: [String]

        init(_ scope: Attachment.Scope, _ index: Int, _ limit: RateLimit) {
            owner = limit.group.map { .group($0) } ?? .place(scope)
            self.index = limit.group == nil ? index : 0
            var rule = [
                "\(limit.maxTokens) \(limit.tokensPerFill) \(limit.fillInterval) \(limit.maxKeys) \(limit.measure)",
                limit.key?.text ?? "", limit.condition?.text ?? "",
                "\(limit.quota) \(limit.answer?.status ?? 0) \(limit.answer?.message ?? "")",
                limit.quotaPrefix ?? "",
            ]
            if let stated = limit.stated {
                rule += [stated.maxTokens?.text ?? "", stated.seconds?.text ?? "", "\(stated.isOptional)"]
            }
            self.rule = rule
        }
    }

    private enum Counters {
        case buckets(TokenBuckets, tokensPerFill: UInt64)
        case windows(RequestWindows)
    }

    let capacity: Int
    let intervalNanoseconds: Int64
    private let counters: Counters
    private let hash = KeyedHash.random()
    /// Uptime of the first request, from which intervals are counted; `Int64.min` before there is one.
    private let begin = Atomic<Int64>(.min)

    init(_ limit: RateLimit) {
        capacity = limit.maxTokens
        intervalNanoseconds = limit.fillInterval.nanoseconds
        let maxKeys = limit.key == nil ? 1 : limit.maxKeys
        switch limit.measure {
        case .bucket:
            counters = .buckets(
                TokenBuckets(capacity: UInt64(limit.maxTokens), maxKeys: maxKeys),
                tokensPerFill: UInt64(limit.tokensPerFill))
        case .window:
            counters = .windows(RequestWindows(maxKeys: maxKeys))
        }
    }

    /// What it counts, in the words of the configuration.
    func describe(to object: inout JSONObjectWriter) {
        object.add("maxTokens", Int64(capacity))
        if case .buckets(_, let tokensPerFill) = counters { object.add("tokensPerFill", Int64(tokensPerFill)) }
        object.add("fillIntervalMilliseconds", intervalNanoseconds / 1_000_000)
    }

    enum Outcome: Equatable {
        /// A token was taken from that bucket.
        case taken(Int, Left)
        /// There is none before so many nanoseconds have passed.
        case empty(Int64)
    }

    /// What is left: tokens, until so many nanoseconds have passed.
    struct Left: Equatable {
        let tokens: Int
        let nanoseconds: Int64
    }

    /// - Parameters:
    ///   - key: what tells buckets apart; empty where there is nothing.
    ///   - uptime: nanoseconds of a clock that is never set. Loops read it at different times, so that it may go back
    ///     by little: then the request finds what was there.
    ///   - window: what the request says of its window itself; nil: it is the same for all.
    func take(_ key: Span<UInt8>, uptime: Int64, in window: RequestWindows.Window? = nil) -> Outcome {
        switch counters {
        case .buckets(let buckets, let tokensPerFill):
            let elapsed = max(0, uptime - beginning(uptime))
            let granted = UInt64(elapsed / intervalNanoseconds) &* tokensPerFill
            let wait = intervalNanoseconds - elapsed % intervalNanoseconds
            guard let bucket = buckets.take(hash: hash(key), granted: granted) else { return .empty(wait) }
            return .taken(bucket.index, Left(tokens: bucket.left, nanoseconds: wait))
        case .windows(let windows):
            let window = window ?? RequestWindows.Window(limit: capacity, nanoseconds: intervalNanoseconds)
            let count = windows.take(window, hash: hash(key), uptime: uptime)
            guard let left = count.left else { return .empty(count.nanoseconds) }
            return .taken(count.word, Left(tokens: left, nanoseconds: count.nanoseconds))
        }
    }

    func giveBack(to bucket: Int) {
        switch counters {
        case .buckets(let buckets, _): buckets.giveBack(to: bucket)
        case .windows(let windows): windows.giveBack(to: bucket)
        }
    }

    private func beginning(_ uptime: Int64) -> Int64 {
        let begin = begin.load(ordering: .relaxed)
        if begin != .min { return begin }
        let (isFirst, other) = self.begin.compareExchange(expected: .min, desired: uptime, ordering: .relaxed)
        return isFirst ? uptime : other
    }
}
