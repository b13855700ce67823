internal import Bytes

/// One field line of a head, as offsets into the message's bytes.
package struct FieldLine: Sendable {
    package var nameStart: UInt32
    package var nameEnd: UInt32
    /// The value without the blanks around it.
    package var valueStart: UInt32
    package var valueEnd: UInt32
    /// Behind the line's CRLF.
    package var lineEnd: UInt32
    package var known: KnownField
    /// Whether the line is left out when the message is forwarded.
    package var isDropped = false

    package init(
        nameStart: UInt32, nameEnd: UInt32, valueStart: UInt32, valueEnd: UInt32, lineEnd: UInt32, known: KnownField
    ) {
        self.nameStart = nameStart
        self.nameEnd = nameEnd
        self.valueStart = valueStart
        self.valueEnd = valueEnd
        self.lineEnd = lineEnd
        self.known = known
    }

    package var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
    package var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    package var line: Range<Int> { Int(nameStart)..<Int(lineEnd) }
}

/// The field lines of one head. Reused from message to message, so that steady traffic allocates nothing.
package struct FieldTable: Sendable {
    package var lines: [FieldLine] = []

    package init() {
        lines.reserveCapacity(32)
    }

    package mutating func removeAll() {
        lines.removeAll(keepingCapacity: true)
    }

    /// Marks every line of a name (in any case) as not forwarded.
    package mutating func drop(_ name: Span<UInt8>, in bytes: Span<UInt8>) {
        for index in lines.indices
        where bytes.extracting(lines[index].name).equalsIgnoringASCIICase(name) {
            lines[index].isDropped = true
        }
    }

    /// Marks all lines as not forwarded but those that say how the message is conveyed.
    package mutating func dropAllButConveyance() {
        for index in lines.indices where !lines[index].known.isOfConveyance { lines[index].isDropped = true }
    }

    /// Marks every line of a known name as not forwarded.
    package mutating func drop(_ known: KnownField) {
        for index in lines.indices where lines[index].known == known {
            lines[index].isDropped = true
        }
    }
}
