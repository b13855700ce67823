/// An immutable hash table from byte strings to numbers: hosts, paths, names of a configuration.
///
/// Keys lie behind each other in one array, everything else about an entry in its slot: a look-up allocates nothing
/// and, but for collisions, reads two places of memory. The hash key is fixed, as the content is the operator's own:
/// strangers only look up.
package struct ByteTable: Sendable {
    private struct Slot: Sendable {
        /// Upper bits of the key's hash.
        var fingerprint: UInt32 = 0
        var start: UInt32 = 0
        /// Length of the key plus 1; 0: free.
        var mark: UInt32 = 0
        var value: Int32 = 0
    }

    private let keys: [UInt8]
    /// A power of two of them, at most half in use.
    private let slots: [Slot]

    private static let hash = KeyedHash(first: 0x243F_6A88_85A3_08D3, second: 0x1319_8A2E_0370_7344)

    /// What tables find a key by.
    package static func hash(of key: Span<UInt8>) -> UInt64 { hash(key) }

    /// The longest key, in bytes.
    package let maxKeyCount: Int
    package let isEmpty: Bool

    /// A table of these pairs; of equal keys the first counts.
    ///
    /// - Parameter pairs: values fit into 32 bits with a sign, all keys together into 4 GiB.
    package init(_ pairs: [(key: [UInt8], value: Int)]) {
        var keys: [UInt8] = []
        keys.reserveCapacity(pairs.reduce(0) { $0 + $1.key.count })
        var capacity = 4
        while capacity < pairs.count * 2 { capacity *= 2 }
        var slots = [Slot](repeating: Slot(), count: capacity)
        pairs: for pair in pairs {
            let hash = Self.hash(pair.key.span)
            var index = Int(truncatingIfNeeded: hash) & (capacity - 1)
            while slots[index].mark != 0 {
                let start = Int(slots[index].start)
                let end = start + Int(slots[index].mark) - 1
                if keys.span.extracting(start..<end).equals(pair.key.span) { continue pairs }
                index = (index + 1) & (capacity - 1)
            }
            slots[index] = Slot(
                fingerprint: UInt32(truncatingIfNeeded: hash >> 32), start: UInt32(keys.count),
                mark: UInt32(pair.key.count) + 1, value: Int32(pair.value))
            keys += pair.key
        }
        self.keys = keys
        self.slots = slots
        isEmpty = pairs.isEmpty
        self.maxKeyCount = pairs.reduce(0) { max($0, $1.key.count) }
    }

    /// The number of a key, or nil.
    package func find(_ key: Span<UInt8>) -> Int? {
        guard key.count <= maxKeyCount, !isEmpty else { return nil }
        return find(key, hash: Self.hash(key))
    }

    /// The number of a key whose `hash(of:)` is known, or nil.
    package func find(_ key: Span<UInt8>, hash: UInt64) -> Int? {
        let fingerprint = UInt32(truncatingIfNeeded: hash >> 32)
        let last = slots.count - 1
        var index = Int(truncatingIfNeeded: hash) & last
        while slots[index].mark != 0 {
            let slot = slots[index]
            if slot.fingerprint == fingerprint, Int(slot.mark) == key.count + 1 {
                let start = Int(slot.start)
                if keys.span.extracting(start..<start + key.count).equals(key) { return Int(slot.value) }
            }
            index = (index + 1) & last
        }
        return nil
    }
}
