internal import Bytes
internal import CEL
internal import HTTPWire

/// Header fields as they are forwarded.
extension RequestActivation {
    /// The lines of one name as one value, joined by ", " (RFC 9110 §5.3), cookies by "; " (RFC 9113 §8.2.3); nil
    /// where there is none. What the gateway strips is not there.
    func header(_ name: Span<UInt8>) -> CELValue? {
        var first: Range<Int>?
        var joined: [UInt8]?
        for line in lines where isShown(line) {
            let isNamed = unsafe UnsafeBufferPointer(rebasing: head[line.name]).span.equalsIgnoringASCIICase(name)
            guard isNamed else { continue }
            if line.known == .cookie, !removedCookies.isEmpty { return keptCookies }
            guard let earlier = first else {
                first = line.value
                continue
            }
            let start = unsafe joined ?? Array(head[earlier])
            joined = unsafe start + Array(line.known == .cookie ? "; ".utf8 : ", ".utf8) + head[line.value]
        }
        if let joined { return Self.text(joined) }
        return first.map { unsafe text(head, $0) }
    }

    private var keptCookies: CELValue? {
        var kept: [UInt8] = []
        for (index, line) in lines.enumerated() where line.known == .cookie && isShown(line) {
            unsafe Cookies.forEach(in: line, head.span) { pair in
                guard !removedCookies.contains(where: { $0.line == index && $0.pair == pair }) else { return }
                if !kept.isEmpty { kept += Array("; ".utf8) }
                unsafe kept += head[pair]
            }
        }
        return kept.isEmpty ? nil : Self.text(kept)
    }

    // MARK: - Of the answer

    func answerHeader(_ name: Span<UInt8>) -> CELValue? { answer?.value(of: name).map { Self.text($0) } }

    var answerHeaders: CELValue {
        guard let answer else { return .error(CELEvaluationError(.noSuchMember)) }
        return .map(
            CELOwnedMap(
                distinct: answer.names.map { (.string(CELBuffer(copying: $0)), answerHeader($0.span) ?? .null) }))
    }

    // MARK: - Of the request

    /// Every field once, its name in lower case.
    var headerEntries: [(key: CELValue, value: CELValue)] {
        var entries: [(key: CELValue, value: CELValue)] = []
        var seen: Set<[UInt8]> = []
        for line in lines where isShown(line) {
            let name = unsafe head[line.name].map(\.asciiLowercased)
            guard seen.insert(name).inserted, let value = header(name.span) else { continue }
            entries.append((.string(CELBuffer(copying: name)), value))
        }
        return entries
    }
}
