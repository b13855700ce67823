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
            let setting = RequestSetting(
                head: head, connection: connection, bind: bind, now: now, uptime: uptime,
                hasAwaitedPassword: hasAwaitedPassword)
            // Nil or empty where there is none to wait for.
            let body = head.framing.isEmpty ? Span<UInt8>() : body
            if let answer = setting.runFirst(listener.gatewayPolicy, bytes, &scratch) { return .answer(answer) }
            if let documents = listener.resourceMetadata, let answer = documents.answer(head, bytes, scratch) {
                return .answer(answer)
            }
            try setting.run(listener.gatewayPolicy, listener, bytes, body: body, &scratch, &cache)
            if let transformation = listener.gatewayPolicy.traffic?.transformation {
                // It may decide the route.
                if transformation.needsBody, body == nil { return .awaitBody }
                transformation.run(setting, bytes, body: body, &scratch, listener)
            }
            let number: Int
            switch chosenRoute(of: listener, setting, bytes, body: body, &scratch) {
            case .route(let found): number = found
            case .awaitsBody: return .awaitBody
            case .none:
                if let answer = setting.runFirst(listener.unroutedPolicy, bytes, &scratch) { return .answer(answer) }
                try setting.run(listener.unroutedPolicy, listener, bytes, body: body, &scratch, &cache)
                if scratch.awaitsBody { return .awaitBody }
                try setting.runLimits(listener.unroutedPolicy, listener, bytes, &scratch)
                throw Refusal(.routeNotFound)
            }
            let route = scratch.choose(route: number, of: listener.routes)
            if let edit = route.policy.responseEdit { scratch.modifyResponse(edit) }
            if let answer = setting.runFirst(route.policy, bytes, &scratch) { return .answer(answer) }
            try setting.run(route.policy, listener, bytes, body: body, &scratch, &cache)
            let overlay = scratch.consumer?.overlay
            if let overlay {
                if let answer = overlay.traffic?.runFirst(setting, bytes, &scratch) { return .answer(answer) }
                if let authorizer = overlay.authorization {
                    try setting.run(authorizer, listener, bytes, body: body, &scratch)
                }
            }
            if scratch.awaitsBody || (route.needsBody && body == nil) { return .awaitBody }
            if let overlay = overlay?.traffic {
                let base = route.policy.traffic
                if let answer = try setting.run(
                    overlay, over: base, listener, bytes, body: body, &scratch, route.policy.requestEdit)
                {
                    return .answer(answer)
                }
            } else {
                try setting.runLimits(route.policy, listener, bytes, &scratch)
                if let answer = try setting.runTraffic(route.policy, listener, bytes, body: body, &scratch) {
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
        guard let found = match(listener, head, bytes, scratch), found.route != PathTable.nobody else { return nil }
        scratch.matchedPrefix = found.prefixLength
        return found.route
    }

    @inline(__always)
    private static func match(
        _ listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: borrowing RequestScratch
    ) -> PathTable.Found? {
        let target = scratch.target.isVerbatim ? bytes : scratch.target.storage.span
        return listener.routes.match(
            MatchedRequest(
                host: scratch.target.host.span, path: target.extracting(scratch.target.path),
                query: target.extracting(scratch.target.query ?? 0..<0), method: bytes.extracting(head.methodName),
                bytes: bytes, lines: scratch.table.lines.span))
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
                    lines: activation.lines.span, conditions: conditions)
                return listener.routes.match(request)
            }
        }
        guard let found, found.route != PathTable.nobody else { return .none }
        if found.route == PathTable.awaitsBody { return .awaitsBody }
        scratch.matchedPrefix = found.prefixLength
        return .route(found.route)
    }
}
