internal import Bytes

/// Reads a request head strictly (RFC 9112 §3, §5, §6); what two readers could read differently is refused.
package enum RequestHeadParser {
    /// The head at the start of `bytes`, with its lines in `table`; nil where it is not complete yet.
    ///
    /// `bytes` begins at the method; offsets count from there. Hop-by-hop lines and those that
    /// `Connection` names are marked as dropped.
    package static func parse(
        _ bytes: Span<UInt8>, limits: HeadLimits, into table: inout FieldTable
    ) throws(WireError) -> RequestHead? {
        table.removeAll()
        guard var head = try parseLine(bytes, limits: limits) else {
            guard bytes.count <= limits.maxHeadBytes else { throw .headTooLarge }
            return nil
        }
        let end = try FieldLineParser.parse(bytes, from: head.byteCount, maxFields: limits.maxFields, into: &table)
        guard let end else {
            guard bytes.count <= limits.maxHeadBytes else { throw .headTooLarge }
            return nil
        }
        guard end <= limits.maxHeadBytes else { throw .headTooLarge }
        head.byteCount = end
        try readFields(bytes, &table, into: &head)
        return head
    }

    // MARK: - The request line

    private static let maxMethodBytes = 32

    /// A head with `byteCount` standing behind the request line.
    private static func parseLine(_ bytes: Span<UInt8>, limits: HeadLimits) throws(WireError) -> RequestHead? {
        var position = 0
        while position < bytes.count, bytes[position].isTokenCharacter { position &+= 1 }
        guard position <= maxMethodBytes else { throw .malformedRequestLine }
        guard position < bytes.count else { return nil }
        guard position > 0, bytes[position] == ASCII.space else { throw .malformedRequestLine }
        let method = 0..<position
        position &+= 1
        let targetStart = position
        while position < bytes.count, bytes[position] > ASCII.space, bytes[position] != 0x7F { position &+= 1 }
        guard position - targetStart <= limits.maxTargetBytes else { throw .targetTooLong }
        guard position < bytes.count else { return nil }
        guard position > targetStart, bytes[position] == ASCII.space else { throw .malformedRequestLine }
        let target = targetStart..<position
        guard let minorVersion = try parseVersion(bytes, from: position + 1) else { return nil }
        return RequestHead(
            method: Method(bytes.extracting(method)), methodName: method, target: target,
            minorVersion: minorVersion, byteCount: position + 11, framing: .none,
            keepsAlive: minorVersion == 1, expectsContinue: false, host: 0..<0, asksForWebSocket: false, isGRPC: false,
            hasHost: false)
    }

    private static func parseVersion(_ bytes: Span<UInt8>, from start: Int) throws(WireError) -> UInt8? {
        guard start + 10 <= bytes.count else { return nil }
        guard bytes.extracting(start..<start + 5).equals("HTTP/"), bytes[start + 5].isASCIIDigit,
            bytes[start + 6] == UInt8(ascii: "."), bytes[start + 7].isASCIIDigit,
            bytes[start + 8] == ASCII.carriageReturn, bytes[start + 9] == ASCII.lineFeed
        else { throw .malformedRequestLine }
        let minor = bytes[start + 7] &- 0x30
        guard bytes[start + 5] == UInt8(ascii: "1"), minor <= 1 else { throw .versionNotSupported }
        return minor
    }

    // MARK: - What the fields mean

    private static func readFields(
        _ bytes: Span<UInt8>, _ table: inout FieldTable, into head: inout RequestHead
    ) throws(WireError) {
        guard head.method != .connect, head.method != .trace else { throw .methodNotSupported }
        var framing = FramingFields()
        var hosts = 0
        var hasConnection = false
        var isWebSocket = false
        for index in table.lines.indices {
            let line = table.lines[index]
            if line.known == .other { continue }
            if line.known.isHopByHop { table.lines[index].isDropped = true }
            switch line.known {
            case .host:
                hosts += 1
                head.host = line.value
            case .contentLength: try framing.addContentLength(bytes.extracting(line.value))
            case .transferEncoding: try framing.addTransferEncoding(bytes.extracting(line.value))
            case .connection: hasConnection = true
            case .contentType: head.isGRPC = isGRPC(bytes.extracting(line.value))
            case .upgrade: isWebSocket = bytes.extracting(line.value).equalsIgnoringASCIICase("websocket")
            case .expect:
                guard bytes.extracting(line.value).equalsIgnoringASCIICase("100-continue") else {
                    throw .expectationFailed
                }
                head.expectsContinue = head.minorVersion == 1
            default: break
            }
        }
        guard hosts == 1 || (hosts == 0 && head.minorVersion == 0) else { throw .hostInvalid }
        head.hasHost = hosts == 1
        let options = hasConnection ? try ConnectionField.apply(bytes, &table) : ConnectionField()
        head.keepsAlive = options.keepsAlive ?? (head.minorVersion == 1)
        head.framing = try framing.ofRequest(minorVersion: head.minorVersion)
        head.asksForWebSocket =
            isWebSocket && options.upgrades && head.method == .get && head.minorVersion == 1 && head.framing == .none
        if head.framing == .none { head.expectsContinue = false }
    }

    /// `application/grpc`, or that with a suffix or parameters; not `application/grpc-web`, which is another protocol.
    private static func isGRPC(_ mediaType: Span<UInt8>) -> Bool {
        let name: StaticString = "application/grpc"
        let count = name.utf8CodeUnitCount
        guard mediaType.count >= count, mediaType.extracting(0..<count).equalsIgnoringASCIICase(name) else {
            return false
        }
        guard mediaType.count > count else { return true }
        let next = mediaType[count]
        return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == ASCII.space
    }
}

