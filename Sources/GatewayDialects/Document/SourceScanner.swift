/// Finds the values of a YAML or JSON text, and the keys that lead to each, without parsing it.
///
/// For excerpts, which are shown of texts that no parser reads, too. It knows less than a parser: of what it does not
/// understand it tells no path, so that whoever shows only what he knows shows nothing of it.
struct SourceScanner {
    enum Step: Equatable, Sendable {
        case key(String)
        case item
    }

    /// A piece of the text that is no key: a scalar or a line of one, a tag, an anchor, a comment.
    struct Piece: Equatable {
        /// In bytes, with its quotes.
        var range: Range<Int>
        /// Nil: nobody knows what it is.
        var path: [Step]?
        /// Whether quotes stand around it: if they are not the right ones, all that follows is read wrong.
        var isQuoted = false
    }

    private struct Level {
        enum Kind { case key, item, flowMapping, flowSequence }

        var kind: Kind
        /// Bytes in front of it on its line; -1 inside brackets.
        var column = -1
        var key: String?
        /// Something stands in it that nobody understands; or, in brackets, a value that no comma has followed yet.
        var isLost = false

        var isFlow: Bool { kind == .flowMapping || kind == .flowSequence }
    }

    let bytes: [UInt8]
    private var position = 0
    private var lineStart = 0
    private var levels: [Level] = []
    /// Whether nothing stands before on the line but blanks and marks of lists.
    private var beginsNode = true
    /// Whether a value has ended on this line: what follows it is out of place.
    private var hasValue = false
    /// What stands in double quotes, keys included.
    private(set) var doubleQuoted: [Range<Int>] = []

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var isInFlow: Bool { levels.last?.isFlow ?? false }
    private var column: Int { position - lineStart }

    /// The next piece, in the order of the text.
    mutating func next() -> Piece? {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x09, 0x0D: position += 1
            case 0x0A: startLine(after: position)
            case UInt8(ascii: "#") where isBlank(position - 1):
                return piece(to: endOfLine(position), path: nil)
            default:
                if let piece = isInFlow ? flowPiece() : blockPiece() { return piece }
            }
        }
        return nil
    }

    private var path: [Step]? {
        var path: [Step] = []
        for level in levels {
            guard !level.isLost else { return nil }
            switch level.kind {
            case .key, .flowMapping:
                guard let key = level.key else { return nil }
                path.append(.key(key))
            case .item: path.append(.item)
            case .flowSequence:
                path.append(.item)
                if let key = level.key { path.append(.key(key)) }
            }
        }
        return path
    }

    private mutating func piece(to end: Int, path: [Step]?, isQuoted: Bool = false) -> Piece {
        defer { position = end }
        return Piece(range: position..<end, path: path, isQuoted: isQuoted)
    }

    private mutating func startLine(after lineEnd: Int) {
        position = lineEnd + 1
        lineStart = position
        beginsNode = true
        hasValue = false
    }
}

// MARK: - Lines and their indentation

extension SourceScanner {
    private mutating func blockPiece() -> Piece? {
        guard !hasValue else { return piece(to: endOfLine(position), path: nil) }
        if beginsNode, startsStructure() { return nil }
        switch bytes[position] {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if beginsNode { leave(downTo: column) }
            open()
            return nil
        case UInt8(ascii: "&"), UInt8(ascii: "!"):
            return piece(to: endOfWord(position), path: path)
        case UInt8(ascii: "|"), UInt8(ascii: ">"):
            if let end = endOfBlockHeader { return blockScalar(after: end) }
        case UInt8(ascii: "?") where beginsNode && isBlank(position + 1):
            return piece(to: endOfLine(position), path: nil)
        default: break
        }
        return blockScalarOrKey()
    }

    /// A mark of a list or of a document.
    private mutating func startsStructure() -> Bool {
        if column == 0, starts(with: "---") || starts(with: "..."), isBlank(position + 3) {
            levels = []
            position += 3
            return true
        }
        guard bytes[position] == UInt8(ascii: "-"), isBlank(position + 1) else { return false }
        leave(downTo: column + 1)
        if levels.last?.kind != .item || levels.last?.column != column {
            levels.append(Level(kind: .item, column: column))
        }
        position += 1
        return true
    }

    private mutating func blockScalarOrKey() -> Piece? {
        let start = position
        let isQuoted = isQuote(bytes[start])
        let end = isQuoted ? endOfQuoted(start) : endOfPlain(start)
        let colon = isQuoted ? skipBlanks(end) : end
        if bytes[start] == UInt8(ascii: "\"") { doubleQuoted.append(start..<end) }
        if isColon(colon), beginsNode, !bytes[start..<end].contains(0x0A) {
            leave(downTo: column)
            levels.append(Level(kind: .key, column: column, key: text(start..<end, isQuoted: isQuoted)))
            position = colon + 1
            beginsNode = false
            return nil
        }
        if beginsNode { leave(downTo: column) }
        // A second colon makes no second key of what stands on one line.
        noteLines(in: start..<end)
        hasValue = true
        return piece(to: end, path: path, isQuoted: isQuoted)
    }

    /// Leaves what does not reach as far to the left as this.
    private mutating func leave(downTo column: Int) {
        while let last = levels.last, last.column >= column { levels.removeLast() }
    }

    /// The end of `|`, `>2-` and their like; nil where more stands on the line.
    private var endOfBlockHeader: Int? {
        var index = position + 1
        while index < bytes.count, "+-0123456789".utf8.contains(bytes[index]) { index += 1 }
        let end = skipBlanks(index)
        guard
            end == bytes.count || bytes[end] == 0x0A || bytes[end] == 0x0D
                || (bytes[end] == UInt8(ascii: "#") && end > index)
        else { return nil }
        return endOfLine(end)
    }

