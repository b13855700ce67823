/// Reads DER (X.690) strictly: definite lengths in their shortest form, low tag numbers only.
struct DERReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    var isAtEnd: Bool { position == end }

    /// The tag of the next element, or nil at the end.
    var nextTag: UInt8? { position < end ? bytes[position] : nil }

    /// The content of the next element if it has this tag, or nil.
    mutating func content(_ tag: UInt8) -> [UInt8]? {
        element(tag).map { Array(bytes[$0]) }
    }

    /// A reader of the next element's content if it has this tag, or nil.
    mutating func enter(_ tag: UInt8) -> DERReader? {
        element(tag).map { DERReader(bytes, $0) }
    }

    /// Steps over the next element, whatever it is; false at the end or on bad form.
    mutating func skip() -> Bool {
        guard let tag = nextTag else { return false }
        return element(tag) != nil
    }

    /// The next element's bytes from its tag on if it has this tag, or nil.
    mutating func whole(_ tag: UInt8) -> [UInt8]? {
        let start = position
        return element(tag).map { Array(bytes[start..<$0.upperBound]) }
    }

    /// The magnitude of a non-negative INTEGER, without leading zeros.
    mutating func unsignedInteger() -> [UInt8]? {
        guard let content = content(0x02), let first = content.first, first < 0x80 else { return nil }
        guard first == 0 else { return content }
        if content.count > 1, content[1] < 0x80 { return nil }
        return Array(content.dropFirst())
    }

    private mutating func element(_ tag: UInt8) -> Range<Int>? {
        guard position + 2 <= end, bytes[position] == tag, tag & 0x1F != 0x1F else { return nil }
        var index = position + 1
        var length = Int(bytes[index])
        index += 1
        if length >= 0x80 {
            let octets = length & 0x7F
            guard (1...4).contains(octets), index + octets <= end else { return nil }
            length = bytes[index..<index + octets].reduce(0) { $0 << 8 | Int($1) }
            guard length >= 0x80, bytes[index] != 0 else { return nil }
            index += octets
        }
        guard length <= end - index else { return nil }
        position = index + length
        return index..<position
    }
}
