internal import Bytes

/// What RFC 9113 §8.2 asks of a field, and what must not be lost when it becomes a line of HTTP/1.1.
enum HTTP2Field {
    /// Name and value of a regular field, request or response, head or trailer. A name in capitals, a field that
    /// speaks of one connection, and bytes that could end a line are malformed.
    static func check(_ name: Span<UInt8>, _ value: Span<UInt8>) throws(WireError) {
        guard name.count > 0 else { throw .malformedField }
        for index in 0..<name.count {
            guard name[index].isTokenCharacter, !name[index].isASCIIUppercase else { throw .malformedField }
        }
        try check(value: value)
        switch KnownField.of(name) {
        case .connection, .keepAlive, .proxyConnection, .transferEncoding, .upgrade:
            throw .malformedConnectionField
        case .te:
            guard value.equals("trailers") else { throw .malformedConnectionField }
        default: break
        }
    }

    /// RFC 9113 §8.2.1, and RFC 9110 §5.5 for the other control bytes.
    static func check(value: Span<UInt8>) throws(WireError) {
        guard value.count > 0 else { return }
        guard value.endOfFieldValue(from: 0) == value.count else { throw .malformedField }
        guard !value[0].isBlank, !value[value.count - 1].isBlank else { throw .malformedField }
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == ASCII.space || self == ASCII.tab }
}

extension [UInt8] {
    mutating func appendLine(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        append(copying: name)
        append(": ")
        append(copying: value)
        append("\r\n")
    }
}
