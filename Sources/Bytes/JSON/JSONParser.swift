/// One pass over a JSON text (RFC 8259): validates it whole and lists its values in a flat table.
///
/// Strict where readers differ: names are unique, UTF-8 is valid, lone surrogates are errors,
/// nothing may follow the value.
struct JSONParser: ~Copyable {
    private(set) var nodes: [JSONNode] = []
    private var position = 0
    private var depth = 0
    private var byteCount = 0
    private let limits: JSONLimits

    init(limits: JSONLimits) {
        self.limits = limits
    }

    mutating func parse(_ text: Span<UInt8>) throws(JSONError) {
        guard text.count <= min(limits.maxBytes, Int(UInt32.max)) else {
            throw JSONError(.tooLarge, at: limits.maxBytes)
        }
        byteCount = text.count
        nodes.reserveCapacity(min(limits.maxNodes, text.count / 16 + 4))
        skipBlanks(text)
        try parseValue(text)
        skipBlanks(text)
        guard position == text.count else { throw JSONError(.trailingBytes, at: position) }
    }

    /// Larger tables are not cut: the copy of a hostile one would cost several times its text.
    private static let mostNodesToCut = 256

    /// The table; a small one in no more memory than it needs, as tokens are kept by the thousand.
    consuming func finish() -> [JSONNode] {
        guard nodes.count <= Self.mostNodesToCut, nodes.capacity > nodes.count + nodes.count / 8 else { return nodes }
        return unsafe [JSONNode](unsafeUninitializedCapacity: nodes.count) { exact, count in
            count = unsafe exact.initialize(fromContentsOf: nodes)
        }
    }

    private mutating func parseValue(_ text: Span<UInt8>) throws(JSONError) {
        guard position < text.count else { throw JSONError(.unexpectedEnd, at: position) }
        switch text[position] {
        case UInt8(ascii: "{"): try parseObject(text)
        case UInt8(ascii: "["): try parseArray(text)
        case UInt8(ascii: "\""): try parseString(text)
        case UInt8(ascii: "t"): try parseLiteral("true", .true, text)
        case UInt8(ascii: "f"): try parseLiteral("false", .false, text)
        case UInt8(ascii: "n"): try parseLiteral("null", .null, text)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try parseNumber(text)
        default: throw JSONError(.unexpectedByte, at: position)
        }
    }

    private mutating func open(_ kind: JSONKind) throws(JSONError) -> Int {
        depth += 1
        guard depth <= limits.maxDepth else { throw JSONError(.tooDeep, at: position) }
        let node = try append(kind, from: position)
        position += 1
        return node
    }

    private mutating func close(_ node: Int) {
        position += 1
        depth -= 1
        nodes[node].end = UInt32(position)
        nodes[node].next = UInt32(nodes.count)
    }

    private mutating func append(_ kind: JSONKind, from start: Int) throws(JSONError) -> Int {
        guard nodes.count < min(limits.maxNodes, JSONNode.maxNodes) else { throw JSONError(.tooLarge, at: start) }
        let index = nodes.count
        if index == nodes.capacity { grow(at: start) }
        nodes.append(JSONNode(kind: kind, start: UInt32(start), end: UInt32(start), next: UInt32(index + 1)))
        return index
    }

    /// Doubled tables would cost a hostile text thirty times its length. A value takes two bytes at least, so
    /// that at most one more growth follows the first, and the two tables together stay below ten times.
    private mutating func grow(at position: Int) {
        let mostThatFollow = (byteCount - position) / 2 + 1
        let some = max(byteCount / 8, nodes.count + 8)
        let isFirst = nodes.count < byteCount / 8
        nodes.reserveCapacity(min(limits.maxNodes, isFirst ? some : nodes.count + mostThatFollow))
    }

