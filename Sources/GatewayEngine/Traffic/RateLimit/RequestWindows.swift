internal import GatewayModel

/// Counts of requests in windows of time, each of which begins with the first request of its key: when it ends, in
/// milliseconds, in the upper 40 bits of a word, and how many there were in the lower 24.
final class RequestWindows: Sendable {
    private let words: KeyedWords

    /// One window of a key.
    struct Window {
        /// Requests that may pass, `RateLimit.maxAmount` at most.
        let limit: Int
        /// How long it is where it begins now.
        let nanoseconds: Int64
    }

    private static let countBits: UInt64 = 24
    private static let countMask: UInt64 = 1 << countBits - 1

    init(maxKeys: Int) {
        words = KeyedWords(maxKeys: maxKeys)
    }

    /// What a request has found.
    struct Count {
        let word: Int
        /// How many more may come; nil where this one was one too many.
        let left: Int?
        /// Until the window ends.
        let nanoseconds: Int64
    }

    /// - Parameter uptime: nanoseconds of a clock that is never set.
    func take(_ window: Window, hash: UInt64, uptime: Int64) -> Count {
        let limit = UInt64(min(window.limit, RateLimit.maxAmount))
        let milliseconds = UInt64(max(1, window.nanoseconds / 1_000_000))
        let now = UInt64(max(0, uptime)) / 1_000_000
        // What is over counts for nothing; then what has counted least, and of several the one that ends first.
        let word = words.index(hash) {
            $0 >> Self.countBits <= now ? 0 : ($0 & Self.countMask) << (64 - Self.countBits) | $0 >> Self.countBits
        }
        var seen = words.load(word)
        while true {
            let isOver = seen >> Self.countBits <= now
            let end = isOver ? now + milliseconds : seen >> Self.countBits
            let count = isOver ? 0 : seen & Self.countMask
            let left = Int64(end - now) * 1_000_000
            guard count < limit else { return Count(word: word, left: nil, nanoseconds: left) }
            let (isDone, found) = words.exchange(word, seen, for: end << Self.countBits | (count + 1))
            if isDone { return Count(word: word, left: Int(limit - count - 1), nanoseconds: left) }
            seen = found
        }
    }

    func giveBack(to word: Int) { words.subtractOne(word, countedBy: Self.countMask) }
}
