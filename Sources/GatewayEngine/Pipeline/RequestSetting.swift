internal import Bytes
internal import GatewayModel
package import HTTPWire

/// What is known of a request before any stage runs.
package struct RequestSetting {
    let head: RequestHead
    let connection: ConnectionContext
    let bind: BindSnapshot
    /// Unix seconds.
    let now: Int64
    /// Nanoseconds of a clock that is never set.
    let uptime: Int64
    /// The check of a password was waited for, or cannot be.
    let hasAwaitedPassword: Bool

    package init(
        head: RequestHead, connection: ConnectionContext, bind: BindSnapshot, now: Int64, uptime: Int64,
        hasAwaitedPassword: Bool = false
    ) {
        self.hasAwaitedPassword = hasAwaitedPassword
        self.head = head
        self.connection = connection
        self.bind = bind
        self.now = now
        self.uptime = uptime
    }
}

/// The stages of a policy in their fixed order.
///
/// Where rules need the body that has not come, the stages after them are not run, but those of the next phase
/// that can refuse the request without it are: nobody makes the gateway gather a body who may not pass anyway.
extension RequestSetting {
    @inline(__always)
    func run(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ cache: inout TokenCache
    ) throws(Refusal) {
        if let authenticator = policy.jwtAuthentication {
            do {
                try Authentication.run(authenticator, self, listener, &scratch, bytes, cache: &cache)
            } catch {
                try refuse(error, authenticator, listener, bytes, &scratch)
            }
        }
        if let further = policy.furtherAuthentication {
            try run(further, listener, bytes, body: body, &scratch, &cache)
        }
        if let authorizer = policy.authorization { try run(authorizer, listener, bytes, body: body, &scratch) }
    }

    @inline(__always)
    func run(
        _ authorizer: Authorizer, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch
    ) throws(Refusal) {
        switch AuthorizationStage.run(authorizer, self, bytes, body: body, &scratch, listener) {
        case .passes:
            if let trial = authorizer.trial,
                case .refuses(let verdict) = AuthorizationStage.run(
                    trial, self, bytes, body: body, &scratch, listener)
            {
                Trial.note(verdict, &scratch)
            }
        case .refuses(let verdict): throw Refusal(verdict)
        case .awaitsBody: scratch.awaitsBody = true
        }
    }

    /// Refuses a request for its token, or the lack of one, unless the policy only logs.
    @inline(never)
    private func refuse(
        _ code: RefusalCode, _ authenticator: JWTAuthenticator, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) throws(Refusal) {
        guard authenticator.logsOnly else {
            throw Refusal(
                code, realm: authenticator.realm, metadataURL: authenticator.resourceMetadata?.url,
                lacking: scratch.lacking, keyRefresh: scratch.awaitedKeys)
        }
        if !code.meansNoCredential { Authentication.forgetIdentity(self, &scratch) }
        Trial.note(code, authenticator.locations, self, listener, &scratch, bytes)
    }

    @inline(never)
    private func run(
        _ further: FurtherAuthentication, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ cache: inout TokenCache
    ) throws(Refusal) {
        if let authenticator = further.consumers {
            do throws(ConsumerStage.Failure) {
                try ConsumerStage.run(authenticator, self, &scratch, bytes, body: body, cache: &cache)
            } catch {
                throw Refusal(
                    error.code, realm: error.realm, challenge: error.challenge, keyRefresh: error.keyRefresh)
            }
        }
        if let combined = further.combined {
            try CombinedStage.run(combined, self, listener, &scratch, bytes, &cache)
        }
        if let basic = further.basic {
            do throws(RefusalCode) {
                try CredentialStage.run(basic, self, listener, &scratch, bytes)
            } catch {
                let refusal = Refusal(
                    error, realm: basic.credential.realm, passwordCheck: scratch.awaitedPassword)
                guard basic.credential.logsOnly else { throw refusal }
                if refusal.isAwaited(self) { throw refusal.onTrial }
                if !error.meansNoCredential { scratch.user = nil }
                Trial.note(error, basic.credential.locations, self, listener, &scratch, bytes)
            }
        }
        if let apiKeys = further.apiKeys {
            do throws(RefusalCode) {
                try CredentialStage.run(apiKeys, self, listener, &scratch, bytes)
            } catch {
                guard apiKeys.credential.logsOnly else {
                    throw Refusal(error, realm: apiKeys.credential.realm)
                }
                if !error.meansNoCredential { scratch.apiKey = nil }
                Trial.note(error, apiKeys.credential.locations, self, listener, &scratch, bytes)
            }
        }
    }

    /// What comes before authentication. Answers what is given in place of everything else.
    @inline(__always)
    func runFirst(
        _ policy: EffectivePolicy, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> LocalAnswer? {
        guard let traffic = policy.traffic else { return nil }
        return traffic.runFirst(self, bytes, &scratch)
    }

    /// Counts the request, once nothing is left that could refuse it for who sent it.
    @inline(__always)
    func runLimits(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) throws(Refusal) {
        guard let traffic = policy.traffic else { return }
        try traffic.rateLimits?.run(self, bytes, &scratch, listener)
    }

    /// What a consumer brings along for the same, where that is anything, in the place of a route's.
    @inline(never)
    func run(
        _ overlay: TrafficSlots, over base: TrafficSlots?, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>,
        body: Span<UInt8>?, _ scratch: inout RequestScratch, _ edit: FieldEdit?
    ) throws(Refusal) -> LocalAnswer? {
        try (overlay.rateLimits ?? base?.rateLimits)?.run(self, bytes, &scratch, listener)
        do throws(RefusalCode) {
            return try overlay.run(over: base, self, bytes, body: body, &scratch, listener, edit)
        } catch {
            throw Refusal(error)
        }
    }

    /// What comes behind authorization, once the route is known. Answers what is given in place of forwarding.
    @inline(__always)
    func runTraffic(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch
    ) throws(Refusal) -> LocalAnswer? {
        guard let traffic = policy.traffic else { return nil }
        do {
            return try traffic.run(self, bytes, body: body, &scratch, listener, policy.requestEdit)
        } catch {
            throw Refusal(error)
        }
    }
}
