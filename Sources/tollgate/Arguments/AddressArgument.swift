internal import ArgumentParser
internal import GatewayDialects
internal import GatewayModel

extension ListenAddress {
    /// An address to listen on: `127.0.0.1:9080`, `[::1]:9080`, `localhost:9080`; a port alone is of loopback.
    static func argument(_ text: String) throws -> ListenAddress {
        guard let address = ListenAddress(text), HostSyntax.isIPv4(address.host) || HostSyntax.isIPv6(address.host)
        else { throw ValidationError("write `ip:port`, `localhost:port`, or a port of this machine alone") }
        return address
    }
}

/// An address of a gateway group: `blue=127.0.0.1:9081`; without a name of the group `default`.
struct GroupAddressArgument {
    let group: String
    let address: ListenAddress

    static func argument(_ text: String) throws -> GroupAddressArgument {
        let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard !sides[0].isEmpty else { throw ValidationError("name the gateway group before the `=`") }
        return GroupAddressArgument(
            group: sides.count == 2 ? String(sides[0]) : GatewayGroup.standardID,
            address: try ListenAddress.argument(String(sides[sides.count - 1])))
    }
}

extension ControlListener {
    /// An address, `unix:/path`, or `off`. Whoever names one needs it.
    static func argument(_ text: String) throws -> ControlListener {
        if text == "off" { return .off }
        if text.hasPrefix("unix:") {
            guard let socket = StreamAddress(unix: text) else {
                throw ValidationError(
                    "a Unix socket needs an absolute path of at most \(StreamAddress.maxPathBytes) bytes")
            }
            return .on(socket, isRequired: true)
        }
        guard let address = try? ListenAddress.argument(text) else {
            throw ValidationError("write `ip:port`, `localhost:port`, `unix:/path` or `off`")
        }
        return .on(.network(host: address.host, port: address.port), isRequired: true)
    }
}
