internal import Bytes
internal import GatewayModel
internal import HTTPWire

/// The stage that proves who sent a request by what the gateway itself knows of clients.
enum CredentialStage {
    /// Runs one `apiKey`; on success what is known of the key holds for the request.
    static func run(
        _ authenticator: APIKeyAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) {
        let credential = authenticator.credential
        switch try find(credential, .key, setting, listener, &scratch, bytes) {
        case .nothing: break
        // What proves nothing undoes what an earlier phase found.
        case .useless: scratch.apiKey = nil
        case .one(let found):
            scratch.apiKey = found.withText(scratch, bytes) { authenticator.key($0) }
            scratch.keyText = found
            try settle(found, credential, isVerified: scratch.apiKey != nil, &scratch, bytes)
        }
    }

    /// Runs one `basicAuth`; on success the user holds for the request.
    static func run(
        _ authenticator: BasicAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) {
        let credential = authenticator.credential
        switch try find(credential, .password, setting, listener, &scratch, bytes) {
        case .nothing: break
        case .useless: scratch.user = nil
        case .one(let found):
            switch found.withText(scratch, bytes, { authenticator.verdict($0) }) {
            case .user(let user):
                scratch.user = user
                scratch.passwordText = found
            case .invalid: scratch.user = nil
            case .unchecked(let check):
                scratch.awaitedPassword = check
                throw .passwordsBusy
            }
            try settle(found, credential, isVerified: scratch.user != nil, &scratch, bytes)
        }
    }

    private enum Finding {
        case nothing
        /// Nobody can tell which of several counts, or what it is; the request passes all the same.
        case useless
        case one(FoundToken)
    }

    /// The one credential of the request. Throws where one must be there, or what is there must be one.
    private static func find(
        _ credential: CompiledCredential, _ kind: CredentialKind, _ setting: RequestSetting,
        _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) -> Finding {
        do {
            let found = try TokenExtraction.find(credential.locations, &scratch, bytes, setting, listener)
            if let found, !scratch.isVerified(found, besides: kind) { return .one(found) }
        } catch {
            guard credential.presence == .permissive else {
                throw error == .ambiguous ? .credentialsAmbiguous : credential.invalid
            }
            if error == .ambiguous || !credential.forwardsUnverified {
                TokenExtraction.removeAll(credential.locations, &scratch, bytes, setting, listener)
            }
            return .useless
        }
        if credential.presence == .strict { throw credential.missing }
        return .nothing
    }

    /// Takes the credential out of what is forwarded, or refuses the request.
    private static func settle(
        _ found: FoundToken, _ credential: CompiledCredential, isVerified: Bool, _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>
    ) throws(RefusalCode) {
        guard isVerified || credential.presence == .permissive else { throw credential.invalid }
        let stays = isVerified ? credential.forwardsVerified : credential.forwardsUnverified
        if !stays { TokenRemoval.note(found, &scratch, bytes) }
    }
}

/// What policies of one kind ask for.
enum CredentialKind {
    case token, password, key
}

extension RequestScratch {
    /// Whether a policy that asks for something else has verified what stands there: then nothing else is found there.
    func isVerified(_ found: FoundToken, besides kind: CredentialKind) -> Bool {
        (kind != .token && verifiedToken != nil && verifiedText.isAt(found))
            || (kind != .password && user != nil && passwordText.isAt(found))
            || (kind != .key && apiKey != nil && keyText.isAt(found))
    }
}

extension FoundToken {
    /// Lends the credential's text: one of the query decoded, all others as they stand.
    fileprivate func withText<Answer>(
        _ scratch: borrowing RequestScratch, _ bytes: Span<UInt8>, _ body: (Span<UInt8>) -> Answer
    ) -> Answer {
        let storage = text == .head ? [] : storage(scratch)
        let written = text == .head ? bytes.extracting(range) : storage.span.extracting(range)
        guard case .query = place else { return body(written) }
        return body(QueryString.decoded(written).span)
    }
}
