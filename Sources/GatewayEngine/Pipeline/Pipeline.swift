internal import Bytes
internal import GatewayModel
package import HTTPWire

/// What becomes of a request.
package enum Decision: Sendable {
    /// Forward it to the upstream of that index in the snapshot.
    case forward(upstream: Int)
    case refuse(Refusal)
    /// Only the body can tell: gather it and ask again.
    case awaitBody
    /// Answer it without asking anyone.
    case answer(LocalAnswer)
}

/// A request's way from its head to a decision. No I/O, no clock; one call, one event loop.
package enum Pipeline {
    /// Decides on the request whose head stands at the start of `bytes` and whose lines are in
    /// `scratch.table`. What is to be forwarded differently is left in `scratch`.
    ///
    /// - Parameters:
    ///   - body: all of it, decoded; nil while it has not come. A request that has none needs none said.
    ///   - hasAwaitedPassword: the check of a password was waited for, or cannot be.
    ///   - now: Unix seconds.
    ///   - uptime: nanoseconds of a clock that is never set.
    package static func decide(
        _ head: RequestHead, _ bytes: Span<UInt8>, body: Span<UInt8>? = nil, _ scratch: inout RequestScratch,
        bind: BindSnapshot, connection: ConnectionContext, cache: inout TokenCache, now: Int64,
        uptime: Int64, hasAwaitedPassword: Bool = false
    ) -> Decision {
        scratch.reset()
        do {
            try scratch.target.read(head, bytes)
        } catch {
            return .refuse(Refusal(RefusalCode(error)))
        }
        dropForgeries(&scratch, bytes, bind: bind, connection: connection)
        guard let listener = listener(of: bind, &scratch) else {
            return .refuse(Refusal(.routeNotFound))
        }
        // What one listener asked of a client below HTTP, its certificate say, is no answer to another one.
        if let secured = connection.securedBy, secured != listener.id {
            return .refuse(Refusal(.misdirected))
        }
        do throws(Refusal) {
            let stages = Stages(
                setting: RequestSetting(
                    head: head, connection: connection, bind: bind, now: now, uptime: uptime,
                    hasAwaitedPassword: hasAwaitedPassword))
            // Nil or empty where there is none to wait for.
            let body = head.framing.isEmpty ? Span<UInt8>() : body
            if let answer = stages.runFirst(listener.gatewayPolicy, bytes, &scratch) { return .answer(answer) }
            if let documents = listener.resourceMetadata, let answer = documents.answer(head, bytes, scratch) {
                return .answer(answer)
            }
            try stages.run(listener.gatewayPolicy, listener, bytes, body: body, &scratch, &cache)
            if let transformation = listener.gatewayPolicy.traffic?.transformation {
                // It may decide the route.
                if transformation.needsBody, body == nil { return .awaitBody }
                transformation.run(stages.setting, bytes, body: body, &scratch, listener)
            }
            let number: Int
            switch chosenRoute(of: listener, stages.setting, bytes, body: body, &scratch) {
            case .route(let found): number = found
            case .awaitsBody: return .awaitBody
            case .none:
                if let answer = stages.runFirst(listener.unroutedPolicy, bytes, &scratch) { return .answer(answer) }
                try stages.run(listener.unroutedPolicy, listener, bytes, body: body, &scratch, &cache)
                if scratch.awaitsBody { return .awaitBody }
                try stages.runLimits(listener.unroutedPolicy, listener, bytes, &scratch)
                throw Refusal(.routeNotFound)
            }
            scratch.choose(route: number, of: listener.routes)
            let route = listener.routes[number]
            if let edit = route.policy.responseEdit { scratch.modifyResponse(edit) }
            if let answer = stages.runFirst(route.policy, bytes, &scratch) { return .answer(answer) }
            try stages.run(route.policy, listener, bytes, body: body, &scratch, &cache)
            let overlay = scratch.consumer?.overlay
            if let overlay {
                if let answer = overlay.traffic?.runFirst(stages.setting, bytes, &scratch) { return .answer(answer) }
                if let authorizer = overlay.authorization {
                    try stages.run(authorizer, listener, bytes, body: body, &scratch)
                }
            }
            if scratch.awaitsBody || (route.needsBody && body == nil) { return .awaitBody }
            if let overlay = overlay?.traffic {
                let base = route.policy.traffic
                if let answer = try stages.run(
                    overlay, over: base, listener, bytes, body: body, &scratch, route.policy.requestEdit)
                {
                    return .answer(answer)
                }
            } else {
                try stages.runLimits(route.policy, listener, bytes, &scratch)
                if let answer = try stages.runTraffic(route.policy, listener, bytes, body: body, &scratch) {
                    return .answer(answer)
                }
            }
            guard let upstream = route.upstream else { throw Refusal(.noBackend) }
            TokenRemoval.finish(&scratch, bytes)
            if !scratch.precedingQuery.isEmpty { scratch.joinQueries(bytes) }
            if let consumer = scratch.consumer { consumer.writeLines(to: &scratch.addedLines) }
            if let edit = scratch.transformation {
                scratch.editRequest(edit, bytes)
                scratch.transformation = nil
            }
            if let edit = route.policy.requestEdit { scratch.editRequest(edit, bytes) }
            if let names = route.guardedNames { scratch.guardedNames = names }
            if let names = overlay?.guardedNames { scratch.addGuarded(names) }
            return .forward(upstream: upstream)
        } catch {
            return .refuse(error)
        }
    }

    /// Drops what a client says about where it comes from and who it is, before any policy: rules are not to believe
    /// it either.
    @inline(__always)
    static func dropForgeries(
        _ scratch: inout RequestScratch, _ bytes: Span<UInt8>, bind: BindSnapshot, connection: ConnectionContext
    ) {
        ForwardingHeaders.apply(&scratch, bytes, connection)
        if let names = bind.identityHeaders {
            names.drop(from: &scratch.table, in: bytes)
            scratch.guardedNames = names
        }
    }

    @inline(__always)
    static func listener(of bind: BindSnapshot, _ scratch: inout RequestScratch) -> ListenerSnapshot? {
        if bind.listeners.count == 1, bind.hosts.any != nil { return bind.listeners[0] }
        let host = scratch.target.host
        return bind.hosts.first(host.span) { bind.listeners[$0] }
    }

    /// The number of the route that takes a request. A route with a condition takes none here.
    @inline(__always)
    package static func route(
        of listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> Int? {
        if scratch.target.isVerbatim { return route(of: listener, head, bytes, target: bytes, &scratch) }
        let storage = scratch.target.storage
        return route(of: listener, head, bytes, target: storage.span, &scratch)
    }

    private static func route(
        of listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, target text: Span<UInt8>,
        _ scratch: inout RequestScratch
    ) -> Int? {
        let host = scratch.target.host
        let request = MatchedRequest(
            host: host.span, path: text.extracting(scratch.target.path),
            query: text.extracting(scratch.target.query ?? 0..<0), method: bytes.extracting(head.methodName),
            bytes: bytes, lines: scratch.table.lines)
        guard let found = listener.routes.match(request), found.route != PathTable.nobody else { return nil }
        scratch.matchedPrefix = found.prefixLength
        return found.route
    }

    private enum RouteChoice {
        case none
        case route(Int)
        /// Only the body can tell.
        case awaitsBody
    }

    @inline(__always)
    private static func chosenRoute(
        of listener: ListenerSnapshot, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch
    ) -> RouteChoice {
        if listener.routes.hasConditions || scratch.changed.isThere {
            return shownRoute(of: listener, setting, bytes, body: body, &scratch)
        }
        return route(of: listener, setting.head, bytes, &scratch).map { .route($0) } ?? .none
    }

    /// The route of a request as expressions see it.
    @inline(never)
    private static func shownRoute(
        of listener: ListenerSnapshot, _ setting: RequestSetting, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch
    ) -> RouteChoice {
        let found = RequestActivation.show(setting, bytes, body: body, &scratch, listener) { activation in
            unsafe withUnsafePointer(to: activation) { conditions in
                let target = unsafe activation.target.span
                let request = unsafe MatchedRequest(
                    host: activation.host.span, path: target.extracting(activation.path),
                    query: target.extracting(activation.query ?? 0..<0),
                    method: activation.head.span.extracting(activation.method), bytes: activation.head.span,
                    lines: activation.lines, conditions: conditions)
                return listener.routes.match(request)
            }
        }
        guard let found, found.route != PathTable.nobody else { return .none }
        if found.route == PathTable.awaitsBody { return .awaitsBody }
        scratch.matchedPrefix = found.prefixLength
        return .route(found.route)
    }
}

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
private struct Stages {
    let setting: RequestSetting

    @inline(__always)
    func run(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch, _ cache: inout TokenCache
    ) throws(Refusal) {
        if let authenticator = policy.jwtAuthentication {
            do {
                try Authentication.run(authenticator, setting, listener, &scratch, bytes, cache: &cache)
            } catch {
                try refuse(error, authenticator, listener, bytes, &scratch)
            }
        }
        if let further = policy.furtherAuthentication { try run(further, listener, bytes, &scratch, &cache) }
        if let authorizer = policy.authorization { try run(authorizer, listener, bytes, body: body, &scratch) }
    }

    @inline(__always)
    func run(
        _ authorizer: Authorizer, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, body: Span<UInt8>?,
        _ scratch: inout RequestScratch
    ) throws(Refusal) {
        switch AuthorizationStage.run(authorizer, setting, bytes, body: body, &scratch, listener) {
        case .passes:
            if let trial = authorizer.trial,
                case .refuses(let verdict) = AuthorizationStage.run(
                    trial, setting, bytes, body: body, &scratch, listener)
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
        if !code.meansNoCredential { Authentication.forgetIdentity(setting, &scratch) }
        Trial.note(code, authenticator.locations, setting, listener, &scratch, bytes)
    }

    @inline(never)
    private func run(
        _ further: FurtherAuthentication, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>,
        _ scratch: inout RequestScratch, _ cache: inout TokenCache
    ) throws(Refusal) {
        if let authenticator = further.consumers {
            do throws(ConsumerStage.Failure) {
                try ConsumerStage.run(
                    authenticator, setting.bind.consumers, &scratch, bytes, cache: &cache, now: setting.now)
            } catch {
                throw Refusal(
                    error.code, realm: error.realm, challenge: error.challenge, keyRefresh: error.keyRefresh)
            }
        }
        if let combined = further.combined {
            try CombinedStage.run(combined, setting, listener, &scratch, bytes, &cache)
        }
        if let basic = further.basic {
            do throws(RefusalCode) {
                try CredentialStage.run(basic, setting, listener, &scratch, bytes)
            } catch {
                let refusal = Refusal(
                    error, realm: basic.credential.realm, passwordCheck: scratch.awaitedPassword)
                guard basic.credential.logsOnly else { throw refusal }
                if refusal.isAwaited(setting) { throw refusal.onTrial }
                if !error.meansNoCredential { scratch.user = nil }
                Trial.note(error, basic.credential.locations, setting, listener, &scratch, bytes)
            }
        }
        if let apiKeys = further.apiKeys {
            do throws(RefusalCode) {
                try CredentialStage.run(apiKeys, setting, listener, &scratch, bytes)
            } catch {
                guard apiKeys.credential.logsOnly else {
                    throw Refusal(error, realm: apiKeys.credential.realm)
                }
                if !error.meansNoCredential { scratch.apiKey = nil }
                Trial.note(error, apiKeys.credential.locations, setting, listener, &scratch, bytes)
            }
        }
    }

    /// What comes before authentication. Answers what is given in place of everything else.
    @inline(__always)
    func runFirst(
        _ policy: EffectivePolicy, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) -> LocalAnswer? {
        guard let traffic = policy.traffic else { return nil }
        return traffic.runFirst(setting, bytes, &scratch)
    }

    /// Counts the request, once nothing is left that could refuse it for who sent it.
    @inline(__always)
    func runLimits(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>, _ scratch: inout RequestScratch
    ) throws(Refusal) {
        guard let traffic = policy.traffic else { return }
        try traffic.rateLimits?.run(setting, bytes, &scratch, listener)
    }

    /// What a consumer brings along for the same, where that is anything, in the place of a route's.
    @inline(never)
    func run(
        _ overlay: TrafficSlots, over base: TrafficSlots?, _ listener: ListenerSnapshot, _ bytes: Span<UInt8>,
        body: Span<UInt8>?, _ scratch: inout RequestScratch, _ edit: FieldEdit?
    ) throws(Refusal) -> LocalAnswer? {
        try (overlay.rateLimits ?? base?.rateLimits)?.run(setting, bytes, &scratch, listener)
        do throws(RefusalCode) {
            return try overlay.run(over: base, setting, bytes, body: body, &scratch, listener, edit)
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
            return try traffic.run(setting, bytes, body: body, &scratch, listener, policy.requestEdit)
        } catch {
            throw Refusal(error)
        }
    }
}
