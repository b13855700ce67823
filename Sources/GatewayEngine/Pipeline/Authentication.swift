internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// The stage that proves who sent a request.
enum Authentication {
    /// Runs one `jwtAuth`; on success the token's claims hold for the request.
    static func run(
        _ authenticator: JWTAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, cache: inout TokenCache
    ) throws(RefusalCode) {
        let now = setting.now
        guard let found = try find(authenticator, setting, listener, &scratch, bytes) else {
            if authenticator.presence == .strict { throw .tokenMissing }
            return
        }
        do {
            scratch.verifiedToken = try verify(found, authenticator, &scratch, bytes, cache: &cache, now: now)
            scratch.verifiedText = found
        } catch {
            guard authenticator.presence == .permissive else {
                let code = RefusalCode(error)
                if code == .scopeInsufficient || code == .claimMissing {
                    scratch.lacking = lacking(of: found, after: error, authenticator, scratch, bytes, now: now)
                }
                throw code
            }
            forgetIdentity(setting, &scratch)
            scratch.awaitedKeys = nil
            if !authenticator.forwardsUnverifiedToken { TokenRemoval.note(found, &scratch, bytes) }
            return
        }
        if let names = authenticator.claimHeaders { handOnClaims(names, &scratch) }
        if let header = authenticator.tokenHeader { header.write(found, &scratch, bytes) }
        if !authenticator.forwardsToken { TokenRemoval.note(found, &scratch, bytes) }
    }

    /// Adds the headers that were written when the token was verified, in place of an earlier phase's.
    private static func handOnClaims(_ names: FieldNames, _ scratch: inout RequestScratch) {
        if !scratch.addedLines.isEmpty { names.drop(from: &scratch.addedLines) }
        if let lines = scratch.verifiedToken?.fieldLines { scratch.addedLines.append(contentsOf: lines) }
    }

    /// A token that failed yields no claims, not even those of an earlier phase.
    static func forgetIdentity(_ setting: RequestSetting, _ scratch: inout RequestScratch) {
        scratch.verifiedToken = nil
        if !scratch.addedLines.isEmpty, let names = setting.bind.identityHeaders {
            names.drop(from: &scratch.addedLines)
        }
    }

    private static func find(
        _ authenticator: JWTAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) -> FoundToken? {
        do {
            let found = try TokenExtraction.find(authenticator.locations, &scratch, bytes, setting, listener)
            guard scratch.apiKey != nil || scratch.user != nil, let found else { return found }
            return scratch.isVerified(found, besides: .token) ? nil : found
        } catch {
            guard authenticator.presence == .permissive else {
                throw error == .ambiguous ? .tokenAmbiguous : .tokenMalformed
            }
            forgetIdentity(setting, &scratch)
            // Of several nobody knows which one the backend would read, nor whether it is one that is valid.
            if error == .ambiguous || !authenticator.forwardsUnverifiedToken {
                TokenExtraction.removeAll(authenticator.locations, &scratch, bytes, setting, listener)
            }
            return nil
        }
    }

    @inline(__always)
    private static func verify(
        _ found: FoundToken, _ authenticator: JWTAuthenticator, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>,
        cache: inout TokenCache, now: Int64
    ) throws(TokenError) -> VerifiedToken {
        if found.text == .head {
            return try verify(
                bytes.extracting(found.range), authenticator, &scratch.awaitedKeys, cache: &cache, now: now)
        }
        let storage = found.storage(scratch)
        return try verify(
            storage.span.extracting(found.range), authenticator, &scratch.awaitedKeys, cache: &cache, now: now)
    }

    private static func lacking(
        of found: FoundToken, after failure: TokenError, _ authenticator: JWTAuthenticator, _ scratch: RequestScratch,
        _ bytes: Span<UInt8>, now: Int64
    ) -> [String] {
        let verifier = authenticator.verifier
        if found.text == .head {
            return verifier.lacking(in: bytes.extracting(found.range), after: failure, now: now)
        }
        let storage = found.storage(scratch)
        return verifier.lacking(in: storage.span.extracting(found.range), after: failure, now: now)
    }

    private static func verify(
        _ token: Span<UInt8>, _ authenticator: JWTAuthenticator, _ awaitedKeys: inout KeyRefresh?,
        cache: inout TokenCache, now: Int64
    ) throws(TokenError) -> VerifiedToken {
        guard token.count <= authenticator.maxTokenBytes else { throw .tooLarge }
        let verifier = authenticator.verifier
        if let known = cache.find(token, verifier.firstIdentity, verifier.otherIdentities) {
            try known.checkTime(now: now)
            return known
        }
        let verified: VerifiedToken
        do {
            verified = try verifier.verify(token, now: now)
        } catch {
            awaitedKeys = authenticator.refresh(after: error, of: token, now: now)
            throw error
        }
        cache.insert(token, verifier.identity(ofProvider: verified.provider), verified)
        return verified
    }
}
