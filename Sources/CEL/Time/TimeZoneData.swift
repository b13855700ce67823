/// One zone of the tz database: a TZif file (RFC 8536).
struct TimeZoneData: Sendable {
    /// When the offset changes, ascending.
    private let transitions: [Int64]
    /// Offset from each transition on.
    private let offsets: [Int64]
    /// Before the first transition.
    private let firstOffset: Int64
    /// After the last one: the rule of the footer.
    private let rule: TimeZoneRule?

    /// Nil where the bytes are no TZif file of version 2 or later.
    init?(_ bytes: [UInt8]) {
        guard let first = Header(bytes, at: 0), first.version >= UInt8(ascii: "2") else { return nil }
        let start = first.end(timeSize: 4)
        guard let header = Header(bytes, at: start), header.end(timeSize: 8) <= bytes.count, header.typeCount > 0
        else { return nil }
        var reader = BigEndianReader(bytes, at: start + Header.size)
        transitions = (0..<header.timeCount).map { _ in reader.int64() }
        let indexes = (0..<header.timeCount).map { _ in Int(reader.byte()) }
        let types = (0..<header.typeCount).map { _ in
            (offset: Int64(reader.int32()), isDaylight: reader.byte() != 0, name: reader.byte())
        }
        guard indexes.allSatisfy({ $0 < types.count }) else { return nil }
        offsets = indexes.map { types[$0].offset }
        firstOffset = types[0].offset
        let footer = bytes[header.end(timeSize: 8)...].dropFirst().prefix { $0 != 0x0A }
        rule = TimeZoneRule(String(decoding: footer, as: UTF8.self))
    }

    /// Seconds east of UTC at a time.
    func offset(at seconds: Int64) -> Int64 {
        guard let last = transitions.last, seconds < last else {
            return rule?.offset(at: seconds) ?? offsets.last ?? firstOffset
        }
        var low = 0
        var high = transitions.count
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? firstOffset : offsets[low - 1]
    }

    private struct Header {
        static let size = 44
        let start: Int
        let version: UInt8
        let isUTCount, isStandardCount, leapCount, timeCount, typeCount, characterCount: Int

        init?(_ bytes: [UInt8], at start: Int) {
            guard start + Self.size <= bytes.count, bytes[start..<start + 4].elementsEqual("TZif".utf8) else {
                return nil
            }
            self.start = start
            version = bytes[start + 4]
            var reader = BigEndianReader(bytes, at: start + 20)
            isUTCount = Int(reader.int32())
            isStandardCount = Int(reader.int32())
            leapCount = Int(reader.int32())
            timeCount = Int(reader.int32())
            typeCount = Int(reader.int32())
            characterCount = Int(reader.int32())
            let counts = [isUTCount, isStandardCount, leapCount, timeCount, typeCount, characterCount]
            guard counts.allSatisfy({ $0 >= 0 && $0 <= bytes.count }) else { return nil }
        }

        func end(timeSize: Int) -> Int {
            start + Self.size + timeCount * (timeSize + 1) + typeCount * 6 + characterCount
                + leapCount * (timeSize + 4) + isStandardCount + isUTCount
        }
    }
}

/// Reads big-endian numbers from left to right; the caller has checked the length.
private struct BigEndianReader {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], at position: Int) {
        self.bytes = bytes
        self.position = position
    }

    mutating func byte() -> UInt8 {
        defer { position += 1 }
        return position < bytes.count ? bytes[position] : 0
    }

    private mutating func number(_ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for _ in 0..<count { value = value << 8 | UInt64(byte()) }
        return value
    }

    mutating func int32() -> Int32 { Int32(truncatingIfNeeded: number(4)) }
    mutating func int64() -> Int64 { Int64(bitPattern: number(8)) }
}
