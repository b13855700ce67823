internal import GatewayModel

/// Where policies stand, and what a request has met when it comes there.
struct PolicyPlace {
    let phase: Attachment.Phase
    /// From the least to the most specific.
    let scopes: [Attachment.Scope]
    /// What a request has passed before.
    let earlier: EffectivePolicy
    let route: RouteName
    /// Whether there is no connection without a certificate of the client.
    let verifiesClients: Bool
    /// Whether the route is a document, with an id.
    var isOfDocument = false

    enum RouteName: Equatable {
        case notChosenYet
        case named(String)
        /// No route matches; or policies of consumers, who come by any.
        case none
    }

    static func gatewayPhase(of listener: Listener) -> PolicyPlace {
        PolicyPlace(
            phase: .gateway, scopes: listener.scopes, earlier: EffectivePolicy(), route: .notChosenYet,
            verifiesClients: listener.verifiesClients)
    }

    static func route(_ route: Route, in listener: Listener, after earlier: EffectivePolicy) -> PolicyPlace {
        PolicyPlace(
            phase: .route, scopes: route.scopes(behind: listener.scopes), earlier: earlier,
            route: .named(route.displayName), verifiesClients: listener.verifiesClients,
            isOfDocument: route.document != nil)
    }

    static func unrouted(in listener: Listener, after earlier: EffectivePolicy) -> PolicyPlace {
        PolicyPlace(
            phase: .route, scopes: listener.scopes, earlier: earlier, route: .none,
            verifiesClients: listener.verifiesClients)
    }

    static func overlay(_ id: OverlayID) -> PolicyPlace {
        PolicyPlace(
            phase: .route, scopes: [.overlay(id)], earlier: EffectivePolicy(), route: .none, verifiesClients: false)
    }
}

extension Listener {
    /// What its policies may be attached to, from the least to the most specific.
    var scopes: [Attachment.Scope] { [.gateway(gatewayName), .listener(id)] }

    fileprivate var verifiesClients: Bool {
        if case .tls(let termination) = security, case .required = termination.clients { true } else { false }
    }
}
