internal import Bytes

/// Makes the HTTP/1.1 head of an HTTP/2 request's fields, so that one parser, one pipeline and one set of refusals
/// serve both.
///
/// What RFC 9113 §8.2 and §8.3 call malformed is refused here; all else is left to `RequestHeadParser`, which reads
/// what was made. Reused from request to request: `begin`, `add` each field in order, `finish`.
package struct HTTP2RequestHead: Sendable {
    /// The head, with its empty line.
    package private(set) var bytes: [UInt8] = []
    package private(set) var isHead = false
    /// The body's length is stated; else it is sent in chunks.
    package private(set) var hasLength = false

    private var method: [UInt8] = []
    private var path: [UInt8] = []
    private var authority: [UInt8] = []
    private var host: [UInt8] = []
    private var cookies: [UInt8] = []
    private var lines: [UInt8] = []
    private var seen = Pseudo()
    private var hasHost = false
    private var hasRegularField = false
    private var length: UInt64?

    private struct Pseudo: OptionSet {
        var rawValue: UInt8
        static let method = Pseudo(rawValue: 1)
        static let scheme = Pseudo(rawValue: 2)
        static let path = Pseudo(rawValue: 4)
        static let authority = Pseudo(rawValue: 8)
        static let required: Pseudo = [.method, .scheme, .path]
    }

    package init() {}

    package mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        path.removeAll(keepingCapacity: true)
        method.removeAll(keepingCapacity: true)
        authority.removeAll(keepingCapacity: true)
        host.removeAll(keepingCapacity: true)
        cookies.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        seen = []
        hasHost = false
        hasRegularField = false
        length = nil
        isHead = false
        hasLength = false
    }

    package mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(WireError) {
        if name.count > 0, name[0] == UInt8(ascii: ":") { return try addPseudo(name, value) }
        hasRegularField = true
        try HTTP2Field.check(name, value)
        switch KnownField.of(name) {
        case .host:
            guard !hasHost else { throw .hostInvalid }
            hasHost = true
            host.append(copying: value)
        case .cookie:
            // RFC 9113 §8.2.3: crumbs are one line again for whoever speaks HTTP/1.1.
            if !cookies.isEmpty { cookies.append("; ") }
            cookies.append(copying: value)
        case .contentLength:
            var framing = FramingFields()
            try framing.addContentLength(value)
            guard length == nil else { throw .conflictingFraming }
            if case .length(let count) = try framing.ofRequest(minorVersion: 1) { length = count } else { length = 0 }
        default:
            lines.appendLine(name, value)
        }
    }

    /// RFC 9113 §8.3.1: each once, before all other fields, and no others.
    private mutating func addPseudo(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(WireError) {
        guard !hasRegularField else { throw .malformedField }
        if name.equals(":method") {
            try mark(.method)
            guard !value.isEmpty else { throw .malformedRequestLine }
            for index in 0..<value.count where !value[index].isTokenCharacter { throw .malformedRequestLine }
            method.append(copying: value)
        } else if name.equals(":scheme") {
            try mark(.scheme)
            // Which of the two it is, the connection says.
            guard value.equals("http") || value.equals("https") else { throw .malformedRequestLine }
        } else if name.equals(":path") {
            try mark(.path)
            try addPath(value)
        } else if name.equals(":authority") {
            try mark(.authority)
            try HTTP2Field.check(value: value)
            authority.append(copying: value)
        } else {
            // `:protocol` among them: extended CONNECT (RFC 8441) is not offered.
            throw .malformedField
        }
    }

    private mutating func mark(_ pseudo: Pseudo) throws(WireError) {
        guard seen.insert(pseudo).inserted else { throw .malformedField }
    }

    /// Origin form or `*`: the other forms say a second time who is meant.
    private mutating func addPath(_ value: Span<UInt8>) throws(WireError) {
        guard value.count > 0, value[0] == UInt8(ascii: "/") || value.equals("*") else { throw .malformedRequestLine }
        for index in 0..<value.count {
            guard value[index] > ASCII.space, value[index] != 0x7F else { throw .malformedRequestLine }
        }
        path.append(copying: value)
    }

    /// - Parameter hasBody: the head does not end the stream.
    package mutating func finish(hasBody: Bool) throws(WireError) {
        if method.span.equals("CONNECT") { throw .methodNotSupported }
        guard seen.isSuperset(of: .required) else { throw .malformedRequestLine }
        isHead = method.span.equals("HEAD")
        if seen.contains(.authority), hasHost, !authority.span.equalsIgnoringASCIICase(host.span) {
            throw .hostInvalid
        }
        guard hasBody || length ?? 0 == 0 else { throw .conflictingFraming }
        hasLength = length != nil
        bytes += method
        bytes.append(ASCII.space)
        bytes += path
        bytes.append(" HTTP/1.1\r\n")
        if seen.contains(.authority) || hasHost {
            bytes.append("host: ")
            bytes += seen.contains(.authority) ? authority : host
            bytes.append("\r\n")
        }
        bytes += lines
        if !cookies.isEmpty {
            bytes.append("cookie: ")
            bytes += cookies
            bytes.append("\r\n")
        }
        if let length {
            bytes.append("content-length: ")
            bytes.append(contentsOf: String(length).utf8)
            bytes.append("\r\n")
        } else if hasBody {
            bytes.append("transfer-encoding: chunked\r\n")
        }
        bytes.append("\r\n")
    }
}
