package import GatewayModel
internal import HTTPWire
package import JOSE

/// A place of a configuration where a request can end up, as indices into the configuration.
package struct GatewayPlace: Hashable, Sendable {
    package var bind: Int
    package var listener: Int
    /// Nil: what no route matches.
    package var route: Int?

    package init(bind: Int, listener: Int, route: Int?) {
        self.bind = bind
        self.listener = listener
        self.route = route
    }
}

/// A `jwtAuth` as it runs at a place: the very verifier that requests meet.
package struct AppliedAuthentication: Sendable {
    package let phase: Attachment.Phase
    /// Where the policy was written.
    package let provenance: Provenance
    package let verifier: TokenVerifier
}

// For commands that explain a configuration. Requests never come this way.
extension Snapshot {
    /// Every place, in the order of the configuration; of each listener the one without a route last.
    package var places: [GatewayPlace] {
        var places: [GatewayPlace] = []
        for (bind, snapshot) in binds.enumerated() {
            for (listener, snapshot) in snapshot.listeners.enumerated() {
                let routes = snapshot.routes.indices.map(Optional.some) + [nil]
                places += routes.map { GatewayPlace(bind: bind, listener: listener, route: $0) }
            }
        }
        return places
    }

    /// What a request at this place passes, in order.
    package func authentications(at place: GatewayPlace) -> [AppliedAuthentication] {
        let listener = binds[place.bind].listeners[place.listener]
        let stages: [(Attachment.Phase, EffectivePolicy)] = [
            (.gateway, listener.gatewayPolicy), (.route, policy(at: place)),
        ]
        return stages.flatMap { phase, policy in
            let combined = policy.furtherAuthentication?.combined?.tokenAuthenticators ?? []
            return ([policy.jwtAuthentication].compactMap { $0 } + combined).map {
                AppliedAuthentication(phase: phase, provenance: $0.provenance, verifier: $0.verifier)
            }
        }
    }

    /// Whether authorization rules decide at this place, too.
    package func hasAuthorization(at place: GatewayPlace) -> Bool {
        binds[place.bind].listeners[place.listener].gatewayPolicy.authorization != nil
            || policy(at: place).authorization != nil
    }

    private func policy(at place: GatewayPlace) -> EffectivePolicy {
        let listener = binds[place.bind].listeners[place.listener]
        return place.route.map { listener.routes[$0].policy } ?? listener.unroutedPolicy
    }

    /// Where a request with this head ends up on a bind, read and matched as the gateway does; nil where no
    /// listener answers to its host. Throws what the gateway refuses it for before that.
    package func place(ofRequest text: [UInt8], bind index: Int) throws(RefusalCode) -> GatewayPlace? {
        let bind = binds[index]
        var scratch = RequestScratch()
        let head = try Self.read(text, &scratch)
        guard let listener = Pipeline.listener(of: bind, &scratch),
            let listenerIndex = bind.listeners.firstIndex(where: { $0 === listener })
        else { return nil }
        let route = Pipeline.route(of: listener, head, text.span, &scratch)
        return GatewayPlace(
            bind: index, listener: listenerIndex, route: route)
    }

    static func read(_ text: [UInt8], _ scratch: inout RequestScratch) throws(RefusalCode) -> RequestHead {
        do throws(WireError) {
            guard let head = try RequestHeadParser.parse(text.span, limits: .standard, into: &scratch.table) else {
                throw .malformedRequestLine
            }
            try scratch.target.read(head, text.span)
            return head
        } catch {
            throw RefusalCode(error)
        }
    }
}
