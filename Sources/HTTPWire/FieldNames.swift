internal import Bytes

/// Field names whose lines leave a head, compiled to be asked for every line of every request.
///
/// Compared as the laxest reader does: case does not count, and an underscore is a hyphen, since servers that make
/// variables of names (CGI, WSGI) read `X_User` as `X-User`.
package final class FieldNames: Sendable {
    /// In lower case, with hyphens.
    package let names: [[UInt8]]
    /// A bit per length of a name, those of 63 bytes and more together: most lines are told apart by it.
    private let lengths: UInt64

    package init(_ names: [[UInt8]]) {
        var kept: [[UInt8]] = []
        for name in names.map(Self.normalized) where !kept.contains(name) { kept.append(name) }
        self.names = kept
        lengths = kept.reduce(0) { $0 | 1 << UInt64(min(63, $1.count)) }
    }

    /// The names of both; nil where neither has any.
    package static func union(_ some: FieldNames?, _ others: FieldNames?) -> FieldNames? {
        guard let some, let others else { return some ?? others }
        return FieldNames(some.names + others.names)
    }

    package func contains(_ name: Span<UInt8>) -> Bool {
        guard lengths & 1 << UInt64(min(63, name.count)) != 0 else { return false }
        for known in names where Self.isWritten(name, as: known.span) { return true }
        return false
    }

    /// Marks the lines of these names as not forwarded.
    package func drop(from table: inout FieldTable, in bytes: Span<UInt8>) {
        for index in table.lines.indices where contains(bytes.extracting(table.lines[index].name)) {
            table.lines[index].isDropped = true
        }
    }

    /// Takes the lines of these names out of `lines`, each of which ends in CRLF.
    package func drop(from lines: inout [UInt8]) {
        var kept: [UInt8] = []
        var start = 0
        while start < lines.count {
            let end = (lines.span.firstIndex(of: ASCII.lineFeed, from: start) ?? lines.count - 1) + 1
            let colon = lines.span.firstIndex(of: UInt8(ascii: ":"), from: start) ?? end
            if !contains(lines.span.extracting(start..<min(colon, end))) { kept += lines[start..<end] }
            start = end
        }
        lines = kept
    }

    /// A name in the form that all its spellings share.
    package static func normalized(_ name: [UInt8]) -> [UInt8] {
        name.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0.asciiLowercased }
    }

    /// - Parameter normalized: as `normalized(_:)` gives it.
    package static func isWritten(_ name: Span<UInt8>, as normalized: Span<UInt8>) -> Bool {
        guard name.count == normalized.count else { return false }
        for index in 0..<name.count {
            let byte = name[index] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[index].asciiLowercased
            guard byte == normalized[index] else { return false }
        }
        return true
    }
}
