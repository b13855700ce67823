/// What is answered in place of forwarding.
package struct DirectResponse: Equatable, Sendable {
    package enum Body: Equatable, Sendable {
        /// Empty for the statuses that have none (204, 205, 304).
        case bytes([UInt8])
        /// A text or bytes; empty where it fails.
        case expression(Expression)
    }

    package struct Choice: Equatable, Sendable {
        /// 200 to 599.
        package var status: Int
        package var body: Body
        /// Those whose value fails, or cannot stand in a header, are left out.
        package var headers: [Transformation.Field]
        /// Nil: always.
        package var condition: Expression?

        package init(status: Int, body: Body, headers: [Transformation.Field], condition: Expression?) {
            self.status = status
            self.body = body
            self.headers = headers
            self.condition = condition
        }
    }

    /// The first whose condition holds is given; where none does the request is forwarded.
    package var choices: [Choice]

    package init(choices: [Choice]) {
        self.choices = choices
    }

    /// One answer to all.
    package init(status: Int, body: [UInt8]) {
        choices = [Choice(status: status, body: .bytes(body), headers: [], condition: nil)]
    }

    /// Whether every request is answered.
    package var answersAll: Bool { choices.contains { $0.condition == nil } }

    /// Whether an expression of any of them may read the request.
    package var readsRequest: Bool {
        choices.contains { choice in
            if case .expression = choice.body { return true }
            return choice.condition != nil || !choice.headers.isEmpty
        }
    }
}
