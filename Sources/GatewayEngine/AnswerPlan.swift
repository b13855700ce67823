/// What is known of an answer before there is one, whoever gives it. Only requests of places that say something of it
/// have one.
package final class AnswerPlan: Sendable {
    /// Nil: refusals are written as the dialect has it.
    package let refusals: CompiledRefusalForm?
    /// Empty where requests have none.
    package let requestID: [UInt8]
    /// What transformations are to make of it, in the order in which the request came by them.
    let changes: [CompiledChange]

    init(refusals: CompiledRefusalForm? = nil, requestID: [UInt8] = [], changes: [CompiledChange] = []) {
        self.refusals = refusals
        self.requestID = requestID
        self.changes = changes
    }
}

extension RequestScratch {
    /// The request's ID; empty where it has none.
    package var requestID: [UInt8] { answerPlan?.requestID ?? [] }

    /// - Parameter plan: of a request of which nothing else is known, made once for all of them.
    mutating func plan(_ refusals: CompiledRefusalForm, _ plan: AnswerPlan) {
        answerPlan =
            answerPlan.map { AnswerPlan(refusals: refusals, requestID: $0.requestID, changes: $0.changes) } ?? plan
    }

    mutating func plan(requestID: [UInt8]) {
        answerPlan = AnswerPlan(
            refusals: answerPlan?.refusals, requestID: requestID, changes: answerPlan?.changes ?? [])
    }

    mutating func plan(_ change: CompiledChange) {
        answerPlan = AnswerPlan(
            refusals: answerPlan?.refusals, requestID: requestID, changes: (answerPlan?.changes ?? []) + [change])
    }
}
