internal import Synchronization

/// Words that count something for keys, one atomic word each, shared by all event loops without a lock.
///
/// They stand in sets of eight, found by a keyed hash of 64 bits. A key that finds no word of its own takes over the
/// lowest of its set, with what is in it: an idle one in all likelihood, and where somebody invents keys to get new
/// words, what he gets is what others have left.
@safe final class KeyedWords: @unchecked Sendable {  // Safe: memory is written by atomic operations alone.
    /// Whose each word is; 0: nobody's yet.
    private let owners: UnsafeMutablePointer<Atomic<UInt64>>
    private let words: UnsafeMutablePointer<Atomic<UInt64>>
    /// A power of two, and a whole number of sets; or one.
    let count: Int

    private static let setSize = 8

    /// - Parameter maxKeys: as many words at least; one for what has no key.
    init(maxKeys: Int) {
        var count = maxKeys == 1 ? 1 : Self.setSize
        while count < maxKeys { count *= 2 }
        self.count = count
        unsafe owners = .allocate(capacity: count)
        unsafe words = .allocate(capacity: count)
        for index in 0..<count {
            unsafe (owners + index).initialize(to: Atomic(0))
            unsafe (words + index).initialize(to: Atomic(0))
        }
    }

    deinit {
        unsafe owners.deinitialize(count: count)
        unsafe words.deinitialize(count: count)
        unsafe owners.deallocate()
        unsafe words.deallocate()
    }

    func load(_ index: Int) -> UInt64 { unsafe words[index].load(ordering: .relaxed) }

    /// Whether the word was what was expected, and is another now; and what it was.
    func exchange(_ index: Int, _ expected: UInt64, for desired: UInt64) -> (isDone: Bool, found: UInt64) {
        let (isDone, found) = unsafe words[index].weakCompareExchange(
            expected: expected, desired: desired, ordering: .relaxed)
        return (isDone, found)
    }

    func subtractOne(_ index: Int) { unsafe words[index].wrappingSubtract(1, ordering: .relaxed) }

    /// The word of a key.
    ///
    /// - Parameter level: how much a word counts for: of a set the lowest is given away.
    func index(_ hash: UInt64, level: (UInt64) -> UInt64) -> Int {
        if count == 1 { return 0 }
        let first = Int(truncatingIfNeeded: hash >> 32) & (count / Self.setSize - 1) * Self.setSize
        let owner = hash | 1
        // Whoever loses a word to another one looks again; there are others.
        for _ in 0..<Self.setSize {
            var lowest = first
            var least = UInt64.max
            for index in first..<first + Self.setSize {
                if unsafe owners[index].load(ordering: .relaxed) == owner { return index }
                let level = level(load(index))
                if level < least { (lowest, least) = (index, level) }
            }
            let before = unsafe owners[lowest].load(ordering: .relaxed)
            let (isDone, _) = unsafe owners[lowest].compareExchange(
                expected: before, desired: owner, ordering: .relaxed)
            if isDone { return lowest }
        }
        return first
    }
}
