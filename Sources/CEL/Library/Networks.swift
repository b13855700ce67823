/// `ip`, `cidr` and what can be asked of them.
extension CELLibrary {
    static let networks: [CELFunction] = [
        CELFunction("ip", "(string) -> net.IP", "net.CIDR.() -> net.IP", do: .unary { value, _ in ip(value) }),
        CELFunction(
            "isIP", "(string) -> bool",
            do: .unary { value, _ in
                guard case .string = value else { return .noSuchOverload }
                return .bool(!ip(value).isError)
            }),
        CELFunction(
            "ip.isCanonical", "(string) -> bool",
            do: .unary { value, _ in
                guard case .string(let text) = value else { return .noSuchOverload }
                let address = ip(value)
                guard case .address(let parsed) = address else { return address }
                return .bool(parsed.description == text.text)
            }),
        CELFunction("cidr", "(string) -> net.CIDR", do: .unary { value, _ in cidr(value) }),
        CELFunction(
            "isCIDR", "(string) -> bool",
            do: .unary { value, _ in
                guard case .string = value else { return .noSuchOverload }
                return .bool(!cidr(value).isError)
            }),
        ofAddress("family", "int") { .int($0.isIPv6 ? 6 : 4) },
        ofAddress("isUnspecified", "bool") { .bool($0.isUnspecified) },
        ofAddress("isLoopback", "bool") { .bool($0.isLoopback) },
        ofAddress("isGlobalUnicast", "bool") { .bool($0.isGlobalUnicast) },
        ofAddress("isLinkLocalUnicast", "bool") { .bool($0.isLinkLocalUnicast) },
        ofAddress("isLinkLocalMulticast", "bool") { .bool($0.isLinkLocalMulticast) },
        CELFunction(
            "containsIP", "net.CIDR.(net.IP) -> bool", "net.CIDR.(string) -> bool",
            do: .binary { network, other, _ in
                guard case .network(let network) = network else { return .noSuchOverload }
                let address = ip(other)
                guard case .address(let parsed) = address else { return address }
                return .bool(network.contains(parsed))
            }),
        CELFunction(
            "containsCIDR", "net.CIDR.(net.CIDR) -> bool", "net.CIDR.(string) -> bool",
            do: .binary { network, other, _ in
                guard case .network(let network) = network else { return .noSuchOverload }
                let inner = cidr(other)
                guard case .network(let parsed) = inner else { return inner }
                return .bool(network.contains(parsed))
            }),
        CELFunction(
            "masked", "net.CIDR.() -> net.CIDR",
            do: .unary { value, _ in
                guard case .network(let network) = value else { return .noSuchOverload }
                return .network(network.masked)
            }),
        CELFunction(
            "prefixLength", "net.CIDR.() -> int",
            do: .unary { value, _ in
                guard case .network(let network) = value else { return .noSuchOverload }
                return .int(Int64(network.prefixLength))
            }),
    ]

    private static func ofAddress(
        _ name: String, _ result: String, _ body: @escaping @Sendable (IPAddress) -> CELValue
    ) -> CELFunction {
        CELFunction(
            name, "net.IP.() -> \(result)",
            do: .unary { value, _ in
                guard case .address(let address) = value else { return .noSuchOverload }
                return body(address)
            })
    }

    private static func ip(_ value: CELValue) -> CELValue {
        switch value {
        case .address: return value
        case .network(let network): return .address(network.address)
        case .string(let text):
            do throws(IPAddress.ParseError) {
                return .address(try IPAddress(text))
            } catch {
                return .failure(.conversion, "IP address '\(text.text)': \(error.rawValue)")
            }
        default: return .noSuchOverload
        }
    }

    private static func cidr(_ value: CELValue) -> CELValue {
        switch value {
        case .network: return value
        case .string(let text):
            do throws(IPAddress.ParseError) {
                return .network(try IPNetwork(text))
            } catch {
                return .failure(.conversion, "network '\(text.text)': \(error.rawValue)")
            }
        default: return .noSuchOverload
        }
    }
}
