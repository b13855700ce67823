internal import Bytes

/// Where a text stands among the bytes of its consumer.
struct TextRange: Sendable {
    private let start: UInt32
    private let count: UInt32

    init(_ range: Range<Int>) {
        start = UInt32(range.lowerBound)
        count = UInt32(range.count)
    }

    var indices: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// Gathers the texts of a consumer behind each other.
struct ConsumerTextBuilder {
    private var bytes: [UInt8] = []

    mutating func add(_ text: some Collection<UInt8>) -> TextRange {
        // Most consumers' credentials are named as they are themselves, and their own name is the first.
        if bytes.starts(with: text) { return TextRange(0..<text.count) }
        let start = bytes.count
        bytes += text
        return TextRange(start..<bytes.count)
    }

    /// All of them, in no more memory than they take.
    consuming func finish() -> [UInt8] {
        var exact: [UInt8] = []
        exact.reserveCapacity(bytes.count)
        exact += bytes
        return exact
    }
}
