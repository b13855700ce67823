internal import GatewayModel
internal import HTTPWire

/// The policies that a consumer brings along.
final class ConsumerOverlay: Sendable {
    let authorization: Authorizer?
    let traffic: TrafficSlots?
    /// Names that a client may not send in trailers either; nil: none.
    var guardedNames: FieldNames? { traffic?.guardedNames }

    init(_ policy: EffectivePolicy) {
        authorization = policy.authorization
        traffic = policy.traffic
    }
}

extension Compiler {
    /// Those of all consumers, each once.
    mutating func consumerOverlays() -> [OverlayID: ConsumerOverlay] {
        var overlays: [OverlayID: ConsumerOverlay] = [:]
        for id in Set(configuration.consumers.compactMap(\.overlay)) {
            overlays[id] = ConsumerOverlay(overlayPolicy(id))
        }
        return overlays
    }
}
