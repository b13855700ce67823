internal import Bytes
internal import HTTPWire

/// Takes tokens out of what is forwarded. The request as received stays readable for later stages: what
/// leaves is noted while they run, and left out once, when all of them have.
enum TokenRemoval {
    static func note(_ found: FoundToken, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        switch found.place {
        case .none: break
        case .header(let line): scratch.table.lines[line].isDropped = true
        case .query(let pair): scratch.removedParameters.append(pair)
        case .cookie(let line, let pair): scratch.removedCookies.append((line, pair))
        case .anywhere: noteEverywhere(found.storage(scratch), &scratch, bytes)
        }
    }

    /// As `note`, and the other lines of the header: a service might read one of them.
    static func noteWithItsKind(_ found: FoundToken, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        note(found, &scratch, bytes)
        guard case .header(let line) = found.place else { return }
        let name = bytes.extracting(scratch.table.lines[line].name)
        for other in scratch.table.lines.indices
        where bytes.extracting(scratch.table.lines[other].name).equalsIgnoringASCIICase(name) {
            scratch.table.lines[other].isDropped = true
        }
    }

    static func finish(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        if !scratch.removedParameters.isEmpty { rewriteQuery(&scratch, bytes) }
        if !scratch.removedCookies.isEmpty { rewriteCookies(&scratch, bytes) }
    }

    private static func rewriteQuery(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        guard let query = scratch.target.query else { return }
        if scratch.hasNewTarget { return leaveNewTarget(&scratch, bytes) }
        scratch.removedParameters.sort { $0.lowerBound < $1.lowerBound }
        scratch.hasRewrittenQuery = true
        if scratch.target.isVerbatim {
            appendKept(of: bytes.extracting(query), scratch.removedParameters, to: &scratch.rewrittenQuery)
        } else {
            let storage = scratch.target.storage
            appendKept(of: storage.span.extracting(query), scratch.removedParameters, to: &scratch.rewrittenQuery)
        }
    }

    /// Takes the parameters that leave out of a target that transformations have made, too, where they stand there as
    /// they were sent.
    static func leaveNewTarget(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        guard scratch.hasNewTarget, !scratch.rewrittenQuery.isEmpty, let query = scratch.target.query else { return }
        let storage = scratch.target.storage
        let text = (scratch.target.isVerbatim ? bytes : storage.span).extracting(query)
        let removed = scratch.removedParameters.map { text.extracting($0).copied }
        var kept: [UInt8] = []
        let hasLeft = appendKept(of: scratch.rewrittenQuery.span.extracting(droppingFirst: 1), to: &kept) { pair, _ in
            removed.contains { pair.equals($0.span) }
        }
        guard hasLeft else { return }
        scratch.rewrittenQuery = kept
        scratch.changed.setQuery(kept)
    }

    /// The question mark and the parameters that stay, or nothing.
    ///
    /// - Returns: whether any has left.
    static func appendKept(
        of query: Span<UInt8>, to output: inout [UInt8],
        _ isRemoved: (_ pair: Span<UInt8>, _ name: Span<UInt8>) -> Bool
    ) -> Bool {
        var hasLeft = false
        QueryString.forEach(query) { pair, name, _ in
            if isRemoved(query.extracting(pair), query.extracting(name)) {
                hasLeft = true
            } else {
                output.append(output.isEmpty ? UInt8(ascii: "?") : UInt8(ascii: "&"))
                output += query.extracting(pair).copied
            }
            return true
        }
        return hasLeft
    }

    /// The question mark and the parameters that stay, or nothing.
    ///
    /// - Parameter removed: pairs of the query, in its order.
    static func appendKept(of query: Span<UInt8>, _ removed: [Range<Int>], to output: inout [UInt8]) {
        var next = 0
        var start = 0
        while start <= query.count {
            let end = query.firstIndex(of: UInt8(ascii: "&"), from: start) ?? query.count
            while next < removed.count, removed[next].lowerBound < start { next += 1 }
            if next == removed.count || removed[next].lowerBound != start {
                output.append(output.isEmpty ? UInt8(ascii: "?") : UInt8(ascii: "&"))
                output += query.extracting(start..<end).copied
            }
            start = end + 1
        }
    }

    /// Replaces each line with a removed cookie by one without it, or by none.
    private static func rewriteCookies(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        scratch.removedCookies.sort { $0.pair.lowerBound < $1.pair.lowerBound }
        var next = 0
        while next < scratch.removedCookies.count {
            let line = scratch.removedCookies[next].line
            var end = next
            while end < scratch.removedCookies.count, scratch.removedCookies[end].line == line { end += 1 }
            // What `Connection` names is not forwarded anyway.
            if !scratch.table.lines[line].isDropped {
                scratch.table.lines[line].isDropped = true
                appendKept(
                    of: scratch.table.lines[line], scratch.removedCookies[next..<end], bytes, to: &scratch.addedLines)
            }
            next = end
        }
    }

    private static func appendKept(
        of line: FieldLine, _ removed: ArraySlice<(line: Int, pair: Range<Int>)>, _ bytes: Span<UInt8>,
        to output: inout [UInt8]
    ) {
        var next = removed.startIndex
        var isFirst = true
        Cookies.forEach(in: line, bytes) { pair in
            while next < removed.endIndex, removed[next].pair.lowerBound < pair.lowerBound { next += 1 }
            guard next == removed.endIndex || removed[next].pair.lowerBound != pair.lowerBound else { return }
            output += Array(isFirst ? "cookie: ".utf8 : "; ".utf8)
            output += bytes.extracting(pair).copied
            isFirst = false
        }
        if !isFirst { output += Array("\r\n".utf8) }
    }
}

/// Reading of `Cookie` (RFC 6265 §4.2.1).
enum Cookies {
    /// The pairs of a line, without the blanks around them; empty ones are left out.
    static func forEach(in line: FieldLine, _ bytes: Span<UInt8>, _ body: (_ pair: Range<Int>) -> Void) {
        forEach(in: line.value, bytes, body)
    }

    /// The pairs of a line's value.
    static func forEach(in value: Range<Int>, _ bytes: Span<UInt8>, _ body: (_ pair: Range<Int>) -> Void) {
        let end = value.upperBound
        var start = value.lowerBound
        while start < end {
            // Not beyond the line: a thousand lines without a semicolon would cost a million steps.
            let rest = bytes.extracting(start..<end)
            let pairEnd = rest.firstIndex(of: UInt8(ascii: ";")).map { start + $0 } ?? end
            let pair = trimmed(bytes, start..<pairEnd)
            if !pair.isEmpty { body(pair) }
            start = pairEnd + 1
        }
    }

    /// The value of a pair of that name, out of the quotation marks it may stand in; nil for another name.
    static func value(of pair: Range<Int>, named name: [UInt8], _ bytes: Span<UInt8>) -> Range<Int>? {
        let nameEnd = pair.lowerBound + name.count
        guard pair.count > name.count, bytes[nameEnd] == UInt8(ascii: "="),
            bytes.extracting(pair.lowerBound..<nameEnd).equals(name.span)
        else { return nil }
        return unquoted(bytes, nameEnd + 1..<pair.upperBound)
    }

    private static func trimmed(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
        while end > start, bytes[end - 1] == ASCII.space || bytes[end - 1] == ASCII.tab { end -= 1 }
        return start..<end
    }

    private static func unquoted(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Range<Int> {
        guard range.count >= 2, bytes[range.lowerBound] == UInt8(ascii: "\""),
            bytes[range.upperBound - 1] == UInt8(ascii: "\"")
        else { return range }
        return range.lowerBound + 1..<range.upperBound - 1
    }
}
