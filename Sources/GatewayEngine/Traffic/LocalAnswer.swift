internal import Bytes
package import HTTPWire

/// An answer of the gateway itself that is no refusal.
package final class LocalAnswer: Sendable {
    /// 200 to 599.
    package let status: Int
    /// Whole field lines, each with its CRLF; without those that frame the message.
    let lines: [UInt8]
    package let body: [UInt8]

    init(status: Int, lines: [UInt8] = [], body: [UInt8] = []) {
        self.status = status
        self.lines = lines
        self.body = body
    }

    /// The whole answer, head and body.
    ///
    /// - Parameters:
    ///   - toHead: the request was HEAD, so that the body is left out.
    ///   - keepsAlive: whether the connection goes on.
    ///   - date: an IMF-fixdate.
    ///   - edit: what policies change of answers.
    package func rendered(toHead: Bool, keepsAlive: Bool, date: [UInt8], edit: FieldEdit? = nil) -> [UInt8] {
        var lines = lines
        if let edit {
            edit.removed.drop(from: &lines)
            lines += edit.added
        }
        var output: [UInt8] = []
        output.reserveCapacity(256 + lines.count + body.count)
        output.append("HTTP/1.1 \(status) \(ReasonPhrase.of(status))\r\n")
        output += lines
        // RFC 9110 §8.6: none with 204, and with 304 only that of the answer it stands for.
        if status != 204, status != 304 { output.append("content-length: \(body.count)\r\n") }
        output.append("date: ")
        output += date
        output.append(keepsAlive ? "\r\n\r\n" : "\r\nconnection: close\r\n\r\n")
        if !toHead { output += body }
        return output
    }
}
