internal import Bytes
internal import HTTPWire

/// Takes a token out of what is forwarded. The request as received stays readable for later stages.
enum TokenRemoval {
    static func remove(_ place: TokenPlace, _ scratch: RequestScratch, _ bytes: Span<UInt8>) {
        switch place {
        case .none: break
        case .header(let line): scratch.table.lines[line].isDropped = true
        case .query(let pair): removeParameter(pair, scratch, bytes)
        case .cookie(let line, let pair): removeCookie(line, pair, scratch, bytes)
        }
    }

    private static func removeParameter(_ pair: Range<Int>, _ scratch: RequestScratch, _ bytes: Span<UInt8>) {
        guard !scratch.hasRewrittenQuery, let query = scratch.target.query else { return }
        if scratch.target.isVerbatim {
            scratch.rewrittenQuery = without(pair, bytes.extracting(query))
        } else {
            let storage = scratch.target.storage
            scratch.rewrittenQuery = without(pair, storage.span.extracting(query))
        }
        scratch.hasRewrittenQuery = true
    }

    private static func without(_ pair: Range<Int>, _ query: Span<UInt8>) -> [UInt8] {
        var rest: [UInt8] = [UInt8(ascii: "?")]
        rest += query.extracting(0..<pair.lowerBound).copied
        if pair.upperBound < query.count {
            rest += query.extracting(pair.upperBound + 1..<query.count).copied
        } else if rest.count > 1 {
            rest.removeLast()
        }
        return rest.count == 1 ? [] : rest
    }

    /// Replaces the line by one without the cookie, or by none.
    private static func removeCookie(
        _ line: Int, _ pair: Range<Int>, _ scratch: RequestScratch, _ bytes: Span<UInt8>
    ) {
        guard !scratch.table.lines[line].isDropped else { return }
        scratch.table.lines[line].isDropped = true
        let value = scratch.table.lines[line].value
        var before = pair.lowerBound
        while before > value.lowerBound, isSeparator(bytes[before - 1]) { before -= 1 }
        var after = pair.upperBound
        while after < value.upperBound, isSeparator(bytes[after]) { after += 1 }
        let head = value.lowerBound..<before
        let tail = after..<value.upperBound
        guard !head.isEmpty || !tail.isEmpty else { return }
        scratch.addedLines += Array("cookie: ".utf8)
        scratch.addedLines += bytes.extracting(head).copied
        if !head.isEmpty, !tail.isEmpty { scratch.addedLines += Array("; ".utf8) }
        scratch.addedLines += bytes.extracting(tail).copied
        scratch.addedLines += Array("\r\n".utf8)
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ";") || byte == ASCII.space || byte == ASCII.tab
    }
}
