internal import GatewayEngine

/// An answer that expressions change on its way to the client. Only requests of such places have one.
final class AnswerCourse {
    let change: AnswerChange
    /// What has come of an answer that has to be whole before.
    var held: (message: AnswerMessage, body: GatheredBody)?
    /// The status it has got allows no body: what comes of one goes nowhere.
    var dropsBody = false

    init(_ change: AnswerChange) {
        self.change = change
    }
}
