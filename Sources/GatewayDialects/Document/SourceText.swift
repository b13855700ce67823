internal import GatewayModel

/// The text of a document, by lines and columns as its reader counts them.
package struct SourceText: Sendable {
    /// UTF-8, without a byte order mark.
    let bytes: [UInt8]
    /// Where each line begins.
    private let lineStarts: [Int]

    package init(_ text: String) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let all = Array(text.utf8)
        bytes = all.starts(with: mark) ? Array(all.dropFirst(mark.count)) : all
        var starts = [0]
        for index in bytes.indices {
            if let next = Self.endOfBreak(bytes, index) { starts.append(next) }
        }
        lineStarts = starts
    }

    /// The bytes of a line without its end; nil where there is no such line.
    func line(_ number: Int) -> Range<Int>? {
        guard number > 0, number <= lineStarts.count else { return nil }
        let start = lineStarts[number - 1]
        var end = number < lineStarts.count ? lineStarts[number] : bytes.count
        guard end > start, Self.endOfBreak(bytes, end - 1) == end else { return start..<end }
        switch bytes[end - 1] {
        case 0x0A: end -= end - 1 > start && bytes[end - 2] == 0x0D ? 2 : 1
        case 0x0D: end -= 1
        case 0x85: end -= 2
        default: end -= 3
        }
        return start..<end
    }

    /// Line and column of a byte, both from 1; the column in Unicode scalars.
    func place(of offset: Int) -> (line: Int, column: Int) {
        var (low, high) = (0, lineStarts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        let column = bytes[lineStarts[low]..<min(max(offset, lineStarts[low]), bytes.count)].count { $0 & 0xC0 != 0x80 }
        return (low + 1, column + 1)
    }

    /// The byte at a column of a line, or the line's end where it is shorter.
    func offset(line: Int, column: Int) -> Int? {
        guard let range = self.line(line) else { return nil }
        var (index, left) = (range.lowerBound, column - 1)
        while index < range.upperBound, left > 0 {
            index += 1
            while index < range.upperBound, bytes[index] & 0xC0 == 0x80 { index += 1 }
            left -= 1
        }
        return index
    }

    /// Where the line after the break goes on that ends with this byte: LF, CR without LF, and NEL, LS and PS as YAML
    /// 1.1 has them, by which the parser counts.
    private static func endOfBreak(_ bytes: [UInt8], _ index: Int) -> Int? {
        switch bytes[index] {
        case 0x0A: index + 1
        case 0x0D: index + 1 < bytes.count && bytes[index + 1] == 0x0A ? nil : index + 1
        case 0x85: index > 0 && bytes[index - 1] == 0xC2 ? index + 1 : nil
        case 0xA8, 0xA9: index > 1 && bytes[index - 2] == 0xE2 && bytes[index - 1] == 0x80 ? index + 1 : nil
        default: nil
        }
    }
}
