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

    package var effect: Effect
    /// A CEL expression that answers a boolean.
    package var expression: String
    package var provenance: Provenance

    package init(effect: Effect, expression: String, provenance: Provenance) {
        self.effect = effect
        self.expression = expression
        self.provenance = provenance
    }
}
