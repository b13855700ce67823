internal import Bytes
internal import CEL

/// The target, without the parameters that were tokens.
extension RequestActivation {
    var pathAndQuery: CELValue {
        guard let query else { return unsafe plain(target, path) }
        if removedParameters.isEmpty { return unsafe plain(target, path.lowerBound..<query.upperBound) }
        return unsafe Self.text(Array(target[path]) + keptQuery(query))
    }

    var uri: CELValue {
        var text = connection.scheme + Array("://".utf8)
        unsafe text += host
        unsafe text += target[path]
        if let query { text += keptQuery(query) }
        return Self.text(text)
    }

    /// The question mark and the parameters that stay, or nothing.
    private func keptQuery(_ query: Range<Int>) -> [UInt8] {
        var kept: [UInt8] = []
        let removed = removedParameters.sorted { $0.lowerBound < $1.lowerBound }
        TokenRemoval.appendKept(of: unsafe target.span.extracting(query), removed, to: &kept)
        return kept
    }

    // MARK: - Parameters

    /// The value of the one parameter of that name; nil where there is none, an error where there are several.
    func parameter(_ name: Span<UInt8>) -> CELValue? {
        guard let query else { return nil }
        let text = unsafe target.span.extracting(query)
        var found: Range<Int>?
        var count = 0
        QueryString.forEach(text) { pair, written, value in
            if !isRemoved(pair), QueryString.isName(text.extracting(written), name) {
                count += 1
                found = value
            }
            return true
        }
        guard let found else { return nil }
        guard count == 1 else { return .error(CELEvaluationError(.invalidArgument, "the parameter is there twice")) }
        return value(found, of: query)
    }

    private func value(_ range: Range<Int>, of query: Range<Int>) -> CELValue {
        let place = query.lowerBound + range.lowerBound..<query.lowerBound + range.upperBound
        let written = unsafe target.span.extracting(place)
        let isPlain =
            written.firstIndex(of: UInt8(ascii: "%")) == nil && written.firstIndex(of: UInt8(ascii: "+")) == nil
        return isPlain ? unsafe plain(target, place) : Self.text(QueryString.decoded(written))
    }

    private func isRemoved(_ pair: Range<Int>) -> Bool {
        removedParameters.contains { $0.lowerBound == pair.lowerBound }
    }

    /// Every parameter with a name that is text, each name once.
    var queryEntries: [(key: CELValue, value: CELValue)] {
        guard let query else { return [] }
        let text = unsafe target.span.extracting(query)
        var places: [[UInt8]: Int] = [:]
        var entries: [(key: CELValue, value: CELValue)] = []
        QueryString.forEach(text) { pair, written, range in
            let name = QueryString.decoded(text.extracting(written))
            guard !isRemoved(pair), UTF8Validation.isValid(name.span) else { return true }
            if let place = places[name] {
                entries[place].value = .error(CELEvaluationError(.invalidArgument, "the parameter is there twice"))
            } else {
                places[name] = entries.count
                entries.append((.string(CELBuffer(copying: name)), value(range, of: query)))
            }
            return true
        }
        return entries
    }
}
