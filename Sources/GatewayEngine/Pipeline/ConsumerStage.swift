internal import Bytes
internal import GatewayModel
internal import HTTPWire
internal import JOSE

/// The stage that finds out which consumer a request is of.
enum ConsumerStage {
    /// What a request dies of here, and the realm of its challenge.
    struct Failure: Error {
        let code: RefusalCode
        let realm: String
        /// The challenge that goes with it; nil: that of the code.
        var challenge: RefusalCode.Challenge?
        /// A fetch of keys that is worth waiting for; nil: none.
        var keyRefresh: KeyRefresh?
    }

    static func run(
        _ authenticator: ConsumerAuthenticator, _ setting: RequestSetting, _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>, body: Span<UInt8>?, cache: inout TokenCache
    ) throws(Failure) {
        for step in authenticator.steps {
            do {
                scratch.consumer = try consumer(step, setting, &scratch, bytes, body: body, cache: &cache)
            } catch {
                let awaited = scratch.awaitedKeys
                if awaited != nil { scratch.awaitedKeys = nil }
                guard let name = step.anonymous else {
                    throw Failure(
                        code: error, realm: step.realm, challenge: step.challengeOfSeveral, keyRefresh: awaited)
                }
                guard let anonymous = setting.bind.consumers.consumer(named: name.span) else {
                    throw step.missingAnonymous
                }
                scratch.consumer = anonymous
            }
        }
        // Its group may be what limits it, or keeps it out.
        if scratch.consumer?.lacksGroup ?? false {
            throw Failure(code: .consumerGroupMissing, realm: Refusal.defaultRealm)
        }
    }

    /// The consumer of the first scheme that succeeds.
    private static func consumer(
        _ step: ConsumerAuthenticator.Step, _ setting: RequestSetting, _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>, body: Span<UInt8>?, cache: inout TokenCache
    ) throws(RefusalCode) -> IdentifiedConsumer {
        var failure = RefusalCode.consumerUnproven
        for scheme in step.schemes {
            do {
                return try consumer(scheme, setting, &scratch, bytes, body: body, cache: &cache)
            } catch {
                // Of several ways nobody knows which one the client meant.
                failure = step.schemes.count == 1 ? error : .consumerUnproven
            }
        }
        throw failure
    }

    private static func consumer(
        _ scheme: ConsumerAuthenticator.Scheme, _ setting: RequestSetting, _ scratch: inout RequestScratch,
        _ bytes: Span<UInt8>, body: Span<UInt8>?, cache: inout TokenCache
    ) throws(RefusalCode) -> IdentifiedConsumer {
        let directory = setting.bind.consumers
        guard let found = try proof(of: scheme, &scratch, bytes) else { throw scheme.missing }
        // What failed leaves too: the request may go on as the anonymous consumer's.
        if !scheme.forwardsProof { TokenRemoval.noteWithItsKind(found, &scratch, bytes) }
        let storage = found.text == .head ? [] : found.storage(scratch)
        let text = (found.text == .head ? bytes : storage.span).extracting(found.range)
        switch scheme.kind {
        case .token(let proof):
            let (token, consumer) = try verify(
                text, proof, directory, &scratch.awaitedKeys, cache: &cache, now: setting.now)
            scratch.verifiedToken = token
            scratch.verifiedText = found
            return consumer
        case .key:
            var known = directory.consumer(ofKey: text)
            // One of the query may be written with escapes.
            if known == nil, case .query = found.place {
                known = directory.consumer(ofKey: QueryString.decoded(text).span)
            }
            guard let known else { throw .apiKeyInvalid }
            return known
        case .password: return try consumer(ofPassword: text, directory)
        case .signature(let rules):
            return try rules.consumer(ofSignature: text, setting, &scratch, bytes, body: body)
        }
    }

    private static func proof(
        of scheme: ConsumerAuthenticator.Scheme, _ scratch: inout RequestScratch, _ bytes: Span<UInt8>
    ) throws(RefusalCode) -> FoundToken? {
        do {
            return try ProofExtraction.find(scheme.locations, &scratch, bytes)
        } catch {
            throw scheme.ambiguous
        }
    }

