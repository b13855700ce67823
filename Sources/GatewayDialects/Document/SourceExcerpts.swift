internal import GatewayModel

/// Lines of a document as they are shown beside what is wrong with them, without its secrets.
///
/// A value is shown where its field is known for one that holds no secret, and `…` in its place otherwise: also of a
/// text that is no YAML, and of a value that stands where it does not belong.
package struct SourceExcerpts {
    private let source: SourceText
    /// In bytes, in order.
    private var hidden: [Range<Int>] = []

    /// - Parameters:
    ///   - lines: the ones that will be asked for.
    ///   - shape: the document's.
    ///   - isWellFormed: whether a parser could read it. If not, quotes may be missing.
    package init(of source: SourceText, lines: Set<Int>, _ shape: ObjectShape, isWellFormed: Bool) {
        self.source = source
        let wanted = lines.compactMap(source.line).sorted { $0.lowerBound < $1.lowerBound }
        guard let end = wanted.last?.upperBound else { return }
        var scanner = SourceScanner(source.bytes)
        var next = wanted[...]
        while let piece = scanner.next(), piece.range.lowerBound <= end {
            while let line = next.first, line.upperBound < piece.range.lowerBound { next.removeFirst() }
            guard let line = next.first, line.lowerBound <= piece.range.upperBound else { continue }
            hide(piece, shape, isWellFormed)
        }
    }

    private mutating func hide(_ piece: SourceScanner.Piece, _ shape: ObjectShape, _ isWellFormed: Bool) {
        guard let path = piece.path, FieldShape.Kind.object(shape).isShown(at: path[...]) || isReference(piece.range)
        else {
            hidden.append(piece.range)
            return
        }
        if piece.isQuoted, !isWellFormed, let lineEnd = source.bytes[piece.range].firstIndex(of: 0x0A) {
            hidden.append(lineEnd + 1..<piece.range.upperBound)
            return
        }
        // Of URLs: user and password, and what follows the question mark.
        for url in WrittenURL.all(in: source.bytes, piece.range) { hidden += [url.user, url.query].compactMap(\.self) }
        hideUsers(in: piece.range)
    }

    /// `$NAME` or `${NAME}` and nothing else: it tells where a secret is, not what it is.
    private func isReference(_ range: Range<Int>) -> Bool {
        var text = source.bytes[range].filter { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'") && $0 > 0x20 }[...]
        guard text.popFirst() == UInt8(ascii: "$") else { return false }
        if text.first == UInt8(ascii: "{"), text.last == UInt8(ascii: "}") { text = text.dropFirst().dropLast() }
        return !text.isEmpty
            && text.allSatisfy { $0 == UInt8(ascii: "_") || $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 }
    }

    /// Of `user:password@host`: what stands before the `@`.
    private mutating func hideUsers(in range: Range<Int>) {
        let bytes = source.bytes
        for at in range where bytes[at] == UInt8(ascii: "@") {
            let isBreak = { (byte: UInt8) in byte <= 0x20 || "\"'/,(){}[]".utf8.contains(byte) }
            let start = bytes[range.lowerBound..<at].lastIndex(where: isBreak).map { $0 + 1 } ?? range.lowerBound
            if bytes[start..<at].contains(UInt8(ascii: ":")) { hidden.append(start..<at) }
        }
    }
}

// MARK: - Showing

extension SourceExcerpts {
    /// How many characters of a line are shown.
    private static var width: Int { 160 }

    /// The line, cut to what is near the column where it is long, with a caret under it; nil where there is no such
    /// line.
    package func excerpt(line: Int, column: Int) -> String? {
        guard let range = source.line(line), let caret = source.offset(line: line, column: column) else { return nil }
        let isShort = after(range.lowerBound, in: range, by: Self.width) == range.upperBound
        let start = isShort ? range.lowerBound : before(caret, in: range, by: Self.width / 2)
        let end = after(start, in: range, by: Self.width)
        let secrets = hidden.filter { $0.overlaps(start..<end) }
        var shown = start > range.lowerBound ? "…" : ""
        var indent = shown.isEmpty ? "" : " "
        var index = start
        while index < end {
            let next: Int
            let text: String
            if let secret = secrets.first(where: { $0.contains(index) }) {
                next = min(secret.upperBound, end)
                text = "…"
            } else {
                next = after(index, in: range, by: 1)
                text = String(decoding: source.bytes[index..<next], as: UTF8.self)
            }
            shown += text
            // Tabs stay tabs, so that the caret stands below its character.
            if next <= caret { indent += text == "\t" ? "\t" : " " }
            index = next
        }
        if end < range.upperBound { shown += "…" }
        let number = String(line)
        let gutter = String(repeating: " ", count: number.count)
        return "\(number) | \(shown)\n\(gutter) | \(indent)^"
    }

    private func before(_ offset: Int, in line: Range<Int>, by count: Int) -> Int {
        var (index, left) = (offset, count)
        while index > line.lowerBound, left > 0 {
            index -= 1
            if source.bytes[index] & 0xC0 != 0x80 { left -= 1 }
        }
        return index
    }

    private func after(_ offset: Int, in line: Range<Int>, by count: Int) -> Int {
        var (index, left) = (offset, count)
        while index < line.upperBound, left > 0 {
            index += 1
            while index < line.upperBound, source.bytes[index] & 0xC0 == 0x80 { index += 1 }
            left -= 1
        }
        return index
    }
}

extension FieldShape.Kind {
    /// Whether a text at this path may be shown: all that it may be is known, and no secret.
    fileprivate func isShown(at path: ArraySlice<SourceScanner.Step>) -> Bool {
        switch (self, path.first) {
        case (.string, nil), (.integer, nil), (.number, nil), (.boolean, nil), (.duration, nil), (.choice, nil): true
        case (.list(let item), nil): item.isShown(at: path)
        case (.list(let item), .item): item.isShown(at: path.dropFirst())
        case (.map(let item), .key(let name)): !Self.isCredential(name) && item.isShown(at: path.dropFirst())
        case (.object(let shape), .key(let name)):
            shape.field(name).map { $0.status != .notOffered && $0.kind.isShown(at: path.dropFirst()) } ?? false
        case (.ours(let kind), _): kind.isShown(at: path)
        case (.either(let kinds), _):
            kinds.contains { $0.isShown(at: path) } && !kinds.contains { $0.isSecret(at: path) }
        default: false
        }
    }

    private func isSecret(at path: ArraySlice<SourceScanner.Step>) -> Bool {
        switch (self, path.first) {
        case (.secret, nil), (.anything, _): true
        case (.list(let item), .item), (.list(let item), nil): item.isSecret(at: path.dropFirst())
        case (.map(let item), .key): item.isSecret(at: path.dropFirst())
        case (.object(let shape), .key(let name)):
            shape.field(name).map { $0.kind.isSecret(at: path.dropFirst()) } ?? false
        case (.ours(let kind), _): kind.isSecret(at: path)
        case (.either(let kinds), _): kinds.contains { $0.isSecret(at: path) }
        default: false
        }
    }

    /// Headers that say, by their name, who somebody is.
    private static func isCredential(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["auth", "cookie", "key", "token", "secret", "password", "credential", "session", "signature"]
            .contains { name.contains($0) }
    }
}
