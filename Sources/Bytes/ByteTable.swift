/// A hash table from byte strings to numbers: hosts, paths, names of a configuration.
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

    private var keys: [UInt8]
    /// A power of two of them, at most half in use.
    private var slots: [Slot]
    private var count: Int
    /// Bytes of `keys` whose entry is gone.
    private var unusedCount = 0

    private static let hash = KeyedHash(first: 0x243F_6A88_85A3_08D3, second: 0x1319_8A2E_0370_7344)

    /// What tables find a key by.
    package static func hash(of key: Span<UInt8>) -> UInt64 { hash(key) }

    /// As many bytes as the longest key has, or one that is gone had.
    package private(set) var maxKeyCount: Int
    package var isEmpty: Bool { count == 0 }

    /// A table of these pairs; of equal keys the first counts.
    ///
    /// - Parameter pairs: values fit into 32 bits with a sign, all keys together into 4 GiB.
    package init(_ pairs: [(key: [UInt8], value: Int)]) { self.init(pairs, room: pairs.count) }

    /// - Parameter room: how many keys it has to have room for.
    private init(_ pairs: [(key: [UInt8], value: Int)], room: Int) {
        var keys: [UInt8] = []
        keys.reserveCapacity(pairs.reduce(0) { $0 + $1.key.count })
        var capacity = 4
        var count = 0
        while capacity < room * 2 { capacity *= 2 }
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
            count += 1
        }
        self.keys = keys
        self.slots = slots
        self.count = count
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

// MARK: - Changing

extension ByteTable {
    /// Gives a key a value, or takes it out. A copy of the table is not touched: where there is one, this costs a copy
    /// of the memory, and no look at the other keys.
    package mutating func set(_ key: [UInt8], _ value: Int?) {
        let index = index(of: key.span)
        switch (slots[index].mark != 0, value) {
        case (true, let value?): slots[index].value = Int32(value)
        case (true, nil): remove(at: index)
        case (false, let value?): insert(key, value, at: index)
        case (false, nil): break
        }
    }

    /// Where a key stands, or would.
    private func index(of key: Span<UInt8>) -> Int {
        let last = slots.count - 1
        var index = Int(truncatingIfNeeded: Self.hash(key)) & last
        while slots[index].mark != 0, !self.key(at: index).elementsEqual(key) { index = (index + 1) & last }
        return index
    }

    /// All there is, in no order.
    package var pairs: [(key: [UInt8], value: Int)] {
        slots.indices.compactMap { index in
            slots[index].mark == 0 ? nil : (key: Array(key(at: index)), value: Int(slots[index].value))
        }
    }

    private func key(at index: Int) -> ArraySlice<UInt8> {
        let start = Int(slots[index].start)
        return keys[start..<start + Int(slots[index].mark) - 1]
    }

    private mutating func insert(_ key: [UInt8], _ value: Int, at index: Int) {
        guard (count + 1) * 2 <= slots.count, unusedCount <= keys.count / 2 else {
            // Room for as many again: a table that grows is not built anew each time.
            self = ByteTable(pairs + [(key, value)], room: (count + 1) * 2)
            return
        }
        slots[index] = Slot(
            fingerprint: UInt32(truncatingIfNeeded: Self.hash(key.span) >> 32), start: UInt32(keys.count),
            mark: UInt32(key.count) + 1, value: Int32(value))
        keys += key
        count += 1
        maxKeyCount = max(maxKeyCount, key.count)
    }

    /// Moves those behind it up that were put there because its slot was taken.
    private mutating func remove(at index: Int) {
        unusedCount += Int(slots[index].mark) - 1
        count -= 1
        let last = slots.count - 1
        var (hole, next) = (index, (index + 1) & last)
        while slots[next].mark != 0 {
            let home = Int(truncatingIfNeeded: Self.hash(Array(key(at: next)).span)) & last
            if (next - home) & last >= (next - hole) & last {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & last
        }
        slots[hole] = Slot()
    }
}

extension ArraySlice<UInt8> {
    fileprivate func elementsEqual(_ other: Span<UInt8>) -> Bool { span.equals(other) }
}
