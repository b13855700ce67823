/// How expressions are read and what failing ones mean, the same for all policies.
package struct ExpressionSettings: Equatable, Sendable {
    package var checking: ExpressionChecking
    package var onDenyError: DenyErrorAction

    package init(checking: ExpressionChecking, onDenyError: DenyErrorAction) {
        self.checking = checking
        self.onDenyError = onDenyError
    }
}

/// How strictly expressions are checked when a configuration is loaded.
package enum ExpressionChecking: String, Hashable, Sendable, CaseIterable {
    /// Names and types.
    case typed
    /// The grammar only; a wrong name fails when the expression is evaluated.
    case parseOnly
}

/// What becomes of a request where a deny rule cannot be evaluated.
package enum DenyErrorAction: String, Hashable, Sendable, CaseIterable {
    case deny, ignore
}
