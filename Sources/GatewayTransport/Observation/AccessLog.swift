internal import Bytes
internal import GatewayEngine
internal import GatewayModel
internal import HTTPWire

/// What is remembered of a request for its line in the access log. Nothing of it is a secret: no query, no
/// header; the subject only of a token that was verified. A path may be one, which is seen when the line is written.
struct AccessRecord {
    var startedAt: Int64
    var method: [UInt8] = []
    /// Else it is HTTP/1.1 or 1.0, of which the line says nothing.
    var speaksHTTP2 = false
    var host: [UInt8] = []
    var path: [UInt8] = []
    var route = ""
    var subject: [UInt8] = []
    var status = 0
    var refusal: RefusalCode?
    /// The authorization rule that decided, and where it stands.
    var rule = ""
    /// Claims that the token has to have and does not.
    var missingClaims: [String] = []
    /// What policies that only log would have refused it for.
    var loggedRefusals: [LoggedRefusal] = []
    var upstream = ""
    /// Empty where requests have none.
    var requestID: [UInt8] = []
    var requestBytes: UInt64 = 0
    var responseBytes: UInt64 = 0
    /// The answer broke off.
    var wasAborted = false
    /// What the configuration's expressions are asked about; nil where there are none.
    var request: LoggedRequest?
}

/// One event loop's part of the access log: lines are gathered and written together.
struct AccessLog {
    let format: AccessLogFormat
    private let writer: LogWriter
    private var lines: [UInt8] = []
    private var count = 0
    private var stampedSecond: Int64 = .min
    private var stamp: [UInt8] = []
    /// Fields that the line at hand does not have.
    private var removed: AccessLogFields = []

    /// Lines are handed over when so much has gathered, or when the loop's timer comes by.
    private static let batchBytes = 32 << 10

    init(_ format: AccessLogFormat, _ writer: LogWriter) {
        self.format = format
        self.writer = writer
    }

    /// - Parameter removed: fields that the line does not have.
    mutating func add(
        _ record: AccessRecord, without removed: AccessLogFields, peer: [UInt8], wallNanoseconds: Int64, uptime: Int64
    ) {
        guard format != .off else { return }
        var more: [LoggedRequest.Field] = []
        if let request = record.request {
            guard let fields = request.fields(status: record.status, upstream: record.upstream) else { return }
            more = fields
        }
        self.removed = removed
        addLine(record, more, peer, wallNanoseconds, max(0, uptime - record.startedAt) / 1000)
        count += 1
        if lines.count >= Self.batchBytes { flush() }
    }

    var hasLines: Bool { count > 0 }

    mutating func flush() {
        guard count > 0 else { return }
        writer.write(lines, count: count)
        lines.removeAll(keepingCapacity: true)
        count = 0
    }

    /// One line; both formats have the same fields in the same order.
    private mutating func addLine(
        _ record: AccessRecord, _ more: [LoggedRequest.Field], _ peer: [UInt8], _ wallNanoseconds: Int64,
        _ microseconds: Int64
    ) {
        if format == .json { lines.append("{\"time\":\"") }
        addTime(wallNanoseconds)
        lines.append(format == .json ? "\"" : " request")
        addNumber(.status, "status", record.status)
        if let refusal = record.refusal { addField(.refusal, "refusal", refusal.rawValue.utf8) }
        addField(.rule, "rule", record.rule.utf8)
        if !record.loggedRefusals.isEmpty { addLogged(record.loggedRefusals) }
        if !record.missingClaims.isEmpty {
            addField(.missing, "missing", record.missingClaims.joined(separator: " ").utf8)
        }
        addField(.method, "method", record.method)
        if record.speaksHTTP2 { addField(.version, "version", "HTTP/2".utf8) }
        addWritten(.host, "host", record.host)
        addWritten(.path, "path", record.path)
        addField(.peer, "peer", peer)
        addField(.route, "route", record.route.utf8)
        addField(.subject, "sub", record.subject)
        addField(.upstream, "upstream", record.upstream.utf8)
        addField(.requestID, "request_id", record.requestID)
        addNumber(.duration, "us", microseconds)
        addNumber(.bytesIn, "in", record.requestBytes)
        addNumber(.bytesOut, "out", record.responseBytes)
        if record.wasAborted, !removed.contains(.aborted) {
            addName("aborted")
            lines.append("true")
        }
        for field in more { add(field) }
        lines.append(format == .json ? "}\n" : "\n")
    }

    /// They leave with the fields that say the same of a request that is refused.
    private mutating func addLogged(_ refusals: [LoggedRefusal]) {
        addField(.refusal, "would_refuse", refusals.map(\.code.rawValue).joined(separator: ",").utf8)
        addField(.rule, "would_rule", refusals.map(\.rule).filter { !$0.isEmpty }.joined(separator: ",").utf8)
    }

    private mutating func addName(_ name: StaticString) {
        lines.append(format == .json ? ",\"" : " ")
        lines.append(name)
        lines.append(format == .json ? "\":" : "=")
    }

    private mutating func addNumber(
        _ field: AccessLogFields, _ name: StaticString, _ number: some FixedWidthInteger
    ) {
        guard !removed.contains(field) else { return }
        addName(name)
        lines.append(decimal: number)
    }

    /// A field that has a value; as text in quotes only where it could be read as more than one word.
    private mutating func addField(
        _ field: AccessLogFields, _ name: StaticString, _ value: some Collection<UInt8>
    ) {
        guard !value.isEmpty, !removed.contains(field) else { return }
        addName(name)
        addText(value)
    }

    /// A field that the client wrote, unless a token stands in it.
    private mutating func addWritten(_ field: AccessLogFields, _ name: StaticString, _ value: [UInt8]) {
        addField(field, name, value.span.holdsToken ? LoggedRequest.withheld : value)
    }

    /// A field of the configuration's.
    private mutating func add(_ field: LoggedRequest.Field) {
        lines.append(format == .json ? ",\"" : " ")
        lines += field.name
        lines.append(format == .json ? "\":" : "=")
        if field.isJSON { lines += field.value } else { addText(field.value) }
    }

    private mutating func addText(_ value: some Collection<UInt8>) {
        if format == .text, !value.isEmpty, value.allSatisfy(Self.isPlain) {
            lines.append(contentsOf: value)
        } else {
            let bytes = Array(value)
            JSONString.write(bytes.span, to: &lines)
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
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
