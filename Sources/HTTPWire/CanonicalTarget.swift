internal import Bytes

/// The one reading of a request's target: this form is matched **and** forwarded.
///
/// Unreserved escapes are decoded, hex digits upper-cased, literal dot segments removed (RFC 3986
/// §6.2.2); `//`, `;` and `%25` are kept. What would mean different things to two readers is refused:
/// `%2F`, `%5C`, escaped control bytes, escaped dot segments, backslash, fragment, bytes outside
/// visible ASCII, escapes that are no UTF-8, an absolute target with another Host. The query is
/// forwarded as it stands. `Docs/CanonicalRequest.md` has the whole table.
///
/// A value reused from request to request; reading a target that is canonical already allocates nothing.
package struct CanonicalTarget: Sendable {
    /// Whether `path` and `query` are ranges of the head's own bytes; else of `storage`.
    package private(set) var isVerbatim = true
    /// Path and query of a target that had to be rewritten.
    package private(set) var storage: [UInt8] = []
    /// Still percent-encoded; begins with `/`, or is `*`.
    package private(set) var path = 0..<0
    /// Without the question mark; nil where there is none.
    package private(set) var query: Range<Int>?
    /// Lower-case, without port and trailing dot; empty where an HTTP/1.0 client sent none.
    package private(set) var host: [UInt8] = []
    /// The value of Host, or the authority of an absolute target that agrees with it.
    package private(set) var authority = 0..<0

    package init() {
        storage.reserveCapacity(256)
        host.reserveCapacity(64)
    }

    /// Reads the target and host of `head`.
    package mutating func read(_ head: RequestHead, _ bytes: Span<UInt8>) throws(WireError) {
        // A target that is refused leaves nothing of the request before it.
        set(verbatimPath: 0..<0, query: nil)
        host.removeAll(keepingCapacity: true)
        authority = head.host
        try Authority.read(bytes.extracting(head.host), into: &host)
        let target = head.target
        if bytes[target.lowerBound] == UInt8(ascii: "/") { return try readOriginForm(target, bytes) }
        if bytes.extracting(target).equals("*") {
            guard head.method == .options else { throw .ambiguousTarget }
            set(verbatimPath: target, query: nil)
            return
        }
        try readAbsoluteForm(target, head, bytes)
    }

    private mutating func set(verbatimPath: Range<Int>, query: Range<Int>?) {
        isVerbatim = true
        path = verbatimPath
        self.query = query
    }

    // MARK: - Parts in place of a target's

    /// The canonical form of a path, with a query or without, as it is matched and forwarded; the query begins with its
    /// question mark, or is empty.
    package static func canonical(pathAndQuery text: Span<UInt8>) throws(WireError) -> (path: [UInt8], query: [UInt8]) {
        guard text.count > 0, text[0] == UInt8(ascii: "/") else { throw .ambiguousTarget }
        var target = CanonicalTarget()
        try target.readOriginForm(0..<text.count, text)
        let storage = target.storage
        let read = target.isVerbatim ? text : storage.span
        let query = target.query.map { read.extracting(($0.lowerBound - 1)..<$0.upperBound).copied } ?? []
        return (read.extracting(target.path).copied, query)
    }

    /// The host that an authority names, as it is matched.
    package static func host(ofAuthority text: Span<UInt8>) throws(WireError) -> [UInt8] {
        var host: [UInt8] = []
        try Authority.read(text, into: &host)
        guard !host.isEmpty else { throw .hostInvalid }
        return host
    }

    // MARK: - Forms

    private mutating func readOriginForm(_ target: Range<Int>, _ bytes: Span<UInt8>) throws(WireError) {
        var pathEnd = target.lowerBound
        var isCanonical = true
        var previous: UInt8 = 0
        while pathEnd < target.upperBound {
            let byte = bytes[pathEnd]
            if byte == UInt8(ascii: "?") { break }
            if byte == UInt8(ascii: "%") || (byte == UInt8(ascii: ".") && previous == UInt8(ascii: "/")) {
                isCanonical = false
            }
            guard PathNormalizer.isAllowed(byte) else { throw .ambiguousTarget }
            previous = byte
            pathEnd &+= 1
        }
        let query = pathEnd < target.upperBound ? pathEnd + 1..<target.upperBound : nil
        if let query {
            for index in query where !PathNormalizer.isAllowedInQuery(bytes[index]) { throw .ambiguousTarget }
        }
        if isCanonical { return set(verbatimPath: target.lowerBound..<pathEnd, query: query) }
        try rewrite(path: target.lowerBound..<pathEnd, query: query, bytes)
    }

    private mutating func rewrite(
        path: Range<Int>, query: Range<Int>?, _ bytes: Span<UInt8>
    ) throws(WireError) {
        storage.removeAll(keepingCapacity: true)
        try PathNormalizer.normalize(bytes.extracting(path), into: &storage)
        isVerbatim = false
        self.path = 0..<storage.count
        self.query = nil
        guard let query else { return }
        storage.append(UInt8(ascii: "?"))
        let start = storage.count
        for index in query { storage.append(bytes[index]) }
        self.query = start..<storage.count
    }

    /// RFC 9112 §3.2.2. The authority must say what Host says.
    private mutating func readAbsoluteForm(
        _ target: Range<Int>, _ head: RequestHead, _ bytes: Span<UInt8>
    ) throws(WireError) {
        let text = bytes.extracting(target)
        let schemeLength =
            if text.count > 7, text.extracting(0..<7).equalsIgnoringASCIICase("http://") {
                7
            } else if text.count > 8, text.extracting(0..<8).equalsIgnoringASCIICase("https://") {
                8
            } else { throw WireError.ambiguousTarget }
        var end = target.lowerBound + schemeLength
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        let stated = target.lowerBound + schemeLength..<end
        guard stated.count > 0 else { throw .hostInvalid }
        if !head.hasHost {
            try Authority.read(bytes.extracting(stated), into: &host)
            authority = stated
        } else if !bytes.extracting(stated).equalsIgnoringASCIICase(bytes.extracting(head.host)) {
            throw .hostInvalid
        }
        if end < target.upperBound, bytes[end] == UInt8(ascii: "/") {
            return try readOriginForm(end..<target.upperBound, bytes)
        }
        try readEmptyPath(head, query: end < target.upperBound ? end + 1..<target.upperBound : nil, bytes)
    }

    private mutating func readEmptyPath(
        _ head: RequestHead, query: Range<Int>?, _ bytes: Span<UInt8>
    ) throws(WireError) {
        if let query {
            for index in query where !PathNormalizer.isAllowedInQuery(bytes[index]) { throw .ambiguousTarget }
        }
        storage.removeAll(keepingCapacity: true)
        // RFC 9112 §3.2.4: OPTIONS of a whole server.
        storage.append(head.method == .options && query == nil ? UInt8(ascii: "*") : UInt8(ascii: "/"))
        isVerbatim = false
        path = 0..<1
        self.query = nil
        guard let query else { return }
        storage.append(UInt8(ascii: "?"))
        for index in query { storage.append(bytes[index]) }
        self.query = 2..<storage.count
    }
}

