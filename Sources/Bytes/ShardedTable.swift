/// What a `ShardedTable` holds. Elements are equal where they are the very same, whatever their keys.
package protocol ShardedElement: Hashable, Sendable {
    /// `ByteTable.hash(of:)` of the key.
    var keyHash: UInt64 { get }
    func hasKey(_ key: Span<UInt8>) -> Bool
    func hasKey(of other: Self) -> Bool
    /// Of elements with one key the last of this order is found.
    func isBefore(_ other: Self) -> Bool
}

/// An immutable hash table of elements by their keys, of which a changed copy is cheap: the table is cut into shards,
/// and a copy shares all of those that the change does not touch. A look-up allocates nothing, and its cost does not
/// grow with the number of elements. Keys stand in the elements alone: there may be very many.
package struct ShardedTable<Element: ShardedElement>: Sendable {
    private final class Shard: Sendable {
        private struct Slot: Sendable {
            /// Bits of the key's hash that chose neither the shard nor the place.
            var fingerprint: UInt32 = 0
            /// Index of an element plus 1; 0: free.
            var mark: UInt32 = 0
        }

        /// A power of two of them, at most two thirds in use.
        private let slots: [Slot]
        /// The first of a key is the one that is found.
        let elements: [Element]

        init(_ unordered: [Element]) {
            let elements = unordered.sorted { $1.isBefore($0) }
            var capacity = 2
            while capacity * 2 < elements.count * 3 { capacity *= 2 }
            var slots = [Slot](repeating: Slot(), count: capacity)
            next: for (number, element) in elements.enumerated() {
                let hash = element.keyHash
                let fingerprint = Self.fingerprint(hash)
                var index = Int(truncatingIfNeeded: hash) & (capacity - 1)
                while slots[index].mark != 0 {
                    let earlier = elements[Int(slots[index].mark) - 1]
                    if slots[index].fingerprint == fingerprint, earlier.hasKey(of: element) { continue next }
                    index = (index + 1) & (capacity - 1)
                }
                slots[index] = Slot(fingerprint: fingerprint, mark: UInt32(number + 1))
            }
            self.slots = slots
            self.elements = elements
        }

        func find(_ key: Span<UInt8>, _ hash: UInt64) -> Element? {
            let fingerprint = Self.fingerprint(hash)
            let last = slots.count - 1
            var index = Int(truncatingIfNeeded: hash) & last
            while true {
                let slot = slots[index]
                if slot.mark == 0 { return nil }
                if slot.fingerprint == fingerprint {
                    let element = elements[Int(slot.mark) - 1]
                    if element.hasKey(key) { return element }
                }
                index = (index + 1) & last
            }
        }

        private static func fingerprint(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 20) }
    }

    /// Empty, or one place for each value of the hash's upper bits; nil: nothing is there.
    private var shards: [Shard?] = []

    /// Few enough that copying the list of them takes microseconds, and so many that a hundred thousand elements
    /// leave a hundred to build anew.
    private static var shardBits: UInt64 { 10 }

    package init() {}

    /// The element of a key, or nil.
    package func find(_ key: Span<UInt8>) -> Element? {
        guard !shards.isEmpty else { return nil }
        let hash = ByteTable.hash(of: key)
        return shards[Self.place(hash)]?.find(key, hash)
    }

    /// Takes elements out and puts others in.
    package mutating func change(removing removed: [Element], adding added: [Element]) {
        guard !removed.isEmpty || !added.isEmpty else { return }
        if shards.isEmpty { shards = Array(repeating: nil, count: 1 << Int(Self.shardBits)) }
        var changes: [Int: (removed: Set<Element>, added: [Element])] = [:]
        for element in removed { changes[Self.place(element.keyHash), default: ([], [])].removed.insert(element) }
        for element in added { changes[Self.place(element.keyHash), default: ([], [])].added.append(element) }
        for (place, change) in changes {
            let kept = (shards[place]?.elements ?? []).filter { !change.removed.contains($0) }
            let elements = kept + change.added
            shards[place] = elements.isEmpty ? nil : Shard(elements)
        }
    }

    /// The upper bits: a shard spends the lower ones.
    private static func place(_ hash: UInt64) -> Int { Int(hash >> (64 - shardBits)) }
}
