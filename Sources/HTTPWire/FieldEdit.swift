internal import Bytes

/// A change of a head's field lines: the lines of some names leave, then others come in.
///
/// Immutable, so that one that was made with the configuration serves every request; one that depends on a request
/// is made for it.
package final class FieldEdit: Sendable {
    package let removed: FieldNames
    /// Whole lines, each with its CRLF.
    package let added: [UInt8]
    /// Lines of all other names leave too, but those that say how a message is conveyed.
    package let removesAll: Bool

    package init(removing removed: FieldNames, adding added: [UInt8], removesAll: Bool = false) {
        self.removed = removed
        self.added = added
        self.removesAll = removesAll
    }

    /// An edit that leaves these lines as the only ones of their names.
    package convenience init(setting fields: [(name: [UInt8], value: [UInt8])]) {
        self.init(removing: FieldNames(fields.map(\.name)), adding: Self.lines(fields))
    }

    /// Field lines as they are added.
    package static func lines(_ fields: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var lines: [UInt8] = []
        for (name, value) in fields { lines += name + Array(": ".utf8) + value + Array("\r\n".utf8) }
        return lines
    }

    /// Calls `body` with name, value and whole of each of these lines.
    package static func forEachLine(
        of lines: Span<UInt8>, _ body: (_ name: Range<Int>, _ value: Range<Int>, _ line: Range<Int>) -> Void
    ) {
        var start = 0
        while let end = lines.firstIndex(of: ASCII.lineFeed, from: start),
            let colon = lines.firstIndex(of: UInt8(ascii: ":"), from: start), colon < end
        {
            var (first, last) = (colon + 1, end - 1)
            while first < last, lines[first] == ASCII.space || lines[first] == ASCII.tab { first += 1 }
            while last > first, lines[last - 1] == ASCII.space || lines[last - 1] == ASCII.tab { last -= 1 }
            body(start..<colon, first..<last, start..<end + 1)
            start = end + 1
        }
    }

    /// This edit and then the other one, as one; what this one adds the other may take out again.
    package func followed(by next: FieldEdit) -> FieldEdit {
        var lines = next.removesAll ? [] : added
        next.removed.drop(from: &lines)
        return FieldEdit(
            removing: FieldNames(removed.names + next.removed.names), adding: lines + next.added,
            removesAll: removesAll || next.removesAll)
    }

    /// The edit of one that may be there and then another one.
    package static func chain(_ first: FieldEdit?, _ next: FieldEdit?) -> FieldEdit? {
        guard let first, let next else { return first ?? next }
        return first.followed(by: next)
    }
}
