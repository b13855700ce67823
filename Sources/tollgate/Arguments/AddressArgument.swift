internal import ArgumentParser
internal import GatewayModel

/// An address to listen on: `127.0.0.1:9080`, `[::1]:9080`, `localhost:9080`; a port alone is of loopback.
struct AddressArgument: ExpressibleByArgument {
    let address: ListenAddress

    init(_ address: ListenAddress) {
        self.address = address
    }

    init?(argument: String) {
        let colon = argument.lastIndex(of: ":")
        guard let port = Int(colon.map { argument[argument.index(after: $0)...] } ?? argument[...]),
            (1...65535).contains(port)
        else { return nil }
        var host = colon.map { String(argument[..<$0]) } ?? ""
        if host.isEmpty || host == "localhost" { host = "127.0.0.1" }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        address = ListenAddress(host: host, port: port)
    }

    var defaultValueDescription: String { address.description }
}
