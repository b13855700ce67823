/// What a `ShardedTable` holds.
package protocol ShardedElement: AnyObject, Sendable {
    var key: [UInt8] { get }
    /// Of elements with one key the last of this order is found.
    func isBefore(_ other: Self) -> Bool
}

/// An immutable hash table of elements by their keys, of which a changed copy is cheap: the table is cut into shards,
/// and a copy shares all of those that the change does not touch. A look-up allocates nothing, and its cost does not
/// grow with the number of elements.
package struct ShardedTable<Element: ShardedElement>: Sendable {
    private final class Shard: Sendable {
        let table: ByteTable
        /// The first of a key is the one that is found.
        let elements: [Element]

        init(_ elements: [Element]) {
            self.elements = elements.sorted { $1.isBefore($0) }
            table = ByteTable(self.elements.enumerated().map { (key: $0.element.key, value: $0.offset) })
        }
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
        guard let shard = shards[Self.place(hash)], let index = shard.table.find(key, hash: hash) else { return nil }
        return shard.elements[index]
    }

    /// Takes elements out, each of which is told by being the very object, and puts others in.
    package mutating func change(removing removed: [Element], adding added: [Element]) {
        guard !removed.isEmpty || !added.isEmpty else { return }
        if shards.isEmpty { shards = Array(repeating: nil, count: 1 << Int(Self.shardBits)) }
        var changes: [Int: (removed: Set<ObjectIdentifier>, added: [Element])] = [:]
        for element in removed {
            changes[Self.place(of: element), default: ([], [])].removed.insert(ObjectIdentifier(element))
        }
        for element in added { changes[Self.place(of: element), default: ([], [])].added.append(element) }
        for (place, change) in changes {
            let kept = (shards[place]?.elements ?? []).filter { !change.removed.contains(ObjectIdentifier($0)) }
            let elements = kept + change.added
            shards[place] = elements.isEmpty ? nil : Shard(elements)
        }
    }

    private static func place(of element: Element) -> Int { place(ByteTable.hash(of: element.key.span)) }

    /// The upper bits: a table spends the lower ones.
    private static func place(_ hash: UInt64) -> Int { Int(hash >> (64 - shardBits)) }
}
