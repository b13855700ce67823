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

    /// Lines are handed over when so much has gathered, or when the loop's timer comes by.
    private static let batchBytes = 32 << 10

    init(_ format: AccessLogFormat, _ writer: LogWriter) {
        self.format = format
        self.writer = writer
    }

    mutating func add(_ record: AccessRecord, peer: [UInt8], wallNanoseconds: Int64, uptime: Int64) {
        let time = CalendarTime(unixSeconds: wallNanoseconds / 1_000_000_000)
            .rfc3339(milliseconds: Int(wallNanoseconds / 1_000_000 % 1000))
        let microseconds = max(0, uptime - record.startedAt) / 1000
        switch format {
        case .off: return
        case .json: addJSON(record, peer, time, microseconds)
        case .text: addText(record, peer, time, microseconds)
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

    private mutating func addText(_ record: AccessRecord, _ peer: [UInt8], _ time: String, _ microseconds: Int64) {
        lines += Array("\(time) request status=\(record.status)".utf8)
        if let refusal = record.refusal { lines += Array(" refusal=\(refusal.rawValue)".utf8) }
        addText("method", record.method)
        addText("host", record.host)
        addText("path", record.path)
        addText("peer", peer)
        addText("route", Array(record.route.utf8))
        addText("sub", record.subject)
        addText("upstream", Array(record.upstream.utf8))
        lines += Array(" us=\(microseconds) in=\(record.requestBytes) out=\(record.responseBytes)".utf8)
        if record.wasAborted { lines += Array(" aborted=true".utf8) }
        lines.append(ASCII.lineFeed)
    }

    /// ` name=value`, the value in quotes where it could be read as more than one word.
    private mutating func addText(_ name: StaticString, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        lines += Array(" \(name)=".utf8)
        let isPlain = value.allSatisfy {
            $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
        }
        if isPlain {
            lines += value
        } else {
            JSONString.write(value.span, to: &lines)
        }
    }

    private mutating func addJSON(_ record: AccessRecord, _ peer: [UInt8], _ time: String, _ microseconds: Int64) {
        lines += Array("{\"time\":\"\(time)\",\"status\":\(record.status)".utf8)
        if let refusal = record.refusal { lines += Array(",\"refusal\":\"\(refusal.rawValue)\"".utf8) }
        addJSON("method", record.method)
        addJSON("host", record.host)
        addJSON("path", record.path)
        addJSON("peer", peer)
        addJSON("route", Array(record.route.utf8))
        addJSON("sub", record.subject)
        addJSON("upstream", Array(record.upstream.utf8))
        let numbers = ",\"us\":\(microseconds),\"in\":\(record.requestBytes),\"out\":\(record.responseBytes)"
        lines += Array("\(numbers)\(record.wasAborted ? ",\"aborted\":true" : "")}\n".utf8)
    }

    private mutating func addJSON(_ name: StaticString, _ value: [UInt8]) {
        guard !value.isEmpty else { return }
        lines += Array(",\"\(name)\":".utf8)
        JSONString.write(value.span, to: &lines)
    }
}
