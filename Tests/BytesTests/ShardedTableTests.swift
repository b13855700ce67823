import Bytes
import Testing

@Suite struct `A sharded table` {
    private final class Element: ShardedElement {
        let key: [UInt8]
        let rank: Int

        init(_ key: String, _ rank: Int) {
            self.key = Array(key.utf8)
            self.rank = rank
        }

        var keyHash: UInt64 {
            let key = key
            return ByteTable.hash(of: key.span)
        }

        func hasKey(_ key: Span<UInt8>) -> Bool {
            let own = self.key
            return own.span.equals(key)
        }

        func hasKey(of other: Element) -> Bool { key == other.key }
        static func == (a: Element, b: Element) -> Bool { a === b }
        func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }

        func isBefore(_ other: Element) -> Bool { rank < other.rank }
    }

    private func find(_ key: String, in table: ShardedTable<Element>) -> Element? {
        let bytes = Array(key.utf8)
        return table.find(bytes.span)
    }

    @Test func `finds nothing where nothing is`() {
        #expect(find("a", in: ShardedTable<Element>()) == nil)
        var table = ShardedTable<Element>()
        table.change(removing: [], adding: [Element("b", 0)])
        #expect(find("a", in: table) == nil)
        #expect(find("", in: table) == nil)
    }

    @Test func `finds the last of a key, and the one before when that is gone`() {
        let (first, second) = (Element("a", 1), Element("a", 2))
        var table = ShardedTable<Element>()
        table.change(removing: [], adding: [second, first])
        #expect(find("a", in: table) === second)
        table.change(removing: [second], adding: [])
        #expect(find("a", in: table) === first)
    }

    @Test func `leaves the table it was copied from as it was`() {
        var table = ShardedTable<Element>()
        let old = Element("a", 1)
        table.change(removing: [], adding: [old])
        let copy = table
        table.change(removing: [old], adding: [Element("b", 2)])
        #expect(find("a", in: copy) === old)
        #expect(find("b", in: copy) == nil)
        #expect(find("a", in: table) == nil)
        #expect(find("b", in: table) != nil)
    }

    @Test func `holds what a dictionary holds after many changes`() {
        var generator = SystemRandomNumberGenerator()
        var table = ShardedTable<Element>()
        var expected: [String: Element] = [:]
        for round in 0..<2000 {
            let names = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                "key-\(Int.random(in: 0..<500, using: &generator))"
            }
            let removed = Set(names).compactMap { expected.removeValue(forKey: $0) }
            let added = Set(names).filter { _ in Bool.random(using: &generator) }.map { Element($0, round) }
            for element in added { expected[String(decoding: element.key, as: UTF8.self)] = element }
            table.change(removing: removed, adding: added)
        }
        for number in 0..<500 {
            let name = "key-\(number)"
            #expect(find(name, in: table) === expected[name])
        }
    }
}
