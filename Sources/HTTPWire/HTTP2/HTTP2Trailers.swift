internal import Bytes

/// Makes the end of a chunked body of an HTTP/2 message's trailers.
package struct HTTP2Trailers: Sendable {
    package private(set) var bytes: [UInt8] = []

    /// Begins with the last chunk.
    package init() {
        bytes.append("0\r\n")
    }

    /// RFC 9113 §8.1: no pseudo-header fields here.
    package mutating func add(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(WireError) {
        do {
            try HTTP2Field.check(name, value)
        } catch {
            throw .malformedTrailer
        }
        bytes.appendLine(name, value)
    }

    package mutating func finish() {
        bytes.append("\r\n")
    }
}
