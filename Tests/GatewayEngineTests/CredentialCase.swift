import GatewayModel
import Testing

/// What becomes of a request with these field lines, where a credential has to be present so.
struct CredentialCase: Sendable, CustomTestStringConvertible {
    var presence: Presence
    /// Each with its CRLF.
    var lines: String
    /// Nil: the request passes.
    var refusal: RefusalCode?
    var testDescription: String { "\(presence), \(lines)" }

    init(_ presence: Presence, _ lines: String, _ refusal: RefusalCode? = nil) {
        self.presence = presence
        self.lines = lines
        self.refusal = refusal
    }
}
