internal import Bytes

/// Makes the HTTP/1.1 head of an HTTP/2 answer's fields, for `ResponseHeadParser` to read. Reused from answer to
/// answer: `begin`, `add` each field in order, `finish`.
package struct HTTP2ResponseHead: Sendable {
    /// The head, with its empty line.
    package private(set) var bytes: [UInt8] = []
    package private(set) var status = 0
    /// The body comes in chunks; else its length is stated, or there is none.
    package private(set) var isChunked = false
    private var lines: [UInt8] = []
    private var hasLength = false
    private var hasRegularField = false

    package init() {}

    package mutating func begin() {
        bytes.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        status = 0
        isChunked = false
        hasLength = false
        hasRegularField = false
    }

    /// Whether other answers to the same request follow.
    package var isInformational: Bool { status < 200 }

    package mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(WireError) {
        guard name.count > 0, name[0] == UInt8(ascii: ":") else {
            hasRegularField = true
            try HTTP2Field.check(name, value)
            if name.equals("content-length") { hasLength = true }
            return lines.appendLine(name, value)
        }
        // RFC 9113 §8.3.2: the only one there is.
        guard name.equals(":status"), status == 0, !hasRegularField, value.count == 3 else {
            throw .malformedStatusLine
        }
        for index in 0..<3 {
            guard value[index].isASCIIDigit else { throw .malformedStatusLine }
            status = status * 10 + Int(value[index] &- 0x30)
        }
    }

    /// - Parameters:
    ///   - toHead: it answers a HEAD request.
    ///   - isWhole: the head ends the stream.
    package mutating func finish(toHead: Bool, isWhole: Bool) throws(WireError) {
        // RFC 9113 §8.6: HTTP/2 has no 101. §8.1: a head that ends the stream is a final one.
        guard status >= 100, status != 101, !(isWhole && isInformational) else { throw .malformedStatusLine }
        bytes.append("HTTP/1.1 ")
        bytes.append(contentsOf: String(status).utf8)
        bytes.append(" \r\n")
        bytes += lines
        let mayHaveBody = !toHead && !isInformational && status != 204 && status != 304
        if mayHaveBody, !hasLength {
            isChunked = !isWhole
            bytes.append(isChunked ? "transfer-encoding: chunked\r\n" : "content-length: 0\r\n")
        }
        bytes.append("\r\n")
    }
}
