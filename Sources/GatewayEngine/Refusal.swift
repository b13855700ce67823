package import GatewayModel

/// What a request dies of: the code, and how it is written to the client.
package struct Refusal: Error, Sendable {
    package let code: RefusalCode
    package let style: RefusalStyle
    /// The realm of the challenge, where there is one.
    package let realm: String

    /// Which authorization rule decided, and how; nil where none did. For the log, never for the client.
    package let verdict: AuthorizationVerdict?

    package init(_ code: RefusalCode, style: RefusalStyle, realm: String = Refusal.defaultRealm) {
        self.code = code
        self.style = style
        self.realm = realm
        verdict = nil
    }

    init(_ verdict: AuthorizationVerdict, style: RefusalStyle) {
        code = verdict.refusalCode
        self.style = style
        realm = Self.defaultRealm
        self.verdict = verdict
    }

    package static let defaultRealm = "tollgate"
}