/// What Content-Length and Transfer-Encoding lines say together.
struct FramingFields {
    private var contentLength: UInt64?
    private var isChunked = false

    /// One line of digits and nothing else; a second line is refused even if it says the same.
    mutating func addContentLength(_ value: Span<UInt8>) throws(WireError) {
        guard contentLength == nil else { throw .conflictingFraming }
        guard value.count > 0, value.count <= 18 else { throw .invalidContentLength }
        var length: UInt64 = 0
        for index in 0..<value.count {
            guard value[index].isASCIIDigit else { throw .invalidContentLength }
            length = length * 10 + UInt64(value[index] &- 0x30)
        }
        contentLength = length
    }

    /// `chunked`, once, alone.
    mutating func addTransferEncoding(_ value: Span<UInt8>) throws(WireError) {
        guard !isChunked else { throw .conflictingFraming }
        guard value.equalsIgnoringASCIICase("chunked") else { throw .unsupportedTransferCoding }
        isChunked = true
    }

    func ofRequest(minorVersion: UInt8) throws(WireError) -> BodyFraming {
        if isChunked {
            guard contentLength == nil, minorVersion == 1 else { throw .conflictingFraming }
            return .chunked
        }
        guard let contentLength else { return .none }
        return contentLength == 0 ? .none : .length(contentLength)
    }

    /// A length beside a chunked coding, or a coding from an HTTP/1.0 server, is refused here too.
    func ofResponse(minorVersion: UInt8) throws(WireError) -> BodyFraming {
        if isChunked {
            guard contentLength == nil, minorVersion == 1 else { throw .conflictingFraming }
            return .chunked
        }
        return contentLength.map { .length($0) } ?? .untilClose
    }
}

/// What the Connection lines of a message say (RFC 9110 §7.6.1).
package struct ConnectionField {
    /// Whether the connection is kept; nil where nothing is said.
    var keepsAlive: Bool?
    /// Whether `upgrade` is among the options.
    var upgrades = false

    /// More options than this are no honest client's.
    private static let maxOptions = 16

    /// Reads the options of all lines and drops the fields they name.
    static func apply(_ bytes: Span<UInt8>, _ table: inout FieldTable) throws(WireError) -> ConnectionField {
        var field = ConnectionField()
        var count = 0
        for index in table.lines.indices where table.lines[index].known == .connection {
            var position = Int(table.lines[index].valueStart)
            let end = Int(table.lines[index].valueEnd)
            while let option = nextListElement(bytes, from: &position, end: end) {
                count += 1
                let name = bytes.extracting(option)
                guard count <= maxOptions, isToken(name) else { throw .malformedConnectionField }
                field.take(name, bytes, &table)
            }
        }
        return field
    }

    /// Whether a `Connection` line among `lines` names the field.
    package static func names(_ name: Span<UInt8>, _ lines: [FieldLine], _ bytes: Span<UInt8>) -> Bool {
        for line in lines where line.known == .connection {
            var position = Int(line.valueStart)
            while let option = nextListElement(bytes, from: &position, end: Int(line.valueEnd)) {
                if bytes.extracting(option).equalsIgnoringASCIICase(name) { return true }
            }
        }
        return false
    }

    private mutating func take(_ name: Span<UInt8>, _ bytes: Span<UInt8>, _ table: inout FieldTable) {
        if name.equalsIgnoringASCIICase("close") {
            keepsAlive = false
        } else if name.equalsIgnoringASCIICase("keep-alive") {
            // `close` wins where both stand (RFC 9112 §9.3).
            keepsAlive = keepsAlive ?? true
        } else if name.equalsIgnoringASCIICase("upgrade") {
            upgrades = true
        } else if !Self.isIndispensable(name) {
            table.drop(name, in: bytes)
        }
    }

    /// Fields that a message can't lose to a Connection option: they say where it goes and where it ends.
    private static func isIndispensable(_ name: Span<UInt8>) -> Bool {
        switch KnownField.of(name) {
        case .host, .contentLength, .transferEncoding: true
        default: false
        }
    }

    private static func isToken(_ name: Span<UInt8>) -> Bool {
        for index in 0..<name.count where !name[index].isTokenCharacter { return false }
        return name.count > 0
    }

    /// The next non-empty element of a comma-separated list, without blanks around it.
    private static func nextListElement(_ bytes: Span<UInt8>, from position: inout Int, end: Int) -> Range<Int>? {
        while position < end {
            var elementEnd = position
            while elementEnd < end, bytes[elementEnd] != UInt8(ascii: ",") { elementEnd += 1 }
            var start = position
            position = min(elementEnd + 1, end)
            while start < elementEnd, bytes[start] == ASCII.space || bytes[start] == ASCII.tab { start += 1 }
            while elementEnd > start, bytes[elementEnd - 1] == ASCII.space || bytes[elementEnd - 1] == ASCII.tab {
                elementEnd -= 1
            }
            if start < elementEnd { return start..<elementEnd }
        }
        return nil
    }
}
