internal import CEL

// Answers that an expression judges.
extension EndpointCondition {
    /// Whether answers have to be shown to `isHealthy(_:to:)`.
    package var judgesAnswers: Bool { unhealthyAnswer != nil }

    /// What cannot be evaluated speaks for the server: a slip in an expression is no reason to take all of them out.
    ///
    /// - Parameters:
    ///   - answer: without a body.
    ///   - request: as it was sent.
    package func isHealthy(_ answer: AnswerMessage, to request: KeptRequest) -> Bool {
        guard let unhealthyAnswer else { return true }
        request.scratch.answer = answer
        request.scratch.answeredStatus = answer.status
        defer { request.scratch.answer = nil }
        return request.show { shown in
            if case .bool(true) = unhealthyAnswer.evaluate(shown) { false } else { true }
        }
    }
}
