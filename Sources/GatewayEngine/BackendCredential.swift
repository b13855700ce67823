internal import Bytes
internal import HTTPWire

/// A credential that is put into the requests to a backend.
final class BackendCredential: Sendable {
    enum Proof: Sendable {
        /// The token the request was let in with; nothing where there was none.
        case verifiedToken
        /// Bytes that may stand at the place.
        case fixed([UInt8])
        case signed(SignedToken)
    }

    enum Place: Sendable {
        case header(name: [UInt8], prefix: [UInt8])
        case parameter(name: [UInt8])
        case cookie(name: [UInt8])
    }

    private let proof: Proof
    private let place: Place
    /// The header it stands in; nil where it stands elsewhere.
    let fieldNames: FieldNames?

    init(_ proof: Proof, at place: Place) {
        self.proof = proof
        self.place = place
        fieldNames = if case .header(let name, _) = place { FieldNames([name]) } else { nil }
    }

    /// Takes out what stands at its place, whoever put it there, and puts the credential in.
    func put(into scratch: inout RequestScratch, _ bytes: Span<UInt8>, now: Int64) {
        let value = value(&scratch, bytes, now: now)
        switch place {
        case .header(let name, let prefix):
            if let fieldNames { scratch.drop(fieldNames, bytes) }
            guard let value else { return }
            scratch.addedLines += name
            scratch.addedLines.append(": ")
            scratch.addedLines += prefix
            scratch.addedLines += value
            scratch.addedLines.append("\r\n")
        case .parameter(let name): scratch.replaceParameter(name, by: value, bytes)
        case .cookie(let name): scratch.replaceCookie(name, by: value, bytes)
        }
    }

    private func value(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>, now: Int64) -> [UInt8]? {
        switch proof {
        case .fixed(let value): return value
        case .signed(let token): return scratch.signedTokens.text(of: token, now: now)
        case .verifiedToken: return scratch.verifiedTokenText(bytes)
        }
    }
}

extension RequestScratch {
    /// The token whose claims hold, as it was sent; nil where there is none.
    func verifiedTokenText(_ bytes: Span<UInt8>) -> [UInt8]? {
        guard verifiedToken != nil else { return nil }
        return verifiedText.text == .head
            ? bytes.extracting(verifiedText.range).copied : Array(verifiedText.storage(self)[verifiedText.range])
    }

    /// Leaves one parameter of that name in the query that is forwarded, or none.
    fileprivate mutating func replaceParameter(_ name: [UInt8], by value: [UInt8]?, _ bytes: Span<UInt8>) {
        var query: [UInt8] = []
        let forwarded = forwardedQuery(bytes)
        QueryString.forEach(forwarded.span) { pair, written, _ in
            guard !QueryString.isName(forwarded.span.extracting(written), name.span) else { return true }
            query.append(query.isEmpty ? "?" : "&")
            query += forwarded[pair]
            return true
        }
        if let value {
            query.append(query.isEmpty ? "?" : "&")
            PercentEncoding.encode(name, to: &query)
            query.append("=")
            PercentEncoding.encode(value, to: &query)
        }
        rewrittenQuery = query
        hasRewrittenQuery = true
    }

    /// The query that is forwarded, without its question mark.
    private func forwardedQuery(_ bytes: Span<UInt8>) -> [UInt8] {
        if hasRewrittenQuery { return Array(rewrittenQuery.dropFirst()) }
        guard let query = target.query else { return [] }
        return target.isVerbatim ? bytes.extracting(query).copied : Array(target.storage[query])
    }

    /// Leaves one cookie of that name in the request that is forwarded, or none; all cookies in one line (RFC 6265
    /// §5.4).
    fileprivate mutating func replaceCookie(_ name: [UInt8], by value: [UInt8]?, _ bytes: Span<UInt8>) {
        var cookies: [UInt8] = []
        func append(_ pair: Range<Int>, of text: Span<UInt8>) {
            guard Cookies.value(of: pair, named: name, text) == nil else { return }
            if !cookies.isEmpty { cookies.append("; ") }
            cookies += text.extracting(pair).copied
        }
        for line in table.lines where line.known == .cookie && !line.isDropped {
            Cookies.forEach(in: line, bytes) { append($0, of: bytes) }
        }
        // Those a token was taken out of have been written anew.
        let added = addedLines
        FieldLines.forEach(in: added.span) { written, content in
            guard Self.cookie.contains(added.span.extracting(written)) else { return }
            Cookies.forEach(in: content, added.span) { append($0, of: added.span) }
        }
        drop(Self.cookie, bytes)
        if let value {
            if !cookies.isEmpty { cookies.append("; ") }
            cookies += name
            cookies.append("=")
            cookies += value
        }
        guard !cookies.isEmpty else { return }
        addedLines.append("cookie: ")
        addedLines += cookies
        addedLines.append("\r\n")
    }

    private static let cookie = FieldNames([Array("cookie".utf8)])
}

/// Whole field lines behind each other, each with its CRLF.
private enum FieldLines {
    static func forEach(in lines: Span<UInt8>, _ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) {
        var start = 0
        while start < lines.count {
            let end = lines.firstIndex(of: ASCII.carriageReturn, from: start) ?? lines.count
            let colon = lines.firstIndex(of: UInt8(ascii: ":"), from: start) ?? end
            if colon < end { body(start..<colon, colon + 1..<end) }
            start = end + 2
        }
    }
}

/// Percent-encoding of what is not unreserved (RFC 3986 §2.1).
private enum PercentEncoding {
    static func encode(_ text: [UInt8], to output: inout [UInt8]) {
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text {
            if byte.isURIUnreserved {
                output.append(byte)
            } else {
                output += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }
}
