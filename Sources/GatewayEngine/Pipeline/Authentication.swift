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
        } catch {
            guard authenticator.presence == .permissive else {
                if error == .scopeInsufficient {
                    scratch.requiredScopes = scopesRequired(of: found, authenticator, scratch, bytes, now: now)
                }
                throw RefusalCode(error)
            }
            // A token that failed here yields no claims, not even those of an earlier phase.
            scratch.verifiedToken = nil
            scratch.awaitedKeys = nil
            if !authenticator.forwardsUnverifiedToken { TokenRemoval.note(found, &scratch, bytes) }
            return
        }
        if !authenticator.forwardsToken { TokenRemoval.note(found, &scratch, bytes) }
    }

    private static func find(
        _ authenticator: JWTAuthenticator, _ setting: RequestSetting, _ listener: ListenerSnapshot,
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) -> FoundToken? {
        do {
            return try TokenExtraction.find(authenticator.locations, &scratch, bytes, setting, listener)
        } catch {
            guard authenticator.presence == .permissive else {
                throw error == .ambiguous ? .tokenAmbiguous : .tokenMalformed
            }
            scratch.verifiedToken = nil
            if !authenticator.forwardsUnverifiedToken {
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

    private static func scopesRequired(
        of found: FoundToken, _ authenticator: JWTAuthenticator, _ scratch: RequestScratch, _ bytes: Span<UInt8>,
        now: Int64
    ) -> [String] {
        if found.text == .head {
            return authenticator.verifier.scopesRequired(ofRefused: bytes.extracting(found.range), now: now)
        }
        let storage = found.storage(scratch)
        return authenticator.verifier.scopesRequired(ofRefused: storage.span.extracting(found.range), now: now)
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
