internal import Bytes
internal import HTTPWire

/// A token that an expression put together says nothing of where it stood: every line, cookie and parameter that
/// holds its text goes. One that stands nowhere as it is, because the expression decoded it say, stays.
extension TokenRemoval {
    static func noteEverywhere(_ token: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        let search = TextSearch(token)
        for (index, line) in scratch.table.lines.enumerated() where search.isIn(bytes.extracting(line.value)) {
            guard line.known == .cookie else {
                scratch.table.lines[index].isDropped = true
                continue
            }
            Cookies.forEach(in: line, bytes) { pair in
                if search.isIn(bytes.extracting(pair)) { scratch.removedCookies.append((index, pair)) }
            }
        }
        guard let query = scratch.target.query else { return }
        if scratch.target.isVerbatim {
            noteParameters(holding: search, of: bytes.extracting(query), &scratch)
        } else {
            let storage = scratch.target.storage
            noteParameters(holding: search, of: storage.span.extracting(query), &scratch)
        }
    }

    /// Notes all parameters of these names, written in any way.
    static func noteParameters(named names: [[UInt8]], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        guard let query = scratch.target.query else { return }
        let storage = scratch.target.storage
        let written = scratch.target.isVerbatim ? bytes.extracting(query) : storage.span.extracting(query)
        QueryString.forEach(written) { pair, name, _ in
            if names.contains(QueryString.decoded(written.extracting(name))) { scratch.removedParameters.append(pair) }
            return true
        }
    }

    private static func noteParameters(
        holding search: TextSearch, of query: Span<UInt8>, _ scratch: inout RequestScratch
    ) {
        QueryString.forEach(query) { pair, _, value in
            let written = query.extracting(value)
            if search.isIn(written) || search.isIn(QueryString.decoded(written).span) {
                scratch.removedParameters.append(pair)
            }
            return true
        }
    }
}

/// A search for one text (Knuth, Morris and Pratt, 1977): linear, whatever a client sends.
private struct TextSearch {
    private let text: [UInt8]
    /// How much of the text stands at the end of each of its beginnings.
    private let borders: [Int]

    init(_ text: [UInt8]) {
        var borders = [Int](repeating: 0, count: text.count)
        var matched = 0
        for index in text.indices.dropFirst() {
            while matched > 0, text[index] != text[matched] { matched = borders[matched - 1] }
            if text[index] == text[matched] { matched += 1 }
            borders[index] = matched
        }
        self.text = text
        self.borders = borders
    }

    func isIn(_ place: Span<UInt8>) -> Bool {
        var matched = 0
        for index in place.indices {
            while matched > 0, place[index] != text[matched] { matched = borders[matched - 1] }
            if place[index] == text[matched] { matched += 1 }
            if matched == text.count { return true }
        }
        return false
    }
}
