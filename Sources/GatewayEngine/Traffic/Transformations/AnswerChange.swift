internal import CEL
package import HTTPWire

/// What is to be done to the answer of one request.
package final class AnswerChange {
    private let request: KeptRequest
    /// What is changed of the field lines before; nil: nothing.
    package let modifier: FieldEdit?
    /// The closest to the backend first.
    private var changes: [CompiledChange]
    private var awaitsHead: Bool

    /// Nil where nothing is.
    package init?(_ plan: AnswerPlan?, _ request: @autoclosure () -> KeptRequest?) {
        guard let plan, !plan.changes.isEmpty, let request = request() else { return nil }
        self.request = request
        modifier = request.scratch.responseModifier
        changes = plan.changes.reversed()
        awaitsHead = changes.contains { $0.condition != nil }
    }

    /// Whether the answer has to be whole before.
    package var needsBody: Bool { changes.contains { $0.needsBody } }
    /// Whether the body becomes another one.
    package var replacesBody: Bool { changes.contains { $0.replacesBody } }

    /// Leaves out the changes whose condition the answer does not fulfil. Its first head decides.
    package func take(headOf message: AnswerMessage) {
        guard awaitsHead else { return }
        awaitsHead = false
        request.scratch.answer = message
        request.scratch.answeredStatus = message.status
        changes.removeAll { change in
            guard let condition = change.condition else { return false }
            return !request.show { condition.evaluate($0).isTrue }
        }
        request.scratch.answer = nil
    }

    /// Changes the field lines, then what transformations change.
    package func apply(to message: inout AnswerMessage) {
        take(headOf: message)
        if let modifier { message.edit(modifier) }
        transform(&message)
    }

    /// Each change sees what those before it have made of the answer. A body that has not come stays as it will be.
    ///
    /// - Parameter isRefusal: its body, which says why, is not searched.
    func transform(_ message: inout AnswerMessage, isRefusal: Bool = false) {
        take(headOf: message)
        for change in changes {
            request.scratch.answer = message
            request.scratch.answeredStatus = message.status
            if !change.metadata.isEmpty { request.scratch.note(request.show { change.noted($0) }) }
            let made = request.show { change.evaluated($0) }
            if !isRefusal { change.filters?.apply(to: &message) }
            message.edit(made.edit)
            message.status = made.status ?? message.status
            message.body = made.body ?? message.body
        }
        request.scratch.answer = nil
    }
}
