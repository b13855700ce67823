internal import Synchronization

/// Words that count something for keys, one atomic word each, shared by all event loops without a lock.
///
/// They stand in sets of eight, found by a keyed hash of 64 bits, and the sets in tiers, each four times as large as
/// the one before. A key has a set in each tier. A tier is added when a key finds no idle word in the sets it has;
/// what is there stays where it is. Where there may be no more, a key takes the place of the one that counts for least,
/// and begins at zero: whoever invents more keys than there are words gets new ones, and locks nobody out.
@safe final class KeyedWords: @unchecked Sendable {  // Safe: memory is written by atomic operations alone.
    /// Of each set eight owners (0: nobody yet), and then their words.
    private typealias Tier = UnsafeMutablePointer<Atomic<UInt64>>

    /// Nil: not needed so far. Tiers are set once, in their order, and stay as long as this.
    private let tiers: UnsafeMutablePointer<Atomic<Tier?>>
    private let tierCount: Int
    /// Sets of the last tier, a power of two as in all others.
    private let lastSets: Int
    private let isSingle: Bool

    private static let setSize = 8
    /// How many bits of an index tell the tier.
    private static let tierBits = 4

    /// - Parameter maxKeys: as many words can be had at least; one for what has no key.
    init(maxKeys: Int) {
        isSingle = maxKeys == 1
        var (count, left) = (1, maxKeys - Self.setSize)
        while left > Self.sets(count) * Self.setSize {
            left -= Self.sets(count) * Self.setSize
            count += 1
        }
        var lastSets = 1
        if left > 0 {
            while lastSets * Self.setSize < left { lastSets *= 2 }
            count += 1
        }
        tierCount = count
        self.lastSets = count == 1 ? 1 : lastSets
        unsafe tiers = .allocate(capacity: count)
        for tier in 0..<count { unsafe (tiers + tier).initialize(to: Atomic(nil)) }
    }

    deinit {
        for tier in 0..<tierCount {
            guard let memory = unsafe tiers[tier].load(ordering: .acquiring) else { continue }
            unsafe memory.deinitialize(count: size(tier))
            unsafe memory.deallocate()
        }
        unsafe tiers.deinitialize(count: tierCount)
        unsafe tiers.deallocate()
    }

    private static func sets(_ tier: Int) -> Int { 1 << (2 * tier) }

    private func sets(_ tier: Int) -> Int { tier + 1 == tierCount ? lastSets : Self.sets(tier) }

    /// Atomic integers of a tier.
    private func size(_ tier: Int) -> Int { sets(tier) * Self.setSize * 2 }

    /// Words there are so far.
    var count: Int { (0..<known).reduce(0) { $0 + sets($1) * Self.setSize } }

    /// Tiers there are so far.
    private var known: Int {
        var tier = 0
        while tier < tierCount, unsafe tiers[tier].load(ordering: .acquiring) != nil { tier += 1 }
        return tier
    }

    /// The memory of a tier; it is made where there is none.
    private func memory(_ tier: Int) -> Tier {
        if let memory = unsafe tiers[tier].load(ordering: .acquiring) { return unsafe memory }
        let size = size(tier)
        let fresh = Tier.allocate(capacity: size)
        for index in 0..<size { unsafe (fresh + index).initialize(to: Atomic(0)) }
        let (isFirst, other) = unsafe tiers[tier].compareExchange(
            expected: nil, desired: fresh, ordering: .acquiringAndReleasing)
        guard !isFirst, let other = unsafe other else { return unsafe fresh }
        unsafe fresh.deinitialize(count: size)
        unsafe fresh.deallocate()
        return unsafe other
    }

    /// The owners of a key's set.
    private func owners(_ hash: UInt64, _ tier: Int) -> Tier {
        unsafe memory(tier) + (Int(truncatingIfNeeded: hash >> 32) & (sets(tier) - 1)) * 2 * Self.setSize
    }

    private static func index(_ hash: UInt64, _ tier: Int, _ place: Int, sets: Int) -> Int {
        let offset = (Int(truncatingIfNeeded: hash >> 32) & (sets - 1)) * 2 * setSize + setSize + place
        return offset << tierBits | tier
    }

    private func word(_ index: Int) -> Tier {
        unsafe memory(index & (1 << Self.tierBits - 1)) + index >> Self.tierBits
    }

    // MARK: - What a word holds

    func load(_ index: Int) -> UInt64 { unsafe word(index).pointee.load(ordering: .relaxed) }

    /// Whether the word was what was expected, and is another now; and what it was.
    func exchange(_ index: Int, _ expected: UInt64, for desired: UInt64) -> (isDone: Bool, found: UInt64) {
        let (isDone, found) = unsafe word(index).pointee.weakCompareExchange(
            expected: expected, desired: desired, ordering: .relaxed)
        return (isDone, found)
    }

    /// Counts one less, where those bits of a word that count are not zero: it may have become another key's.
    func subtractOne(_ index: Int, countedBy mask: UInt64 = .max) {
        var seen = load(index)
        while seen & mask != 0 {
            let (isDone, found) = exchange(index, seen, for: seen - 1)
            if isDone { return }
            seen = found
        }
    }

    // MARK: - Whose it is

    /// The word of a key.
    ///
    /// - Parameter level: how much a word counts for, 0 where it is idle: where none is, the lowest is given away.
    func index(_ hash: UInt64, level: (UInt64) -> UInt64) -> Int {
        if isSingle { return Self.index(0, 0, 0, sets: 1) }
        // Whoever loses a word to another one looks again; there are others.
        for _ in 0..<Self.setSize {
            let known = known
            if let own = owned(hash, known) { return own }
            if let taken = take(hash, known, level) { return taken }
        }
        return Self.index(hash, 0, 0, sets: 1)
    }

    /// The word that is a key's already. Most keys are in the largest tiers.
    private func owned(_ hash: UInt64, _ known: Int) -> Int? {
        for tier in stride(from: known - 1, through: 0, by: -1) {
            let owners = unsafe owners(hash, tier)
            for place in 0..<Self.setSize where unsafe owners[place].load(ordering: .relaxed) == hash | 1 {
                return Self.index(hash, tier, place, sets: sets(tier))
            }
        }
        return nil
    }

    /// A word that becomes a key's; nil where another loop was faster.
    private func take(_ hash: UInt64, _ known: Int, _ level: (UInt64) -> UInt64) -> Int? {
        var (lowest, least, before) = ((tier: known, place: 0), UInt64.max, UInt64(0))
        search: for tier in 0..<known {
            let owners = unsafe owners(hash, tier)
            for place in 0..<Self.setSize {
                // In this order: a word that is taken in between has another owner then.
                let owner = unsafe owners[place].load(ordering: .acquiring)
                let level = level(unsafe owners[Self.setSize + place].load(ordering: .relaxed))
                if level < least { (lowest, least, before) = ((tier, place), level, owner) }
                if level == 0 { break search }
            }
        }
        if least != 0, known < tierCount { (lowest, least, before) = ((known, 0), 0, 0) }
        let owners = unsafe owners(hash, lowest.tier)
        let index = Self.index(hash, lowest.tier, lowest.place, sets: sets(lowest.tier))
        if least != 0 {
            // First the word: whoever finds it to be this key's must not find what another one has used up.
            let seen = load(index)
            guard level(seen) == least, exchange(index, seen, for: 0).isDone else { return nil }
        }
        let (isDone, _) = unsafe owners[lowest.place].compareExchange(
            expected: before, desired: hash | 1, ordering: .relaxed)
        return isDone ? index : nil
    }
}
