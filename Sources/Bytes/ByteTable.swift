/// An immutable hash table from byte strings to numbers: hosts, paths, names of a configuration.
///
/// Keys lie behind each other in one array; a look-up allocates nothing. The hash key is fixed, as the
/// content is the operator's own: strangers only look up.
package struct ByteTable: Sendable {
    private struct Entry: Sendable {
        var start: UInt32
        var count: UInt32
        var value: Int
    }

    private let keys: [UInt8]
    private let entries: [Entry]
    /// Index of an entry plus 1; 0: free. A power of two of them, at most half in use.
    private let slots: [UInt32]

    private static let hash = KeyedHash(first: 0x243F_6A88_85A3_08D3, second: 0x1319_8A2E_0370_7344)

    /// The longest key, in bytes.
    package let maxKeyCount: Int
    package var isEmpty: Bool { entries.isEmpty }

    /// A table of these pairs; of equal keys the first counts.
    package init(_ pairs: [(key: [UInt8], value: Int)]) {
        var keys: [UInt8] = []
        var entries: [Entry] = []
        var capacity = 4
        while capacity < pairs.count * 2 { capacity *= 2 }
        var slots = [UInt32](repeating: 0, count: capacity)
        pairs: for pair in pairs {
            var slot = Int(truncatingIfNeeded: Self.hash(pair.key.span)) & (capacity - 1)
            while slots[slot] != 0 {
                let entry = entries[Int(slots[slot]) - 1]
                let start = Int(entry.start)
                if keys.span.extracting(start..<start + Int(entry.count)).equals(pair.key.span) { continue pairs }
                slot = (slot + 1) & (capacity - 1)
            }
            entries.append(Entry(start: UInt32(keys.count), count: UInt32(pair.key.count), value: pair.value))
            keys += pair.key
            slots[slot] = UInt32(entries.count)
        }
        self.keys = keys
        self.entries = entries
        self.slots = slots
        self.maxKeyCount = pairs.reduce(0) { max($0, $1.key.count) }
    }

    /// The number of a key, or nil.
    package func find(_ key: Span<UInt8>) -> Int? {
        guard key.count <= maxKeyCount, !entries.isEmpty else { return nil }
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: Self.hash(key)) & mask
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            let start = Int(entry.start)
            if Int(entry.count) == key.count,
                keys.span.extracting(start..<start + Int(entry.count)).equals(key)
            {
                return entry.value
            }
            slot = (slot + 1) & mask
        }
        return nil
    }
}
