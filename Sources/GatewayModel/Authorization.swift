/// Rules that decide, once the caller is known, whether the request may pass.
package struct Authorization: Equatable, Sendable {
    package var rules: [AuthorizationRule]
    /// Nobody is refused: what would have been is logged.
    package var logsOnly: Bool

    package init(rules: [AuthorizationRule], logsOnly: Bool = false) {
        self.rules = rules
        self.logsOnly = logsOnly
    }
}

package struct AuthorizationRule: Equatable, Sendable {
    package enum Effect: String, Hashable, Sendable {
        case allow, deny, require
    }

    /// What the client is answered in place of what the table of refusals says.
    package struct Answer: Hashable, Sendable {
        /// 200 to 599.
        package var status: Int
        /// Nil: as the table says.
        package var message: String?

        package init(status: Int, message: String?) {
            self.status = status
            self.message = message
        }
    }

    package var effect: Effect
    /// A CEL expression that answers a boolean.
    package var expression: String
    /// Where the rule refuses a request; nil: as the table says. An `allow` rule refuses none by itself.
    package var answer: Answer?
    package var provenance: Provenance

    package init(effect: Effect, expression: String, answer: Answer? = nil, provenance: Provenance) {
        self.effect = effect
        self.expression = expression
        self.answer = answer
        self.provenance = provenance
    }
}
