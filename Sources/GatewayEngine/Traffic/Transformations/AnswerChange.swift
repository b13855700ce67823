package import HTTPWire

/// What is to be done to the answer of one request.
package final class AnswerChange {
    private let request: KeptRequest
    /// What is changed of the field lines before; nil: nothing.
    package let modifier: FieldEdit?
    /// The closest to the backend first.
    private let changes: [CompiledChange]
    /// Whether the answer has to be whole before.
    package let needsBody: Bool
    /// Whether the body becomes another one.
    package let replacesBody: Bool

    /// Nil where nothing is.
    package init?(_ plan: AnswerPlan?, _ request: @autoclosure () -> KeptRequest?) {
        guard let plan, !plan.changes.isEmpty, let request = request() else { return nil }
        self.request = request
        modifier = request.scratch.responseModifier
        changes = plan.changes.reversed()
        needsBody = changes.contains { $0.needsBody }
        replacesBody = changes.contains { $0.body != nil }
    }

    /// Changes the field lines, then what transformations change.
    package func apply(to message: inout AnswerMessage) {
        if let modifier { message.edit(modifier) }
        transform(&message)
    }

    /// Each change sees what those before it have made of the answer. A body that has not come stays as it will be.
    func transform(_ message: inout AnswerMessage) {
        for change in changes {
            request.scratch.answer = message
            request.scratch.answeredStatus = message.status
            if !change.metadata.isEmpty { request.scratch.note(request.show { change.noted($0) }) }
            let made = request.show { change.evaluated($0) }
            message.edit(made.edit)
            message.status = made.status ?? message.status
            message.body = made.body ?? message.body
        }
        request.scratch.answer = nil
    }
}
