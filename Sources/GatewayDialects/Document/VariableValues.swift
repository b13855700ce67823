internal import Bytes
package import GatewayModel

/// What the environment variables of a document hold, which nobody is to read in what is said about it.
///
/// Messages repeat what they are about: a value, a part of one, or what was made of it, mostly in quotes or backticks.
/// What may come from a variable is replaced by `…`, unless it is also written in the document itself.
package struct VariableValues {
    /// As `folded` makes them; none is empty.
    private let values: [[UInt8]]
    private let written: [UInt8]
    /// The first bytes of all parts of values that count as such: most of a message begins none.
    private let beginnings: Set<[UInt8]>
    private let source: SourceText
    private let documentName: String
    /// What stands in the document itself, of what was asked for so far.
    private var known: [ArraySlice<UInt8>: Bool] = [:]

    /// What may be a word of any message.
    private static let shortestInProse = 6
    /// What is hardly ever in a message about something else.
    private static let shortestInQuotes = 4

    /// Nil where a document has no variables.
    package init?(of text: String, documentName: String, environment: [String: String]) {
        let names = VariableExpansion.names(in: text)
        let values = Set(names.compactMap { environment[$0] }).map { Self.folded($0.utf8) }.filter {
            !$0.isEmpty
        }
        guard !values.isEmpty else { return nil }
        self.values = values
        beginnings = Set(
            values.flatMap { value in
                value.indices.dropLast(Self.shortestInQuotes - 1).map { Array(value[$0..<$0 + Self.shortestInQuotes]) }
            })
        written = Self.folded(text.utf8)
        source = SourceText(text)
        self.documentName = documentName
    }

    /// The finding without them.
    package mutating func withheld(from diagnostic: Diagnostic) -> Diagnostic {
        let place = diagnostic.provenance
        let isBeside =
            place.document == documentName
            && source.line(place.line).map { source.bytes[$0].contains(UInt8(ascii: "$")) } ?? false
        var shown = diagnostic
        shown.message = withheld(from: diagnostic.message, isBeside: isBeside)
        shown.hint = diagnostic.hint.map { withheld(from: $0, isBeside: isBeside) }
        if let inside = diagnostic.inside, holdsValue(Self.folded(inside.text.utf8)) { shown.inside = nil }
        return shown
    }

    /// - Parameter isBeside: whether it is about a line with a variable: then no value is too short to be one.
    private mutating func withheld(from message: String, isBeside: Bool) -> String {
        let bytes = Array(message.utf8)
        var shown: [UInt8] = []
        var rest = bytes[...]
        while let open = rest.indices.first(where: { Self.opensQuotes($0, bytes) }),
            let close = rest[(open + 1)...].firstIndex(of: rest[open])
        {
            shown += withoutRuns(rest[...open], of: Self.shortestInProse, isBeside: false)
            shown += quoted(rest[(open + 1)..<close], isBeside: isBeside)
            shown.append(rest[close])
            rest = rest[(close + 1)...]
        }
        shown += withoutRuns(rest, of: Self.shortestInProse, isBeside: false)
        return String(decoding: shown, as: UTF8.self)
    }

    /// An apostrophe stands behind a letter.
    private static func opensQuotes(_ index: Int, _ bytes: [UInt8]) -> Bool {
        switch bytes[index] {
        case UInt8(ascii: "`"), UInt8(ascii: "\""): true
        case UInt8(ascii: "'"): index == 0 || !bytes[index - 1].isASCIILetter
        default: false
        }
    }

    private mutating func quoted(_ text: ArraySlice<UInt8>, isBeside: Bool) -> [UInt8] {
        let part = Self.folded(text)
        if isBeside, !part.isEmpty, values.contains(where: { $0.contains(part) }), !isWritten(part[...]) {
            return Self.mark
        }
        return withoutRuns(text, of: Self.shortestInQuotes, isBeside: isBeside)
    }

    /// The text without what is, for so many bytes or more, a part of a value, and where `isBeside` without whole ones.
    private mutating func withoutRuns(_ text: ArraySlice<UInt8>, of shortest: Int, isBeside: Bool) -> [UInt8] {
        let folded = Self.folded(text)
        var shown: [UInt8] = []
        var index = 0
        while index < folded.count {
            let next = Array(folded[index...].prefix(Self.shortestInQuotes))
            let run = values.reduce(0) { longest, value in
                guard beginnings.contains(next) || value.count < Self.shortestInQuotes else { return longest }
                let length = Self.run(folded[index...], in: value)
                return length >= shortest || (isBeside && length == value.count) ? max(longest, length) : longest
            }
            let range = index..<index + max(run, 1)
            shown += run > 0 && !isWritten(folded[range]) ? Self.mark : Array(text.dropFirst(index).prefix(range.count))
            index = range.upperBound
        }
        return shown
    }

    /// How far the text goes on as the value does somewhere.
    private static func run(_ text: ArraySlice<UInt8>, in value: [UInt8]) -> Int {
        value.indices.reduce(0) { longest, start in
            var length = 0
            while length < text.count, start + length < value.count,
                text[text.startIndex + length] == value[start + length]
            {
                length += 1
            }
            return max(longest, length)
        }
    }

    private mutating func isWritten(_ part: ArraySlice<UInt8>) -> Bool {
        if let known = known[part] { return known }
        let isWritten = written.contains(part)
        known[part] = isWritten
        return isWritten
    }

    private func holdsValue(_ text: [UInt8]) -> Bool { values.contains { text.contains($0) } }

    private static let mark = Array("…".utf8)

    /// Hosts are repeated in lower case.
    private static func folded(_ text: some Sequence<UInt8>) -> [UInt8] { text.map(\.asciiLowercased) }
}
