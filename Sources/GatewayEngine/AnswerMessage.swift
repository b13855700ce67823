internal import Bytes
package import GatewayModel
package import HTTPWire

/// An answer on its way to the client, before it is known how it is conveyed.
package struct AnswerMessage: Sendable {
    /// 200 to 599.
    package var status: Int
    /// Whole field lines, each with its CRLF; without those that frame the message.
    package var lines: [UInt8]
    /// Nil while it has not come.
    package var body: [UInt8]?
    /// Why it can't be sent; nil: it can.
    package internal(set) var failure: RefusalCode?

    package init(status: Int, lines: [UInt8], body: [UInt8]?) {
        self.status = status
        self.lines = lines
        self.body = body
    }

    /// Whether there is a line of that name, which is in lower case.
    package func has(_ name: String) -> Bool { value(of: Array(name.utf8).span) != nil }

    /// The lines of one name as one value; nil where there is none.
    func value(of name: Span<UInt8>) -> [UInt8]? {
        var joined: [UInt8]?
        FieldEdit.forEachLine(of: lines.span) { written, value, _ in
            guard lines.span.extracting(written).equalsIgnoringASCIICase(name) else { return }
            joined = (joined.map { $0 + Array(", ".utf8) } ?? []) + lines[value]
        }
        return joined
    }

    /// Names in lower case, each once.
    var names: [[UInt8]] {
        var names: [[UInt8]] = []
        FieldEdit.forEachLine(of: lines.span) { name, _, _ in
            let name = lines[name].map(\.asciiLowercased)
            if !names.contains(name) { names.append(name) }
        }
        return names
    }

    /// Whether such an answer may have a body (RFC 9110 §6.4.1).
    package func mayHaveBody(toHead: Bool) -> Bool { !toHead && status != 204 && status != 304 }

    /// Changes the lines; those that say how the message is conveyed are not among them.
    package mutating func edit(_ edit: FieldEdit) {
        if edit.removesAll {
            var kept: [UInt8] = []
            FieldEdit.forEachLine(of: lines.span) { name, _, line in
                if KnownField.of(lines.span.extracting(name)).isOfConveyance { kept += lines[line] }
            }
            lines = kept
        }
        edit.removed.drop(from: &lines)
        lines += edit.added
    }

    /// The whole answer of a gateway that has all of it, head and body.
    ///
    /// - Parameters:
    ///   - toHead: the request was HEAD, so that the body is left out.
    ///   - keepsAlive: whether the connection goes on.
    ///   - date: an IMF-fixdate.
    package func rendered(toHead: Bool, keepsAlive: Bool, date: [UInt8]) -> [UInt8] {
        let body = body ?? []
        var output: [UInt8] = []
        output.reserveCapacity(256 + lines.count + body.count)
        output.append("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
        output += lines
        // RFC 9110 §8.6: none with 204, and with 304 only that of the answer it stands for.
        if status != 204, status != 304 { output.append("content-length: \(body.count)\r\n") }
        output.append("date: ")
        output += date
        output.append(keepsAlive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n")
        if mayHaveBody(toHead: toHead) { output += body }
        return output
    }
}
