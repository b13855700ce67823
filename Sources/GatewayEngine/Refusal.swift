package import GatewayModel

/// What a request dies of: the code, and how it is written to the client.
package struct Refusal: Error, Sendable {
    package let code: RefusalCode
    package let style: RefusalStyle
    /// The realm of the challenge, where there is one.
    package let realm: String

    package init(_ code: RefusalCode, style: RefusalStyle, realm: String = Refusal.defaultRealm) {
        self.code = code
        self.style = style
        self.realm = realm
    }

    package static let defaultRealm = "tollgate"
}
