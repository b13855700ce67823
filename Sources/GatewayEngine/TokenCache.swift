internal import Bytes
package import JOSE

/// Tokens verified before: one cache per event loop, bounded in bytes.
///
/// A keyed hash finds the entry; a hit needs equality of every byte of the token and of the
/// verification identity of the provider that took it, so that a change of keys or rules makes its entries unreachable
/// at once and an unrelated change none. Time is checked on every hit. Failures are not kept.
package struct TokenCache {
    /// An object, as a copy would count references to all that it holds.
    private final class Entry {
        let hash: UInt64
        let token: [UInt8]
        let identity: VerificationIdentity
        let verified: VerifiedToken
        let byteCount: Int
        /// Used since the clock hand last came by.
        var isReferenced = false

        init(hash: UInt64, token: [UInt8], identity: VerificationIdentity, verified: VerifiedToken, byteCount: Int) {
            self.hash = hash
            self.token = token
            self.identity = identity
            self.verified = verified
            self.byteCount = byteCount
        }

        func isOf(_ token: Span<UInt8>, _ hash: UInt64, _ identity: VerificationIdentity) -> Bool {
            self.hash == hash && self.identity == identity && self.token.equals(token)
        }
    }

    private let hash = KeyedHash.random()
    private let maxBytes: Int
    private var entries: [Entry?] = []
    private var freeEntries: [Int] = []
    /// Index of an entry plus 1, 0 where free; a power of two, at most half in use.
    private var slots: [UInt32] = Array(repeating: 0, count: 64)
    /// The next entry that eviction looks at.
    private var hand = 0
    package private(set) var byteCount = 0
    package private(set) var count = 0
    package private(set) var hits: UInt64 = 0
    package private(set) var misses: UInt64 = 0
    package private(set) var evictions: UInt64 = 0

    /// What an entry costs beside the token and the claims: slot, entry, allocations' heads.
    private static let entryOverhead = 176

    /// - Parameter maxBytes: the most this cache may hold; 0 turns it off.
    package init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    /// The verified form of these very bytes under one of these very identities, or nil. Time is not looked at.
    package mutating func find(
        _ token: Span<UInt8>, _ first: VerificationIdentity, _ others: [VerificationIdentity]
    ) -> VerifiedToken? {
        let hash = self.hash(token)
        var known = find(token, hash ^ first.words.0, first)
        for identity in others where known == nil { known = find(token, hash ^ identity.words.0, identity) }
        if known != nil {
            hits &+= 1
            return known
        }
        misses &+= 1
        return nil
    }

    @inline(__always)
    private mutating func find(
        _ token: Span<UInt8>, _ hash: UInt64, _ identity: VerificationIdentity
    ) -> VerifiedToken? {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) &- 1
            if let entry = entries[index], entry.isOf(token, hash, identity) {
                entry.isReferenced = true
                return entry.verified
            }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    /// Keeps a token that has just been verified and was not found.
    package mutating func insert(_ token: Span<UInt8>, _ identity: VerificationIdentity, _ verified: VerifiedToken) {
        let cost = token.count + verified.byteCount + Self.entryOverhead
        guard cost <= maxBytes / 4 else { return }
        while byteCount + cost > maxBytes { evictOne() }
        if (count + 1) * 2 > slots.count { grow() }
        let entry = Entry(
            hash: self.hash(token) ^ identity.words.0, token: token.copied, identity: identity, verified: verified,
            byteCount: cost)
        let index: Int
        if let free = freeEntries.popLast() {
            index = free
            entries[index] = entry
        } else {
            index = entries.count
            entries.append(entry)
        }
        place(index, hash: entry.hash)
        count += 1
        byteCount += cost
    }

    /// Forgets what `find` would answer.
    package mutating func remove(_ token: Span<UInt8>, _ identity: VerificationIdentity) {
        let hash = self.hash(token) ^ identity.words.0
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if let entry = entries[index], entry.isOf(token, hash, identity) {
                return remove(index, entry)
            }
            slot = (slot + 1) & mask
        }
    }

    /// Forgets everything.
    package mutating func removeAll() {
        entries.removeAll()
        freeEntries.removeAll()
        slots = Array(repeating: 0, count: 64)
        hand = 0
        byteCount = 0
        count = 0
    }

    // MARK: - The table

    private mutating func place(_ index: Int, hash: UInt64) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(index + 1)
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: slots.count * 2)
        for (index, entry) in entries.enumerated() {
            if let entry { place(index, hash: entry.hash) }
        }
    }

    /// Second chance: an entry used since the hand's last visit is spared once.
    private mutating func evictOne() {
        while true {
            if hand >= entries.count { hand = 0 }
            defer { hand += 1 }
            guard let entry = entries[hand] else { continue }
            if entry.isReferenced {
                entry.isReferenced = false
                continue
            }
            remove(hand, entry)
            evictions &+= 1
            return
        }
    }

    private mutating func remove(_ index: Int, _ entry: Entry) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: entry.hash) & mask
        while slots[slot] != UInt32(index + 1) { slot = (slot + 1) & mask }
        closeGap(at: slot)
        entries[index] = nil
        freeEntries.append(index)
        byteCount -= entry.byteCount
        count -= 1
    }

    /// Moves later entries of the same run back, so that no look-up ends too early.
    private mutating func closeGap(at start: Int) {
        let mask = slots.count - 1
        var gap = start
        var next = (gap + 1) & mask
        while slots[next] != 0 {
            let home = entries[Int(slots[next]) - 1].map { Int(truncatingIfNeeded: $0.hash) & mask } ?? next
            // The entry may move if its home does not lie behind the gap on the way to where it is.
            if (next - home) & mask >= (next - gap) & mask {
                slots[gap] = slots[next]
                gap = next
            }
            next = (next + 1) & mask
        }
        slots[gap] = 0
    }
}
