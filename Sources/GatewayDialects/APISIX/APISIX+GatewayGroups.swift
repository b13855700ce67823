internal import Bytes
package import GatewayModel

extension APISIXShapes {
    /// As API7's dashboard writes it; there listeners belong to instances that join, here they are written.
    static let gatewayGroup = APISIXSchema.object(
        .init(
            [
                ("id", id), ("name", .string(.init(min: 1, max: 255))), ("description", .string(.init(max: 65536))),
                ("desc", .string(.init(max: 65536))), ("labels", labels),
                (
                    "type",
                    .string(
                        .init(
                            choices: ["api7_gateway", "api7_ingress_controller"], offered: ["api7_gateway"],
                            default: "api7_gateway"))
                ),
                ("listeners", .ours(.array(of: .string(.init(Patterns.listener)), maxItems: 16, isUnique: true))),
                ("create_time", .integer()), ("update_time", .integer()),
            ], required: ["name"], others: .forbidden))
}

extension Patterns {
    /// An address and a port: of an interface, as names may lead elsewhere tomorrow.
    static let listener = APISIXSchema.Pattern("address:port") { text in
        guard let address = ListenAddress(text) else { return false }
        return HostSyntax.isIPv4(address.host[...]) || HostSyntax.isIPv6(address.host[...])
    }
}

extension APISIXDocument {
    /// Of a gateway group the addresses that it takes traffic at.
    package var listeners: [ListenAddress] {
        value.strings("listeners")?.compactMap { ListenAddress($0) } ?? []
    }

    /// The gateway group that is there before anyone writes one.
    package static let standardGatewayGroup = APISIXDocument(
        kind: .gatewayGroup, id: GatewayGroup.standardID,
        value: ["id": .string(GatewayGroup.standardID), "name": .string(GatewayGroup.standardID)])
}
