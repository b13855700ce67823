/// A string whose scalars can be addressed by number.
struct ScalarText {
    private let text: CELBuffer
    /// The offset of each scalar; empty for ASCII, where they are the numbers themselves.
    private let offsets: [Int]
    let count: Int

    /// Nil where the budget does not allow to look at the text.
    init?(_ text: CELBuffer, _ frame: inout CELFrame) {
        guard frame.spend(bytes: text.count) else { return nil }
        self.text = text
        count = text.scalarCount
        var offsets: [Int] = []
        if count != text.count {
            offsets.reserveCapacity(count)
            for index in 0..<text.count where text[index] & 0xC0 != 0x80 { offsets.append(index) }
        }
        self.offsets = offsets
    }

    /// The byte offset of the scalar at `index`, which may be the end.
    func offset(of index: Int) -> Int {
        if index >= count { return text.count }
        return offsets.isEmpty ? index : offsets[index]
    }

    /// The number of the scalar at a byte offset.
    func index(of offset: Int) -> Int {
        if offsets.isEmpty { return offset }
        var low = 0
        var high = offsets.count
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] < offset { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func slice(_ range: Range<Int>) -> CELBuffer {
        text.slice(offset(of: range.lowerBound)..<offset(of: range.upperBound))
    }

    /// The text without white space (Unicode property White_Space) at its ends.
    var trimmed: CELBuffer {
        let scalars = Array(text.text.unicodeScalars)
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return .empty }
        return slice(first..<last + 1)
    }
}
