import Bytes
import Testing

@Suite struct `The byte table` {
    @Test func `finds what it was made of and nothing else`() {
        let names = (0..<2000).map { Array("host-\($0).example.com".utf8) }
        let table = ByteTable(names.enumerated().map { ($0.element, $0.offset) })
        for (index, name) in names.enumerated() {
            #expect(table.find(name) == index)
        }
        for index in 2000..<4000 {
            let stranger = Array("host-\(index).example.com".utf8)
            #expect(table.find(stranger) == nil)
        }
    }

    @Test func `of equal keys the first counts`() {
        let key = Array("a".utf8)
        let table = ByteTable([(key, 1), (key, 2)])
        #expect(table.find(key) == 1)
    }

    @Test func `is what a dictionary is after many changes, and its copies stay as they were`() {
        var generator = SystemRandomNumberGenerator()
        var table = ByteTable([])
        var expected: [[UInt8]: Int] = [:]
        var copies: [(ByteTable, [[UInt8]: Int])] = []
        for round in 0..<4000 {
            // Keys of few lengths that collide in a small table; growing, then shrinking.
            let key = Array("\(Int.random(in: 0..<300, using: &generator))".utf8)
            let value = Int.random(in: 0..<4000, using: &generator) < round ? nil : round - 1000
            table.set(key, value)
            expected[key] = value
            if round % 1000 == 0 { copies.append((table, expected)) }
        }
        for (table, expected) in copies + [(table, expected)] {
            #expect(table.isEmpty == expected.isEmpty)
            for number in 0..<300 {
                let key = Array("\(number)".utf8)
                #expect(table.find(key) == expected[key])
            }
        }
    }

    @Test func `the empty key is a key like any other`() {
        let empty: [UInt8] = []
        let other = Array("x".utf8)
        #expect(ByteTable([(empty, 5)]).find(empty) == 5)
        #expect(ByteTable([(other, 5)]).find(empty) == nil)
    }

    @Test func `an empty table finds nothing`() {
        let table = ByteTable([])
        let empty: [UInt8] = []
        let key = Array("x".utf8)
        #expect(table.isEmpty)
        #expect(table.find(empty) == nil)
        #expect(table.find(key) == nil)
    }

    @Test func `keys that are parts of each other stay apart`() {
        let keys = ["a", "ab", "abc", "b", "bc", "c", "ca"].map { Array($0.utf8) }
        let table = ByteTable(keys.enumerated().map { ($0.element, $0.offset) })
        for (index, key) in keys.enumerated() { #expect(table.find(key) == index) }
        #expect(table.maxKeyCount == 3)
        for stranger in ["", "aa", "cab", "abcd"].map({ Array($0.utf8) }) {
            #expect(table.find(stranger) == nil)
        }
    }
}

@Suite struct `The keyed hash` {
    private let hash = KeyedHash(first: 1, second: 2)

    @Test func `is the same for the same bytes wherever they lie`() {
        let text = (0..<200).map { UInt8($0) }
        for count in 0...160 {
            for start in 0..<9 {
                var shifted = [UInt8](repeating: 0xAA, count: start)
                shifted += text.prefix(count)
                let here = hash(shifted.span.extracting(start..<start + count))
                #expect(here == hash(Array(text.prefix(count))))
            }
        }
    }

    @Test func `depends on the order of a text's blocks`() {
        let blocks = (0..<8).map { [UInt8](repeating: $0, count: 16) }
        let original = hash(Array(blocks.joined()))
        for first in blocks.indices {
            for second in blocks.indices where first < second {
                var swapped = blocks
                swapped.swapAt(first, second)
                #expect(hash(Array(swapped.joined())) != original)
            }
        }
    }

    @Test func `depends on every byte, on the length and on the key`() {
        for count in 1...140 {
            let text = [UInt8](repeating: 0, count: count)
            let original = hash(text)
            for index in 0..<count {
                for bit in 0..<8 {
                    var changed = text
                    changed[index] ^= 1 << UInt8(bit)
                    #expect(hash(changed) != original, "byte \(index) of \(count)")
                }
            }
            let longer = text + [0]
            #expect(hash(longer) != original)
            #expect(KeyedHash(first: 1, second: 3)(text) != original)
            #expect(KeyedHash(first: 2, second: 2)(text) != original)
        }
    }

    @Test func `spreads neighbours over the low bits`() {
        // What a table of 4096 slots makes of 2048 keys: about 22 % of them meet another.
        var slots = Set<UInt64>()
        for index in 0..<2048 {
            let key = Array("user-\(index)".utf8)
            slots.insert(hash(key) & 4095)
        }
        #expect(slots.count > 1500)
    }

    @Test func `two random hashes differ`() {
        let text = Array("token".utf8)
        #expect(KeyedHash.random()(text) != KeyedHash.random()(text))
    }
}
