/// Lists of addresses and networks, as APISIX writes them: `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`.
enum APISIXAddresses {
    static func isNetwork(_ text: String) -> Bool {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let bits = HostSyntax.isIPv4(parts[0]) ? 32 : HostSyntax.isIPv6(parts[0]) ? 128 : -1
        guard bits > 0, parts.count == 2 else { return bits > 0 }
        return parts[1].utf8.count <= 3 && Int(parts[1]).map { (0...bits).contains($0) } ?? false
    }

    /// Whether an address is in one of the networks, as an expression; it fails where the address is none.
    static func condition(_ address: String, isAmong networks: [String]) -> String {
        let calls = networks.map { network in
            // A length is written without zeros before it.
            let parts = network.split(separator: "/")
            let length = parts.count == 2 ? Int(parts[1]) ?? 0 : parts[0].contains(":") ? 128 : 32
            return "cidr(\("\(parts[0])/\(length)".celLiteral))"
        }
        return "[\(calls.joined(separator: ", "))].exists(n, n.containsIP(\(address)))"
    }
}
