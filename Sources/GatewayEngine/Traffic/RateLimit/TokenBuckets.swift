internal import Synchronization

/// Buckets of tokens, one atomic word each, shared by all event loops without a lock.
///
/// A word counts the tokens that were taken since the clock began; in the same measure the clock counts those that
/// have come in. What is between the two is what a bucket lacks, so that one that has not been asked for a while is
/// full without anyone having filled it (the generic cell rate algorithm, in tokens rather than in time).
///
/// Buckets with a key stand in sets of eight, found by a keyed hash of 64 bits. A key that finds no bucket of its own
/// takes over the fullest of its set, with what is in it: an idle one in all likelihood, and where somebody invents
/// keys to get new buckets, what he gets is what others have left.
@safe package final class TokenBuckets: @unchecked Sendable {  // Safe: memory is written by atomic operations alone.
    /// Whose each bucket is; 0: nobody's yet.
    private let owners: UnsafeMutablePointer<Atomic<UInt64>>
    private let taken: UnsafeMutablePointer<Atomic<UInt64>>
    /// Buckets; a power of two, and a whole number of sets.
    package let count: Int
    private let capacity: UInt64

    private static let setSize = 8

    /// - Parameters:
    ///   - capacity: tokens that a bucket holds.
    ///   - maxKeys: as many buckets at least; one for a limit without a key.
    package init(capacity: UInt64, maxKeys: Int) {
        self.capacity = capacity
        var count = maxKeys == 1 ? 1 : Self.setSize
        while count < maxKeys { count *= 2 }
        self.count = count
        unsafe owners = .allocate(capacity: count)
        unsafe taken = .allocate(capacity: count)
        for index in 0..<count {
            unsafe (owners + index).initialize(to: Atomic(0))
            unsafe (taken + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        unsafe owners.deinitialize(count: count)
        unsafe taken.deinitialize(count: count)
        unsafe owners.deallocate()
        unsafe taken.deallocate()
    }

    /// Takes a token.
    ///
    /// - Parameter granted: the tokens that have come in so far, by the clock.
    /// - Returns: the bucket; nil where it is empty.
    package func take(hash: UInt64, granted: UInt64) -> Int? {
        let bucket = count == 1 ? 0 : self.bucket(hash, granted)
        var seen = unsafe taken[bucket].load(ordering: .relaxed)
        while true {
            let base = max(seen, granted)
            guard base - granted < capacity else { return nil }
            let (isDone, found) = unsafe taken[bucket].weakCompareExchange(
                expected: seen, desired: base + 1, ordering: .relaxed)
            if isDone { return bucket }
            seen = found
        }
    }

    /// Puts a token back that was taken for a request which then did not pass.
    func giveBack(to bucket: Int) {
        unsafe taken[bucket].wrappingSubtract(1, ordering: .relaxed)
    }

    private func bucket(_ hash: UInt64, _ granted: UInt64) -> Int {
        let first = Int(truncatingIfNeeded: hash >> 32) & (count / Self.setSize - 1) * Self.setSize
        let owner = hash | 1
        // Whoever loses a bucket to another one looks again; there are others.
        for _ in 0..<Self.setSize {
            var fullest = first
            var least = UInt64.max
            for index in first..<first + Self.setSize {
                if unsafe owners[index].load(ordering: .relaxed) == owner { return index }
                let level = unsafe taken[index].load(ordering: .relaxed)
                if level < least { (fullest, least) = (index, level) }
            }
            let before = unsafe owners[fullest].load(ordering: .relaxed)
            let (isDone, _) = unsafe owners[fullest].compareExchange(
                expected: before, desired: owner, ordering: .relaxed)
            if isDone { return fullest }
        }
        return first
    }
}
