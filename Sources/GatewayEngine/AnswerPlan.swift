/// What is known of an answer before there is one, whoever gives it. Only requests of places that say something of it
/// have one.
package final class AnswerPlan: Sendable {
    /// Nil: refusals are written as the dialect has it.
    package let refusals: CompiledRefusalForm?
    /// Empty where requests have none.
    package let requestID: [UInt8]

    init(refusals: CompiledRefusalForm? = nil, requestID: [UInt8] = []) {
        self.refusals = refusals
        self.requestID = requestID
    }
}

extension RequestScratch {
    /// The request's ID; empty where it has none.
    package var requestID: [UInt8] { answerPlan?.requestID ?? [] }

    /// - Parameter plan: of a request without an ID, made once for all of them.
    mutating func plan(_ refusals: CompiledRefusalForm, _ plan: AnswerPlan) {
        answerPlan = answerPlan.map { AnswerPlan(refusals: refusals, requestID: $0.requestID) } ?? plan
    }

    mutating func plan(requestID: [UInt8]) {
        answerPlan = AnswerPlan(refusals: answerPlan?.refusals, requestID: requestID)
    }
}
