import Foundation
import HTTPWire
import Testing

/// The tables of `Docs/CanonicalRequest.md`, row by row.
@Suite struct `The canonical request` {
    @Test(arguments: CanonicalRow.all)
    func `is what its page says`(_ row: CanonicalRow) throws {
        let outcome = CanonicalOutcome(of: row.requestBytes)
        #expect(outcome.result == row.result)
        if let host = row.host { #expect(outcome.host == host) }
        // What is forwarded is read the same way once more, by whoever comes next.
        guard row.status == nil, outcome.result != "*" else { return }
        let host = outcome.host.flatMap { $0.isEmpty ? nil : $0 } ?? "example.com"
        let again = CanonicalOutcome(of: Array("GET \(outcome.result) HTTP/1.1\r\nHost: \(host)\r\n\r\n".utf8))
        #expect(again.result == outcome.result)
    }

    @Test func `has a page with rows enough`() {
        #expect(CanonicalRow.all.count > 100)
    }

    @Test func `is forwarded from the head's own bytes where nothing had to be changed`() throws {
        #expect(CanonicalOutcome(of: Array("GET /a/b?c HTTP/1.1\r\nHost: a\r\n\r\n".utf8)).isVerbatim == true)
        #expect(CanonicalOutcome(of: Array("GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n".utf8)).isVerbatim == false)
    }

    @Test func `leaves nothing of one request in the next`() throws {
        var target = CanonicalTarget()
        for text in [
            "GET /a/../secret?token=1 HTTP/1.1\r\nHost: one\r\n\r\n", "GET /./x HTTP/1.1\r\nHost: two\r\n\r\n",
        ] {
            let bytes = Array(text.utf8)
            var table = FieldTable()
            let head = try #require(try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table))
            try target.read(head, bytes.span)
        }
        #expect(target.storage.text(target.path) == "/x")
        #expect(target.query == nil)
        #expect(target.host == Array("two".utf8))
    }

    @Test func `a long path of escapes or dots is read in linear time`() {
        let paths = [
            String(repeating: "/..", count: 5000), String(repeating: "/a/..", count: 3000),
            "/" + String(repeating: "%41", count: 5000), "/" + String(repeating: "%C3%A9", count: 2500),
            String(repeating: "/.", count: 8000),
        ]
        let time = ContinuousClock().measure {
            for path in paths {
                let outcome = CanonicalOutcome(of: Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                #expect(outcome.status == nil)
            }
        }
        #expect(time < .seconds(2))
    }
}

/// What a request head came to, as the page writes it.
struct CanonicalOutcome {
    /// Path and query, or the status and code.
    var result = ""
    var host: String?
    var status: Int?
    var isVerbatim: Bool?

    init(of bytes: [UInt8]) {
        do {
            var table = FieldTable()
            guard let head = try RequestHeadParser.parse(bytes.span, limits: .standard, into: &table) else { return }
            var target = CanonicalTarget()
            try target.read(head, bytes.span)
            let text = target.isVerbatim ? bytes : target.storage
            result = text.text(target.path) + (target.query.map { "?" + text.text($0) } ?? "")
            host = target.host.text
            isVerbatim = target.isVerbatim
        } catch {
            let (status, code) = Self.refusal(error)
            self.status = status
            result = "\(status) \(code)"
        }
    }

    private static func refusal(_ error: WireError) -> (Int, String) {
        switch error {
        case .ambiguousTarget: (400, "ambiguous_target")
        case .hostInvalid: (400, "host_invalid")
        case .malformedRequestLine, .malformedField: (400, "malformed_request")
        case .methodNotSupported: (501, "method_not_supported")
        default: (0, "\(error)")
        }
    }
}

/// A row of one of the page's tables.
struct CanonicalRow: Sendable, CustomTestStringConvertible {
    var request: String
    /// The value of Host; nil where it is not sent.
    var sentHost: String?
    var result: String
    var host: String?

    var testDescription: String { "\(request) · \(sentHost ?? "no Host")" }

    var status: Int? {
        let parts = result.split(separator: " ")
        return parts.count == 2 ? Int(parts[0]) : nil
    }

    var requestBytes: [UInt8] {
        Self.unescaped(request) + Array("\r\n".utf8) + Array((sentHost.map { "Host: \($0)\r\n" } ?? "").utf8)
            + Array("\r\n".utf8)
    }

    static let all: [CanonicalRow] = {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(
            path: "../../Docs/CanonicalRequest.md")
        guard let text = try? String(contentsOf: page, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap(CanonicalRow.init)
    }()

    private init?(_ line: Substring) {
        let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard let first = cells.first, first.hasPrefix("`") else { return nil }
        let written = Self.code(first)
        switch cells.count {
        case 3:
            request = "GET \(written) HTTP/1.1"
            sentHost = "example.com"
            result = Self.result(cells[1], kept: written)
            host = nil
        case 5:
            request = written
            sentHost = cells[1] == "-" ? nil : Self.code(cells[1])
            result = Self.result(cells[2], kept: String(written.split(separator: " ")[1]))
            host = cells[3].isEmpty ? nil : Self.code(cells[3])
        default: return nil
        }
    }

    private static func code(_ cell: String) -> String {
        cell == "``" ? "" : cell.trimmingCharacters(in: ["`"])
    }

    private static func result(_ cell: String, kept: String) -> String {
        cell == "kept" ? kept : cell.replacingOccurrences(of: "`", with: "")
    }

    /// `\x00` as the byte it stands for.
    private static func unescaped(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Substring(text)
        while let next = rest.first {
            if rest.hasPrefix("\\x"), let byte = UInt8(rest.dropFirst(2).prefix(2), radix: 16) {
                bytes.append(byte)
                rest = rest.dropFirst(4)
            } else {
                bytes += Array(String(next).utf8)
                rest = rest.dropFirst()
            }
        }
        return bytes
    }
}
