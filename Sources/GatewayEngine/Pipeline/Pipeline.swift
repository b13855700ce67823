internal import Bytes
internal import GatewayModel
package import HTTPWire

/// What becomes of a request.
package enum Decision: Sendable {
    /// Forward it to the upstream of that index in the snapshot.
    case forward(upstream: Int)
    case refuse(Refusal)
}

/// A request's way from its head to a decision. No I/O, no clock; one call, one event loop.
package enum Pipeline {
    /// Decides on the request whose head stands at the start of `bytes` and whose lines are in
    /// `scratch.table`. What is to be forwarded differently is left in `scratch`.
    ///
    /// - Parameter now: Unix seconds.
    package static func decide(
        _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: RequestScratch, bind: BindSnapshot,
        cache: inout TokenCache, now: Int64
    ) -> Decision {
        scratch.reset()
        do {
            try scratch.target.read(head, bytes)
        } catch {
            return .refuse(Refusal(RefusalCode(error), style: bind.refusalStyle))
        }
        guard let listener = listener(of: bind, scratch) else {
            return .refuse(Refusal(.routeNotFound, style: bind.refusalStyle))
        }
        if let refusal = run(listener.gatewayPolicy, listener, scratch, bytes, cache: &cache, now: now) {
            return .refuse(refusal)
        }
        guard let route = route(of: listener, head, bytes, scratch) else {
            let refusal = run(listener.unroutedPolicy, listener, scratch, bytes, cache: &cache, now: now)
            return .refuse(refusal ?? Refusal(.routeNotFound, style: listener.refusalStyle))
        }
        if let refusal = run(route.policy, listener, scratch, bytes, cache: &cache, now: now) {
            return .refuse(refusal)
        }
        ForwardingHeaders.strip(&scratch.table)
        guard let upstream = route.upstream else {
            return .refuse(Refusal(.noBackend, style: listener.refusalStyle))
        }
        return .forward(upstream: upstream)
    }

    @inline(__always)
    private static func listener(of bind: BindSnapshot, _ scratch: RequestScratch) -> ListenerSnapshot? {
        if bind.listeners.count == 1, bind.hosts.any != nil { return bind.listeners[0] }
        let host = scratch.target.host
        return bind.hosts.first(host.span) { bind.listeners[$0] }
    }

    @inline(__always)
    private static func route(
        of listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, _ scratch: RequestScratch
    ) -> RouteSnapshot? {
        if scratch.target.isVerbatim { return route(of: listener, head, bytes, target: bytes, scratch) }
        let storage = scratch.target.storage
        return route(of: listener, head, bytes, target: storage.span, scratch)
    }

    private static func route(
        of listener: ListenerSnapshot, _ head: RequestHead, _ bytes: Span<UInt8>, target text: Span<UInt8>,
        _ scratch: RequestScratch
    ) -> RouteSnapshot? {
        let host = scratch.target.host
        let request = MatchedRequest(
            host: host.span, path: text.extracting(scratch.target.path),
            query: text.extracting(scratch.target.query ?? 0..<0), method: bytes.extracting(head.methodName),
            bytes: bytes, lines: scratch.table.lines)
        return listener.routes.match(request)
    }

    /// Runs the slots of a policy in their fixed order; the refusal of the first that refuses.
    @inline(__always)
    private static func run(
        _ policy: EffectivePolicy, _ listener: ListenerSnapshot, _ scratch: RequestScratch, _ bytes: Span<UInt8>,
        cache: inout TokenCache, now: Int64
    ) -> Refusal? {
        if let authenticator = policy.jwtAuthentication {
            do {
                try Authentication.run(authenticator, scratch, bytes, cache: &cache, now: now)
            } catch {
                return Refusal(error, style: listener.refusalStyle, realm: authenticator.realm)
            }
        }
        return nil
    }
}
