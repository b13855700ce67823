internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// What is remembered of a request for its line in the access log. Nothing of it is a secret: no query, no
/// header, no token; the subject only of a token that was verified.
struct AccessRecord {
    var startedAt: Int64
    var method: [UInt8] = []
    var host: [UInt8] = []
    var path: [UInt8] = []
    var route = ""
    var subject: [UInt8] = []
    var status = 0
    var refusal: RefusalCode?
    var upstream = ""
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    /// The answer broke off.
    var wasAborted = false
}

/// One event loop's part of the access log: lines are gathered and written together.
struct AccessLog {
    let format: AccessLogFormat
    private let writer: LogWriter
    private var lines: [UInt8] = []
    private var count = 0
    private var stampedSecond: Int64 = .min
    private var stamp: [UInt8] = []

    /// Lines are handed over when so much has gathered, or when the loop's timer comes by.
    private static let batchBytes = 32 << 10

    init(_ format: AccessLogFormat, _ writer: LogWriter) {
        self.format = format
        self.writer = writer
    }

    mutating func add(_ record: AccessRecord, peer: [UInt8], wallNanoseconds: Int64, uptime: Int64) {
        let microseconds = max(0, uptime - record.startedAt) / 1000
        switch format {
        case .off: return
        case .json: addJSON(record, peer, wallNanoseconds, microseconds)
        case .text: addText(record, peer, wallNanoseconds, microseconds)
        }
        count += 1
        if lines.count >= Self.batchBytes { flush() }
    }

    mutating func flush() {
        guard count > 0 else { return }
        writer.write(lines, count: count)
        lines.removeAll(keepingCapacity: true)
        count = 0
    }

    private mutating func addText(
        _ record: AccessRecord, _ peer: [UInt8], _ wallNanoseconds: Int64, _ microseconds: Int64
    ) {
        addTime(wallNanoseconds)
        lines.append(" request status=")
        lines.append(decimal: record.status)
        if let refusal = record.refusal { addText("refusal", refusal.rawValue.utf8) }
        addText("method", record.method)
        addText("host", record.host)
        addText("path", record.path)
        addText("peer", peer)
        addText("route", record.route.utf8)
        addText("sub", record.subject)
        addText("upstream", record.upstream.utf8)
        lines.append(" us=")
        lines.append(decimal: microseconds)
        lines.append(" in=")
        lines.append(decimal: record.requestBytes)
        lines.append(" out=")
        lines.append(decimal: record.responseBytes)
        if record.wasAborted { lines.append(" aborted=true") }
        lines.append(ASCII.lineFeed)
    }

    /// ` name=value`, the value in quotes where it could be read as more than one word.
    private mutating func addText(_ name: StaticString, _ value: some Collection<UInt8>) {
        guard !value.isEmpty else { return }
        lines.append(ASCII.space)
        lines.append(name)
        lines.append(UInt8(ascii: "="))
        let isPlain = value.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            lines.append(contentsOf: value)
        } else {
            let bytes = Array(value)
            JSONString.write(bytes.span, to: &lines)
        }
    }

    private mutating func addJSON(
        _ record: AccessRecord, _ peer: [UInt8], _ wallNanoseconds: Int64, _ microseconds: Int64
    ) {
        lines.append("{\"time\":\"")
        addTime(wallNanoseconds)
        lines.append("\",\"status\":")
        lines.append(decimal: record.status)
        if let refusal = record.refusal { addJSON("refusal", refusal.rawValue.utf8) }
        addJSON("method", record.method)
        addJSON("host", record.host)
        addJSON("path", record.path)
        addJSON("peer", peer)
        addJSON("route", record.route.utf8)
        addJSON("sub", record.subject)
        addJSON("upstream", record.upstream.utf8)
        lines.append(",\"us\":")
        lines.append(decimal: microseconds)
        lines.append(",\"in\":")
        lines.append(decimal: record.requestBytes)
        lines.append(",\"out\":")
        lines.append(decimal: record.responseBytes)
        if record.wasAborted { lines.append(",\"aborted\":true") }
        lines.append("}\n")
    }

    private mutating func addJSON(_ name: StaticString, _ value: some Collection<UInt8>) {
        guard !value.isEmpty else { return }
        lines.append(",\"")
        lines.append(name)
        lines.append("\":")
        let bytes = Array(value)
        JSONString.write(bytes.span, to: &lines)
    }

    /// RFC 3339 with milliseconds. What does not change within a second is made once.
    private mutating func addTime(_ wallNanoseconds: Int64) {
        let second = wallNanoseconds / 1_000_000_000
        if second != stampedSecond {
            stampedSecond = second
            // Without the `Z`, which stands behind the fraction.
            stamp = Array(CalendarTime(unixSeconds: second).rfc3339().utf8.dropLast())
        }
        lines += stamp
        lines.append(UInt8(ascii: "."))
        let milliseconds = Int(wallNanoseconds / 1_000_000 % 1000)
        for divisor in [100, 10, 1] { lines.append(0x30 + UInt8(milliseconds / divisor % 10)) }
        lines.append(UInt8(ascii: "Z"))
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString) {
        literal.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a number that is not negative.
    fileprivate mutating func append(decimal number: some FixedWidthInteger) {
        let start = count
        var rest = number
        repeat {
            append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