    /// `Basic`, then the credentials.
    private static func consumer(
        ofPassword text: Span<UInt8>, _ directory: ConsumerDirectory
    ) throws(RefusalCode) -> IdentifiedConsumer {
        let written = text.copied
        let scheme = "basic ".utf8.count
        guard written.count > scheme, written.span.extracting(0..<scheme).equalsIgnoringASCIICase("basic ") else {
            throw .basicMalformed
        }
        guard let sent = BasicCredentials(base64: written.span.extracting(scheme...)) else { throw .basicMalformed }
        guard let known = directory.consumer(ofUser: sent.user.span),
            case .password(let password)? = known.credential?.proof
        else { throw .basicInvalid }
        let (text, given) = (known.consumer.text, sent.password)
        guard constantTimeEquals(text.span.extracting(password.indices), given.span) else { throw .basicInvalid }
        return known
    }

    private static func verify(
        _ token: Span<UInt8>, _ proof: ConsumerAuthenticator.TokenProof, _ directory: ConsumerDirectory,
        _ awaitedKeys: inout KeyRefresh?, cache: inout TokenCache, now: Int64
    ) throws(RefusalCode) -> (VerifiedToken, IdentifiedConsumer) {
        if let known = cache.find(token, proof.cacheName, []) {
            // Good as long as the credential it names is the one that took it.
            if let claim = known.claims.root[proof.claim.span], let consumer = directory.consumer(ofToken: claim),
                consumer.credential?.identity(proof.dates, of: consumer.consumer) == known.identity
            {
                try checkTime(known, now: now)
                return (known, consumer)
            }
            cache.remove(token, proof.cacheName)
        }
        let unverified = try parse(token)
        guard let claim = unverified.unverifiedClaims.root[proof.claim.span], !claim.isNull else {
            throw .consumerUnnamed
        }
        guard let consumer = directory.consumer(ofToken: claim) else { throw .consumerUnknown }
        let verified = try verify(unverified, token, proof.dates, consumer, &awaitedKeys, now: now)
        cache.insert(token, proof.cacheName, verified)
        return (verified, consumer)
    }

    private static func verify(
        _ unverified: UnverifiedToken, _ token: Span<UInt8>, _ dates: CheckedDates, _ consumer: IdentifiedConsumer,
        _ awaitedKeys: inout KeyRefresh?, now: Int64
    ) throws(RefusalCode) -> VerifiedToken {
        switch consumer.credential?.proof {
        case .secret(let secret, let identity, let rules)?:
            guard let rules = rules.rules(dates) else { throw .keyUnknown }
            let text = consumer.consumer.text
            do {
                return try rules.verify(
                    unverified, token, secret: text.span.extracting(secret.indices), identity, now: now)
            } catch {
                throw RefusalCode(error)
            }
        case .publicKeys(let verifiers)?:
            guard let verifier = verifiers.verifier(dates, of: consumer.consumer) else { throw .keyUnknown }
            do {
                return try verifier.verify(unverified, token, now: now)
            } catch {
                awaitedKeys = verifiers.refresh(after: error, of: token, dates, consumer.consumer, now: now)
                throw RefusalCode(error)
            }
        default: throw .keyUnknown
        }
    }

    private static func parse(_ token: Span<UInt8>) throws(RefusalCode) -> UnverifiedToken {
        do {
            return try UnverifiedToken(parsing: token, maxBytes: TokenCredential.maxTokenBytes)
        } catch {
            // A token whose claims can be read has a bad signature, whatever is wrong with that.
            if error == .invalidBase64URL, hasReadableClaims(token) { throw .signatureInvalid }
            throw RefusalCode(error)
        }
    }

    private static func hasReadableClaims(_ token: Span<UInt8>) -> Bool {
        guard let jws = try? CompactJWS(parsing: token, maxBytes: TokenCredential.maxTokenBytes) else { return false }
        let unsigned = token.extracting(0..<jws.payloadEnd + 1)
        return (try? UnverifiedToken(parsing: unsigned, maxBytes: TokenCredential.maxTokenBytes)) != nil
    }

    private static func checkTime(_ token: VerifiedToken, now: Int64) throws(RefusalCode) {
        do {
            try token.checkTime(now: now)
        } catch {
            throw RefusalCode(error)
        }
    }
}
