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

    /// The answer that the client gets.
    ///
    /// - Parameters:
    ///   - change: what transformations make of answers; nil: nothing.
    ///   - edit: what other policies change of them.
    package func message(change: AnswerChange? = nil, edit: FieldEdit? = nil) -> AnswerMessage {
        var message = AnswerMessage(status: status, lines: lines, body: body)
        change?.apply(to: &message)
        if let edit { message.edit(edit) }
        return message
    }
}