    /// All lines that are indented deeper than what they belong to.
    private mutating func blockScalar(after header: Int) -> Piece {
        if beginsNode { leave(downTo: column) }
        let indentation = levels.last?.column ?? -1
        var end = header
        while end < bytes.count {
            let line = end + 1
            var first = line
            while first < bytes.count, bytes[first] == 0x20 { first += 1 }
            let isEmpty = first >= bytes.count || bytes[first] == 0x0A || bytes[first] == 0x0D
            guard isEmpty || first - line > indentation else { break }
            end = endOfLine(first)
        }
        position = min(header + 1, bytes.count)
        let piece = piece(to: max(position, end), path: path)
        lineStart = position
        return piece
    }
}

// MARK: - Brackets

extension SourceScanner {
    private mutating func flowPiece() -> Piece? {
        let top = levels.count - 1
        switch bytes[position] {
        case UInt8(ascii: "{"), UInt8(ascii: "["): open()
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            levels.removeLast()
            position += 1
            hasValue = !isInFlow
            if isInFlow { levels[levels.count - 1].isLost = true }
        case UInt8(ascii: ","):
            levels[top].key = nil
            levels[top].isLost = false
            position += 1
        case UInt8(ascii: ":"):
            // Of no key that was understood.
            levels[top].isLost = true
            position += 1
        default: return flowScalarOrKey(top)
        }
        return nil
    }

    private mutating func open() {
        let isMapping = bytes[position] == UInt8(ascii: "{")
        levels.append(Level(kind: isMapping ? .flowMapping : .flowSequence))
        position += 1
    }

    private mutating func flowScalarOrKey(_ top: Int) -> Piece? {
        let start = position
        let isQuoted = isQuote(bytes[start])
        let end = isQuoted ? endOfQuoted(start) : max(start + 1, endOfFlowPlain(start))
        let colon = isQuoted ? skipBlanks(end) : end
        if bytes[start] == UInt8(ascii: "\"") { doubleQuoted.append(start..<end) }
        guard colon < bytes.count, bytes[colon] == UInt8(ascii: ":") else {
            let path = path
            levels[top].isLost = true
            noteLines(in: start..<end)
            return piece(to: end, path: path, isQuoted: isQuoted)
        }
        guard levels[top].key == nil, !levels[top].isLost else {
            levels[top].isLost = true
            noteLines(in: start..<end)
            return piece(to: end, path: nil, isQuoted: isQuoted)
        }
        levels[top].key = text(start..<end, isQuoted: isQuoted)
        position = colon + 1
        return nil
    }
}

// MARK: - Bytes

extension SourceScanner {
    private func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

    /// Blank, the end of a line or of the text.
    private func isBlank(_ index: Int) -> Bool {
        index < 0 || index >= bytes.count || bytes[index] <= 0x20
    }

    private func isColon(_ index: Int) -> Bool {
        index < bytes.count && bytes[index] == UInt8(ascii: ":") && isBlank(index + 1)
    }

    private func starts(with mark: StaticString) -> Bool {
        position + mark.utf8CodeUnitCount <= bytes.count
            && (0..<mark.utf8CodeUnitCount).allSatisfy { bytes[position + $0] == mark.utf8Start[$0] }
    }

    private func skipBlanks(_ index: Int) -> Int {
        var index = index
        while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        return index
    }

    private func endOfLine(_ index: Int) -> Int {
        var index = index
        while index < bytes.count, bytes[index] != 0x0A { index += 1 }
        return index
    }

    private func endOfWord(_ index: Int) -> Int {
        var index = index
        while !isBlank(index) { index += 1 }
        return index
    }

    /// Behind the closing quote, or at the end of the text.
    private func endOfQuoted(_ start: Int) -> Int {
        let quote = bytes[start]
        var index = start + 1
        while index < bytes.count {
            if quote == UInt8(ascii: "\""), bytes[index] == UInt8(ascii: "\\") {
                index += 2
            } else if bytes[index] != quote {
                index += 1
            } else if quote == UInt8(ascii: "'"), index + 1 < bytes.count, bytes[index + 1] == quote {
                index += 2
            } else {
                return index + 1
            }
        }
        return bytes.count
    }

    /// At a colon that ends a key, a comment, or the end of the line.
    private func endOfPlain(_ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != 0x0A {
            if isColon(index) || (bytes[index] == UInt8(ascii: "#") && index > start && isBlank(index - 1)) { break }
            index += 1
        }
        return index
    }

    private func endOfFlowPlain(_ start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != 0x0A, !",[]{}".utf8.contains(bytes[index]) {
            let endsKey =
                bytes[index] == UInt8(ascii: ":")
                && (isBlank(index + 1) || ",[]{}".utf8.contains(bytes[index + 1]))
            if endsKey || (bytes[index] == UInt8(ascii: "#") && index > start && isBlank(index - 1)) { break }
            index += 1
        }
        return index
    }

    private mutating func noteLines(in range: Range<Int>) {
        if let last = bytes[range].lastIndex(of: 0x0A) { lineStart = last + 1 }
    }

    private func text(_ range: Range<Int>, isQuoted: Bool) -> String {
        let inner = isQuoted ? bytes[range].dropFirst().dropLast() : bytes[range]
        let written = String(decoding: inner, as: UTF8.self)
        guard !isQuoted else { return written }
        return String(written.reversed().drop { $0 == " " || $0 == "\t" }.reversed())
    }
}
