internal import Bytes
internal import CEL
internal import HTTPWire

/// Where a token was found, so that it can be taken out of what is forwarded.
enum TokenPlace: Equatable {
    case none
    /// A whole header line, by its index in the table.
    case header(line: Int)
    /// A parameter: the range of `name=value` in the query.
    case query(pair: Range<Int>)
    /// A cookie: the line's index and the range of `name=value` in the head.
    case cookie(line: Int, pair: Range<Int>)
    /// An expression answered it: wherever its text stands.
    case anywhere
}

/// A token as it stands in the request.
package struct FoundToken {
    /// What `range` counts in.
    enum Text {
        case head
        /// The canonical target's own storage.
        case target
        /// What an expression answered.
        case answer
    }

    var place = TokenPlace.none
    package var range = 0..<0
    var text = Text.head
}

extension FoundToken {
    /// Whether both stand at one place of the request. What an expression answered stands at none.
    func isAt(_ other: FoundToken) -> Bool { place == other.place && place != .anywhere && place != .none }

    /// The bytes that `range` counts in, where they are not the head's.
    func storage(_ scratch: borrowing RequestScratch) -> [UInt8] {
        text == .target ? scratch.target.storage : scratch.answeredToken
    }
}

/// Finds the one token of a request. More than one, in one place or in several, is refused: two readers
/// would take different ones.
package enum TokenExtraction {
    package enum Failure: Error {
        case ambiguous
        /// The scheme is there, but what follows it is no token as RFC 6750 writes it.
        case malformed
    }

    package static func find(
        _ locations: [CompiledTokenLocation], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>,
        _ setting: RequestSetting, _ listener: ListenerSnapshot
    ) throws(Failure) -> FoundToken? {
        var found: FoundToken?
        for location in locations {
            let next: FoundToken? =
                if case .expression(let program) = location {
                    answer(of: program, &scratch, bytes, setting, listener)
                } else {
                    try find(at: location, &scratch, bytes)
                }
            guard let next, !next.range.isEmpty else { continue }
            guard found == nil else { throw .ambiguous }
            found = next
        }
        return found
    }

    /// What stands at one place, were it nothing but its name; an expression is no place.
    @inline(__always)
    static func find(
        at location: CompiledTokenLocation, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(Failure) -> FoundToken? {
        switch location {
        case .authorizationHeader(let prefix):
            try header(prefix: prefix, &scratch, bytes) { $0.known == .authorization }
        case .header(let name, let prefix): try header(named: name, prefix: prefix, &scratch, bytes)
        case .queryParameter(let name): try queryParameter(name, &scratch, bytes)
        case .cookie(let name): try cookie(name, &scratch, bytes)
        case .expression: nil
        }
    }

    // MARK: - Header

    /// A header of the operator's choice. What a client spells with underscores for its hyphens goes no
    /// further: services behind CGI read both as one.
    private static func header(
        named name: [UInt8], prefix: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(Failure) -> FoundToken? {
        for index in scratch.table.lines.indices {
            let written = bytes.extracting(scratch.table.lines[index].name)
            if isAlias(written, of: name.span) { scratch.table.lines[index].isDropped = true }
        }
        return try header(prefix: prefix, &scratch, bytes) {
            bytes.extracting($0.name).equalsIgnoringASCIICase(name.span)
        }
    }

    /// Whether the names differ in nothing but case and underscores, and do in the latter.
    private static func isAlias(_ written: Span<UInt8>, of name: Span<UInt8>) -> Bool {
        guard written.count == name.count else { return false }
        var differs = false
        for index in 0..<name.count {
            let a = written[index].asciiLowercased
            let b = name[index].asciiLowercased
            if a == b { continue }
            guard a == UInt8(ascii: "_") || b == UInt8(ascii: "_"), a == UInt8(ascii: "-") || b == UInt8(ascii: "-")
            else {
                return false
            }
            differs = true
        }
        return differs
    }

    /// A header that is there twice is refused even if only one line holds a token: `Authorization` is no
    /// list (RFC 9110 §11.6.2).
    private static func header(
        prefix: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, isNamed: (FieldLine) -> Bool
    ) throws(Failure) -> FoundToken? {
        var index: Int?
        for (position, line) in scratch.table.lines.enumerated() where isNamed(line) {
            guard index == nil else { throw .ambiguous }
            index = position
        }
        guard let index else { return nil }
        let value = scratch.table.lines[index].value
        guard value.count > prefix.count,
            bytes.extracting(value.lowerBound..<value.lowerBound + prefix.count)
                .equalsIgnoringASCIICase(prefix.span)
        else {
            if mentions(scheme: prefix, bytes.extracting(value)) { throw .malformed }
            return nil
        }
        var start = value.lowerBound + prefix.count
        // RFC 9110 §11.4: one or more blanks stand behind the scheme.
        if prefix.last == ASCII.space {
            while start < value.upperBound, bytes[start] == ASCII.space { start += 1 }
        }
        guard start < value.upperBound else { return nil }
        return FoundToken(place: .header(line: index), range: start..<value.upperBound)
    }

    /// Whether a value without the prefix `scheme SP` names the scheme all the same: before a tab, after a
    /// comma. A service behind the gateway may find a token there that nobody verified.
    private static func mentions(scheme prefix: [UInt8], _ value: Span<UInt8>) -> Bool {
        guard prefix.last == ASCII.space, prefix.count > 1 else { return false }
        let count = prefix.count - 1
        var start = 0
        while start + count <= value.count {
            let isWordStart = start == 0 || !value[start - 1].isTokenCharacter
            let end = start + count
            if isWordStart, end < value.count, !value[end].isTokenCharacter,
                value.extracting(start..<end).equalsIgnoringASCIICase(prefix.span.extracting(0..<count))
            {
                return true
            }
            start += 1
        }
        return false
    }

    // MARK: - Query

    private static func queryParameter(
        _ name: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(Failure) -> FoundToken? {
        guard let query = scratch.target.query else { return nil }
        if scratch.target.isVerbatim {
            return try parameter(name, in: bytes, query: query, text: .head)
        }
        let storage = scratch.target.storage
        return try parameter(name, in: storage.span, query: query, text: .target)
    }

    private static func parameter(
        _ name: [UInt8], in bytes: Span<UInt8>, query: Range<Int>, text kind: FoundToken.Text
    ) throws(Failure) -> FoundToken? {
        let text = bytes.extracting(query)
        var found: FoundToken?
        var count = 0
        QueryString.forEach(text) { pair, written, value in
            guard QueryString.isName(text.extracting(written), name.span) else { return true }
            count += 1
            let start = query.lowerBound + value.lowerBound
            found = FoundToken(
                place: .query(pair: pair), range: start..<start + value.count, text: kind)
            return true
        }
        guard count <= 1 else { throw .ambiguous }
        return found
    }

    // MARK: - Cookie

    private static func cookie(
        _ name: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(Failure) -> FoundToken? {
        var found: FoundToken?
        var count = 0
        for (index, line) in scratch.table.lines.enumerated() where line.known == .cookie {
            Cookies.forEach(in: line, bytes) { pair in
                guard let value = Cookies.value(of: pair, named: name, bytes) else { return }
                count += 1
                found = FoundToken(place: .cookie(line: index, pair: pair), range: value)
            }
        }
        guard count <= 1 else { throw .ambiguous }
        return found
    }
}

// MARK: - Expression

extension TokenExtraction {
    /// The text that an expression answers about the request as received; nil where it fails, or answers nothing.
    private static func answer(
        of program: CELProgram, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, _ setting: RequestSetting,
        _ listener: ListenerSnapshot
    ) -> FoundToken? {
        let answer: [UInt8]? = RequestActivation.show(setting, bytes, &scratch, listener, asReceived: true) { request in
            guard case .string(let text) = program.evaluate(request).value else { return nil }
            return unsafe Array(text.bytes)
        }
        guard let answer, !answer.isEmpty else { return nil }
        scratch.answeredToken = answer
        return FoundToken(place: .anywhere, range: 0..<answer.count, text: .answer)
    }
}

// MARK: - All of them

extension TokenExtraction {
    /// Takes out whatever stands at any of the locations: nobody can tell which of several tokens an
    /// upstream would believe.
    static func removeAll(
        _ locations: [CompiledTokenLocation], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>,
        _ setting: RequestSetting, _ listener: ListenerSnapshot
    ) {
        for location in locations {
            switch location {
            case .authorizationHeader: scratch.table.drop(.authorization)
            case .header(let name, _): scratch.table.drop(name.span, in: bytes)
            case .queryParameter(let name): removeParameters(name, &scratch, bytes)
            case .cookie(let name): removeCookies(name, &scratch, bytes)
            case .expression(let program):
                if let found = answer(of: program, &scratch, bytes, setting, listener) {
                    TokenRemoval.note(found, &scratch, bytes)
                }
            }
        }
    }

    private static func removeParameters(_ name: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        guard let query = scratch.target.query else { return }
        if scratch.target.isVerbatim {
            removeParameters(name, of: bytes.extracting(query), &scratch)
        } else {
            let storage = scratch.target.storage
            removeParameters(name, of: storage.span.extracting(query), &scratch)
        }
    }

    private static func removeParameters(_ name: [UInt8], of query: Span<UInt8>, _ scratch: inout RequestScratch) {
        QueryString.forEach(query) { pair, written, _ in
            if QueryString.isName(query.extracting(written), name.span) {
                scratch.removedParameters.append(pair)
            }
            return true
        }
    }

    private static func removeCookies(_ name: [UInt8], _ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        for (index, line) in scratch.table.lines.enumerated() where line.known == .cookie {
            Cookies.forEach(in: line, bytes) { pair in
                guard Cookies.value(of: pair, named: name, bytes) != nil else { return }
                scratch.removedCookies.append((index, pair))
            }
        }
    }
}