    private mutating func parseObject(_ text: Span<UInt8>) throws(JSONError) {
        let node = try open(.object)
        var count = 0
        skipBlanks(text)
        if try peek(text) != UInt8(ascii: "}") {
            while true {
                guard try peek(text) == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: position) }
                try parseString(text)
                skipBlanks(text)
                guard try peek(text) == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: position) }
                position += 1
                skipBlanks(text)
                try parseValue(text)
                count += 1
                skipBlanks(text)
                let next = try peek(text)
                if next == UInt8(ascii: "}") { break }
                guard next == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: position) }
                position += 1
                skipBlanks(text)
            }
        }
        close(node)
        try refuseDuplicateNames(of: node, count: count, text)
    }

    private mutating func parseArray(_ text: Span<UInt8>) throws(JSONError) {
        let node = try open(.array)
        skipBlanks(text)
        if try peek(text) != UInt8(ascii: "]") {
            while true {
                try parseValue(text)
                skipBlanks(text)
                let next = try peek(text)
                if next == UInt8(ascii: "]") { break }
                guard next == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: position) }
                position += 1
                skipBlanks(text)
            }
        }
        close(node)
    }

    private mutating func parseString(_ text: Span<UInt8>) throws(JSONError) {
        let node = try append(.string, from: position + 1)
        let end = try JSONString.scan(text, from: position + 1, hasEscapes: &nodes[node].hasEscapes)
        nodes[node].end = UInt32(end)
        position = end + 1
    }

    private mutating func parseLiteral(
        _ literal: StaticString, _ kind: JSONKind, _ text: Span<UInt8>
    ) throws(JSONError) {
        let end = position + literal.utf8CodeUnitCount
        guard end <= text.count, text.extracting(position..<end).equals(literal) else {
            throw JSONError(.unexpectedByte, at: position)
        }
        let node = try append(kind, from: position)
        nodes[node].end = UInt32(end)
        position = end
    }

    private mutating func parseNumber(_ text: Span<UInt8>) throws(JSONError) {
        let node = try append(.number, from: position)
        if text[position] == UInt8(ascii: "-") { position += 1 }
        if position < text.count, text[position] == UInt8(ascii: "0") {
            position += 1
        } else {
            try skipDigits(text)
        }
        if position < text.count, text[position] == UInt8(ascii: ".") {
            position += 1
            try skipDigits(text)
        }
        if position < text.count, text[position] | 0x20 == UInt8(ascii: "e") {
            position += 1
            if position < text.count, text[position] == UInt8(ascii: "+") || text[position] == UInt8(ascii: "-") {
                position += 1
            }
            try skipDigits(text)
        }
        nodes[node].end = UInt32(position)
    }

    private mutating func skipDigits(_ text: Span<UInt8>) throws(JSONError) {
        let start = position
        while position < text.count, text[position].isASCIIDigit { position += 1 }
        guard position > start else { throw JSONError(.invalidNumber, at: position) }
    }

    private func peek(_ text: Span<UInt8>) throws(JSONError) -> UInt8 {
        guard position < text.count else { throw JSONError(.unexpectedEnd, at: position) }
        return text[position]
    }

    private mutating func skipBlanks(_ text: Span<UInt8>) {
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }
}

// MARK: - Unique names

extension JSONParser {
    /// Names are compared in full only with those before them that share an 8-bit fingerprint; should
    /// somebody have chosen them to collide, or written escapes, they are sorted instead (n log n).
    private func refuseDuplicateNames(of object: Int, count: Int, _ text: Span<UInt8>) throws(JSONError) {
        guard count > 1 else { return }
        var seen = FingerprintSet()
        var budget = 8 &* count
        var name = object + 1
        for _ in 0..<count {
            let node = nodes[name]
            if node.hasEscapes || budget < 0 { return try refuseDuplicatesBySorting(of: object, count: count, text) }
            if !seen.insert(fingerprint(node, text)) {
                var other = object + 1
                while other < name {
                    budget &-= 1
                    if namesAreEqual(name, other, text) { throw JSONError(.duplicateName, at: Int(node.start) - 1) }
                    other = Int(nodes[other + 1].next)
                }
            }
            name = Int(nodes[name + 1].next)
        }
    }

