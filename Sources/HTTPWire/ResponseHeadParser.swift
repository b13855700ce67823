internal import Bytes

/// A response head as offsets into the connection's bytes; its field lines are in a `FieldTable`.
package struct ResponseHead: Sendable {
    package var status: Int
    /// The three digits, the blank and the reason phrase.
    package var statusText: Range<Int>
    package var minorVersion: UInt8
    /// Bytes up to and with the empty line.
    package var byteCount: Int
    /// How the body ends, given the request it answers.
    package var framing: BodyFraming
    /// Whether the server keeps the connection.
    package var keepsAlive: Bool

    /// A 1xx answer: another head follows.
    package var isInformational: Bool { status < 200 }
}

/// Reads a response head strictly (RFC 9112 §4, §5, §6).
package enum ResponseHeadParser {
    /// The head at the start of `bytes`, with its lines in `table`; nil where it is not complete yet.
    ///
    /// `toHead`: whether it answers a HEAD request, whose answer has no body.
    package static func parse(
        _ bytes: Span<UInt8>, toHead: Bool, limits: HeadLimits, into table: inout FieldTable
    ) throws(WireError) -> ResponseHead? {
        table.removeAll()
        guard var head = try parseLine(bytes, limits: limits),
            let end = try FieldLineParser.parse(
                bytes, from: head.byteCount, maxFields: limits.maxFields, into: &table)
        else {
            guard bytes.count <= limits.maxHeadBytes else { throw .headTooLarge }
            return nil
        }
        guard end <= limits.maxHeadBytes else { throw .headTooLarge }
        head.byteCount = end
        try readFields(bytes, &table, toHead: toHead, into: &head)
        return head
    }

    /// `HTTP/1.x SP 3DIGIT [SP reason] CRLF`; the blank behind the code may be missing, as some servers leave it out.
    private static func parseLine(_ bytes: Span<UInt8>, limits: HeadLimits) throws(WireError) -> ResponseHead? {
        guard bytes.count >= 14 else {
            let prefix: StaticString = "HTTP/1."
            for index in 0..<min(7, bytes.count) where unsafe bytes[index] != prefix.utf8Start[index] {
                throw .malformedStatusLine
            }
            return nil
        }
        guard bytes.extracting(0..<7).equals("HTTP/1."), bytes[7] == UInt8(ascii: "0") || bytes[7] == UInt8(ascii: "1"),
            bytes[8] == ASCII.space, bytes[9].isASCIIDigit, bytes[10].isASCIIDigit, bytes[11].isASCIIDigit
        else { throw .malformedStatusLine }
        let status = Int(bytes[9] &- 0x30) * 100 + Int(bytes[10] &- 0x30) * 10 + Int(bytes[11] &- 0x30)
        guard (100..<600).contains(status) else { throw .malformedStatusLine }
        guard bytes[12] == ASCII.space || bytes[12] == ASCII.carriageReturn else { throw .malformedStatusLine }
        let position = bytes.endOfFieldValue(from: 12)
        guard position + 1 < bytes.count else { return nil }
        guard bytes[position] == ASCII.carriageReturn, bytes[position + 1] == ASCII.lineFeed else {
            throw .malformedStatusLine
        }
        let minorVersion = bytes[7] &- 0x30
        return ResponseHead(
            status: status, statusText: 9..<position, minorVersion: minorVersion, byteCount: position + 2,
            framing: .none, keepsAlive: minorVersion == 1)
    }

    private static func readFields(
        _ bytes: Span<UInt8>, _ table: inout FieldTable, toHead: Bool, into head: inout ResponseHead
    ) throws(WireError) {
        var framing = FramingFields()
        var hasConnection = false
        for index in table.lines.indices {
            let line = table.lines[index]
            if line.known == .other { continue }
            if line.known.isHopByHop { table.lines[index].isDropped = true }
            switch line.known {
            case .contentLength: try framing.addContentLength(bytes.extracting(line.value))
            case .transferEncoding: try framing.addTransferEncoding(bytes.extracting(line.value))
            case .connection: hasConnection = true
            default: break
            }
        }
        let options = hasConnection ? try ConnectionField.apply(bytes, &table) : ConnectionField()
        head.keepsAlive = options.keepsAlive ?? (head.minorVersion == 1)
        let hasNoBody = toHead || head.isInformational || head.status == 204 || head.status == 304
        let stated = try framing.ofResponse(minorVersion: head.minorVersion)
        head.framing = hasNoBody ? .none : stated
        // RFC 9110 §8.6: no length on 1xx and 204. A reader that believed it would wait for a body.
        if head.isInformational || head.status == 204 { table.drop(.contentLength) }
        if head.framing == .untilClose { head.keepsAlive = false }
    }
}
