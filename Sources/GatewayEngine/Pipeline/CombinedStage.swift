package import GatewayModel
internal import HTTPWire
internal import JOSE

/// Why one way to prove who sent a request led to nothing.
package struct ProofFailure: Error, Sendable {
    package let code: RefusalCode
    /// What its credential is called.
    let name: StaticString
    let realm: String
    /// Where clients learn what tokens are for; nil: nowhere.
    let metadataURL: String?
    /// What a token lacks, as in `Refusal`.
    let lacking: [String]

    /// The scopes that would do, where one is missing.
    var requiredScopes: [String] { code == .scopeInsufficient ? lacking : [] }
}

/// The stage that asks for a combination of credentials.
///
/// Alternatives are tried in order, and the first that holds says who sent the request. What an alternative proved that
/// does not hold as a whole is forgotten. None of the credentials goes further but those that held and that `forward`
/// keeps.
struct CombinedStage {
    private let authenticator: CombinedAuthenticator
    private let setting: RequestSetting
    private let listener: ListenerSnapshot
    /// Proofs of the alternative that holds.
    private var held = ProofSet()
    private var failures: [ProofFailure] = []
    /// Whether any proof held, if only for an alternative that did not.
    private var hasProved = false

    static func run(
        _ authenticator: CombinedAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, _ cache: inout TokenCache
    ) throws(Refusal) {
        var stage = CombinedStage(authenticator: authenticator, setting: setting, listener: listener)
        let before = authenticator.logsOnly ? Identity(scratch) : nil
        if let refusal = stage.refusal(&scratch, bytes, &cache) {
            guard let before else { throw refusal }
            if refusal.isAwaited(setting) { throw refusal.onTrial }
            before.restore(&scratch)
            stage.pass(refusal, &scratch)
        }
        scratch.awaitedKeys = nil
        stage.remove(&scratch, bytes)
    }

    /// What the request dies of; nil where it passes.
    private mutating func refusal(
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, _ cache: inout TokenCache
    ) -> Refusal? {
        do throws(ProofFailure) {
            let holds = try holds(authenticator.requirement, &scratch, bytes, &cache)
            return holds || mayPass ? nil : Refusal(failures, scratch)
        } catch {
            // Nobody can tell which of two credentials another reader would take, or nobody knows yet.
            return Refusal([error], scratch)
        }
    }

    /// Lets a request pass that a combination refuses which only logs. A credential that failed undoes what an earlier
    /// phase found.
    private mutating func pass(_ refusal: Refusal, _ scratch: inout RequestScratch) {
        held = ProofSet()
        if !refusal.failures.allSatisfy(\.code.meansNoCredential) {
            Authentication.forgetIdentity(setting, &scratch)
            scratch.apiKey = nil
            scratch.user = nil
        }
        Trial.note(refusal.code, &scratch)
    }

    private init(authenticator: CombinedAuthenticator, setting: RequestSetting, listener: ListenerSnapshot) {
        self.authenticator = authenticator
        self.setting = setting
        self.listener = listener
    }

    /// Whether a request may pass that proved nothing.
    private var mayPass: Bool {
        switch authenticator.presence {
        case .strict: false
        case .optional: !hasProved && failures.allSatisfy(\.code.meansNoCredential)
        case .permissive: true
        }
    }

    // MARK: - Deciding

    /// Throws what no other alternative makes up for.
    private mutating func holds(
        _ requirement: CombinedAuthenticator.Requirement, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>,
        _ cache: inout TokenCache
    ) throws(ProofFailure) -> Bool {
        switch requirement {
        case .proof(let index): return try proves(index, &scratch, bytes, &cache)
        case .anyOf(let parts):
            for part in parts where try holds(part, &scratch, bytes, &cache) { return true }
            return false
        case .allOf(let parts):
            let before = (held, Identity(scratch))
            for part in parts where try !holds(part, &scratch, bytes, &cache) {
                held = before.0
                before.1.restore(&scratch)
                return false
            }
            return true
        }
    }

    private mutating func proves(
        _ index: Int, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, _ cache: inout TokenCache
    ) throws(ProofFailure) -> Bool {
        let proof = authenticator.proofs[index]
        do {
            switch proof {
            case .token(let token):
                try Authentication.run(token, setting, listener, &scratch, bytes, cache: &cache)
            case .apiKey(let keys): try CredentialStage.run(keys, setting, listener, &scratch, bytes)
            case .password(let users): try CredentialStage.run(users, setting, listener, &scratch, bytes)
            }
            held.insert(index)
            hasProved = true
            return true
        } catch {
            let failure = ProofFailure(
                code: error, name: proof.name, realm: proof.realm,
                metadataURL: proof.metadataURL, lacking: scratch.lacking)
            if !scratch.lacking.isEmpty { scratch.lacking = [] }
            switch error {
            case .passwordsBusy: throw failure
            case .tokenAmbiguous, .credentialsAmbiguous:
                guard authenticator.presence == .permissive else { throw failure }
            default: break
            }
            failures.append(failure)
            return false
        }
    }

    // MARK: - What goes no further

    private func remove(_ scratch: inout RequestScratch, _ bytes: Span<UInt8>) {
        var kept: [FoundToken] = []
        for (index, proof) in authenticator.proofs.enumerated() where proof.forwardsVerified && held.contains(index) {
            if let found = try? TokenExtraction.find(proof.locations, &scratch, bytes, setting, listener) {
                kept.append(found)
            }
        }
        for (index, proof) in authenticator.proofs.enumerated()
        where !(proof.forwardsVerified && held.contains(index)) {
            TokenExtraction.remove(proof.locations, except: kept, &scratch, bytes, setting, listener)
        }
    }
}

/// Who a request is from, as far as stages have found out.
private struct Identity {
    private let token: VerifiedToken?
    private let apiKey: KnownAPIKey?
    private let user: KnownUser?
    private let texts: (token: FoundToken, apiKey: FoundToken, user: FoundToken)
    /// With the headers that claims are handed on as.
    private let lines: [UInt8]

    init(_ scratch: borrowing RequestScratch) {
        token = scratch.verifiedToken
        apiKey = scratch.apiKey
        user = scratch.user
        texts = (scratch.verifiedText, scratch.keyText, scratch.passwordText)
        lines = scratch.addedLines
    }

    func restore(_ scratch: inout RequestScratch) {
        scratch.verifiedToken = token
        scratch.apiKey = apiKey
        scratch.user = user
        (scratch.verifiedText, scratch.keyText, scratch.passwordText) = texts
        scratch.addedLines = lines
    }
}

extension RefusalCode {
    /// Whether there was nothing to verify.
    var meansNoCredential: Bool { self == .tokenMissing || self == .apiKeyMissing || self == .basicMissing }
}