/// The authority of a request: `host[:port]` (RFC 3986 §3.2, without user information).
enum Authority {
    private static let maxBytes = 300

    /// Writes the host in lower case, without port and trailing dot, to `host`.
    static func read(_ text: Span<UInt8>, into host: inout [UInt8]) throws(WireError) {
        host.removeAll(keepingCapacity: true)
        guard text.count > 0 else { return }
        guard text.count <= maxBytes else { throw .hostInvalid }
        var end = try text[0] == UInt8(ascii: "[") ? endOfLiteral(text) : endOfName(text)
        guard end > 0 else { throw .hostInvalid }
        try checkPort(text, from: end)
        if end > 1, text[end - 1] == UInt8(ascii: ".") { end -= 1 }
        host.append(copying: text.extracting(0..<end))
        for index in host.indices where host[index].isASCIIUppercase { host[index] |= 0x20 }
    }

    /// Letters, digits, hyphens and underscores, what names in use are made of, with single dots among them.
    private static func endOfName(_ text: Span<UInt8>) throws(WireError) -> Int {
        var end = 0
        while true {
            let label = end
            end = text.endOfLettersDigitsAndHyphens(from: end)
            while end < text.count, text[end] == UInt8(ascii: "_") {
                end = text.endOfLettersDigitsAndHyphens(from: end + 1)
            }
            guard end < text.count, text[end] != UInt8(ascii: ":") else { return end }
            guard text[end] == UInt8(ascii: "."), end > label else { throw .hostInvalid }
            end += 1
        }
    }

    private static func endOfLiteral(_ text: Span<UInt8>) throws(WireError) -> Int {
        for index in 1..<text.count {
            if text[index] == UInt8(ascii: "]") {
                guard index > 2 else { throw .hostInvalid }
                return index + 1
            }
            let byte = text[index]
            guard byte.hexDigitValue != nil || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".") else {
                throw .hostInvalid
            }
        }
        throw .hostInvalid
    }

    private static func checkPort(_ text: Span<UInt8>, from start: Int) throws(WireError) {
        guard start < text.count else { return }
        guard text[start] == UInt8(ascii: ":"), text.count - start <= 6 else { throw .hostInvalid }
        var port = 0
        for index in start + 1..<text.count {
            guard text[index].isASCIIDigit else { throw .hostInvalid }
            port = port * 10 + Int(text[index] &- 0x30)
        }
        guard port <= 65535 else { throw .hostInvalid }
    }
}
