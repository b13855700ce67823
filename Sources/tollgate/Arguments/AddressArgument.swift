internal import ArgumentParser
internal import GatewayModel

/// An address to listen on: `127.0.0.1:9080`, `[::1]:9080`, `localhost:9080`; a port alone is of loopback.
struct AddressArgument: ExpressibleByArgument {
    let address: ListenAddress

    init(_ address: ListenAddress) {
        self.address = address
    }

    init?(argument: String) {
        guard let address = ListenAddress(argument) else { return nil }
        self.address = address
    }

    var defaultValueDescription: String { address.description }
}

/// An address of a gateway group: `blue=127.0.0.1:9081`; without a name of the group `default`.
struct GroupAddressArgument: ExpressibleByArgument {
    let group: String
    let address: ListenAddress

    init?(argument: String) {
        let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard let last = sides.last, let address = ListenAddress(String(last)), !sides[0].isEmpty else { return nil }
        group = sides.count == 2 ? String(sides[0]) : GatewayGroup.standardID
        self.address = address
    }
}
