package import GatewayModel

/// What a request dies of, and what is told of it.
package struct Refusal: Error, Sendable {
    package let code: RefusalCode
    /// The realm of the challenge, where there is one.
    package let realm: String
    /// The challenge that goes with it where that is not the code's; nil: the code's.
    let challenge: RefusalCode.Challenge?
    /// Where clients learn what tokens are for (RFC 9728 §5.1); nil: nowhere.
    package let metadataURL: String?
    /// What a token lacks: the scopes that would do, or the names of claims; as the code says.
    private let lacking: [String]
    /// Which authorization rule decided, and how; nil where none did. For the log, never for the client.
    package let verdict: AuthorizationVerdict?
    /// A fetch of keys that runs or begins at once, and may bring the one that was missing: whoever serves the
    /// request may wait until it has settled, and decide again.
    package let keyRefresh: KeyRefresh?
    /// A password to be checked elsewhere: whoever serves the request may have that done, and decide again.
    package let passwordCheck: PasswordCheck?
    /// It is only for the check of a password that has to come first: where it cannot, the request passes.
    package private(set) var isOnTrial = false
    /// What the client is answered in place of what the table says; nil: that.
    let answer: AuthorizationRule.Answer?
    /// Whole field lines, each with its CRLF, that say more of it to the client.
    let lines: [UInt8]
    /// Why each of several ways to prove who sent the request led to nothing; empty where there are none.
    package let failures: [ProofFailure]

    package init(
        _ code: RefusalCode, realm: String = Refusal.defaultRealm, challenge: RefusalCode.Challenge? = nil,
        metadataURL: String? = nil, lacking: [String] = [], keyRefresh: KeyRefresh? = nil,
        passwordCheck: PasswordCheck? = nil, lines: [UInt8] = [],
        answer: AuthorizationRule.Answer? = nil
    ) {
        self.answer = answer
        self.code = code
        self.realm = realm
        self.challenge = challenge
        self.metadataURL = metadataURL
        self.lacking = lacking
        self.keyRefresh = keyRefresh
        self.passwordCheck = passwordCheck
        self.lines = lines
        verdict = nil
        failures = []
    }

    /// - Parameter failures: one or more.
    init(_ failures: [ProofFailure], _ scratch: borrowing RequestScratch) {
        let code = RefusalCode(failures)
        self.code = code
        self.failures = failures
        realm = failures[0].realm
        challenge = nil
        metadataURL = nil
        lacking = failures.first { $0.code == code }?.lacking ?? []
        verdict = nil
        keyRefresh = scratch.awaitedKeys
        passwordCheck = scratch.awaitedPassword
        answer = nil
        lines = []
    }

    init(_ verdict: AuthorizationVerdict) {
        code = verdict.refusalCode
        realm = Self.defaultRealm
        challenge = nil
        metadataURL = nil
        lacking = []
        self.verdict = verdict
        answer = verdict.rule?.answer
        keyRefresh = nil
        passwordCheck = nil
        lines = []
        failures = []
    }

    /// The same of a policy that only logs.
    var onTrial: Refusal {
        var refusal = self
        refusal.isOnTrial = true
        return refusal
    }

    /// The scopes that would do, where one is missing (RFC 6750 §3).
    package var requiredScopes: [String] { code == .scopeInsufficient ? lacking : [] }

    /// The claims that a token has to have and does not. For the log, never for the client.
    package var missingClaims: [String] { code == .claimMissing ? lacking : [] }

    package static let defaultRealm = "tollgate"
}