    /// Mixes the length and three bytes of a name.
    @inline(__always)
    private func fingerprint(_ name: JSONNode, _ text: Span<UInt8>) -> UInt8 {
        let count = name.end &- name.start
        guard count > 0 else { return 0 }
        let first = UInt32(text[Int(name.start)])
        let middle = UInt32(text[Int(name.start &+ count / 2)])
        let last = UInt32(text[Int(name.end &- 1)])
        let mixed = (first | middle << 8 | last << 16 | count << 24) &* 0x9E37_79B1
        return UInt8(truncatingIfNeeded: mixed >> 24)
    }

    /// A set of bytes.
    private struct FingerprintSet {
        private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

        /// False if it was there.
        @inline(__always)
        mutating func insert(_ fingerprint: UInt8) -> Bool {
            let bit: UInt64 = 1 << UInt64(fingerprint & 63)
            switch fingerprint >> 6 {
            case 0: return Self.insert(bit, &words.0)
            case 1: return Self.insert(bit, &words.1)
            case 2: return Self.insert(bit, &words.2)
            default: return Self.insert(bit, &words.3)
            }
        }

        @inline(__always)
        private static func insert(_ bit: UInt64, _ word: inout UInt64) -> Bool {
            let isNew = word & bit == 0
            word |= bit
            return isNew
        }
    }

    @inline(__always)
    private func namesAreEqual(_ a: Int, _ b: Int, _ text: Span<UInt8>) -> Bool {
        let first = nodes[a]
        let second = nodes[b]
        if !first.hasEscapes && !second.hasEscapes {
            let count = first.end &- first.start
            guard count == second.end &- second.start else { return false }
            // Names of one object mostly differ in their first byte.
            if count > 0, text[Int(first.start)] != text[Int(second.start)] { return false }
            return text.extracting(Int(first.start)..<Int(first.end))
                .equals(text.extracting(Int(second.start)..<Int(second.end)))
        }
        return decodedName(a, text) == decodedName(b, text)
    }

    private func decodedName(_ node: Int, _ text: Span<UInt8>) -> [UInt8] {
        let range = Int(nodes[node].start)..<Int(nodes[node].end)
        return JSONString.decode(text.extracting(range))
    }

    private func refuseDuplicatesBySorting(of object: Int, count: Int, _ text: Span<UInt8>) throws(JSONError) {
        // Indices alone: copies of all names would be many times the text.
        var names: [Int32] = []
        names.reserveCapacity(count)
        var node = object + 1
        while node < Int(nodes[object].next) {
            names.append(Int32(node))
            node = Int(nodes[node + 1].next)
        }
        names.sort {
            let order = order(Int($0), Int($1), text)
            return order < 0 || (order == 0 && $0 < $1)
        }
        for index in 1..<names.count where order(Int(names[index]), Int(names[index - 1]), text) == 0 {
            throw JSONError(.duplicateName, at: Int(nodes[Int(names[index])].start) - 1)
        }
    }

    /// Negative where `a` comes first, 0 where they are the same name: by length, then by bytes.
    private func order(_ a: Int, _ b: Int, _ text: Span<UInt8>) -> Int {
        if nodes[a].hasEscapes || nodes[b].hasEscapes {
            return Self.order(decodedName(a, text).span, decodedName(b, text).span)
        }
        return Self.order(
            text.extracting(Int(nodes[a].start)..<Int(nodes[a].end)),
            text.extracting(Int(nodes[b].start)..<Int(nodes[b].end)))
    }

    private static func order(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
        guard a.count == b.count else { return a.count - b.count }
        for index in a.indices where a[index] != b[index] { return Int(a[index]) - Int(b[index]) }
        return 0
    }
}
