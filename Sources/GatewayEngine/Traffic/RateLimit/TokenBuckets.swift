/// Buckets of tokens, one word each.
///
/// A word counts the tokens that were taken since the clock began; in the same measure the clock counts those that
/// have come in. What is between the two is what a bucket lacks, so that one that has not been asked for a while is
/// full without anyone having filled it (the generic cell rate algorithm, in tokens rather than in time).
package final class TokenBuckets: Sendable {
    private let taken: KeyedWords
    private let capacity: UInt64

    /// - Parameters:
    ///   - capacity: tokens that a bucket holds.
    ///   - maxKeys: as many buckets can be had at least; one for a limit without a key.
    package init(capacity: UInt64, maxKeys: Int) {
        self.capacity = capacity
        taken = KeyedWords(maxKeys: maxKeys)
    }

    /// Buckets there are so far.
    package var count: Int { taken.count }

    /// Takes a token.
    ///
    /// - Parameter granted: the tokens that have come in so far, by the clock.
    /// - Returns: the bucket, and how many tokens are left in it; nil where it is empty.
    package func take(hash: UInt64, granted: UInt64) -> (index: Int, left: Int)? {
        let bucket = taken.index(hash) { $0 <= granted ? 0 : $0 }
        var seen = taken.load(bucket)
        while true {
            let base = max(seen, granted)
            guard base - granted < capacity else { return nil }
            let (isDone, found) = taken.exchange(bucket, seen, for: base + 1)
            if isDone { return (bucket, Int(capacity - (base + 1 - granted))) }
            seen = found
        }
    }

    /// Puts a token back that was taken for a request which then did not pass.
    func giveBack(to bucket: Int) { taken.subtractOne(bucket) }
}
