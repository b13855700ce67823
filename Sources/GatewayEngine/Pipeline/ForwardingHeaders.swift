internal import HTTPWire

/// What the gateway says to the upstream about where a request came from. What the client says about
/// that is not believed.
package enum ForwardingHeaders {
    /// Drops every `Forwarded`, `X-Forwarded-*` and `X-Real-IP` line.
    static func strip(_ table: inout FieldTable) {
        for index in table.lines.indices {
            switch table.lines[index].known {
            case .forwarded, .xForwarded, .xRealIP: table.lines[index].isDropped = true
            default: break
            }
        }
    }

    /// The lines that are the same for all requests of a connection.
    ///
    /// - Parameter peer: the socket's address, without port; nil for a peer without one.
    package static func lines(peer: String?, scheme: String) -> [UInt8] {
        var text = ""
        if let peer { text += "x-forwarded-for: \(plain(peer))\r\n" }
        text += "x-forwarded-proto: \(scheme)\r\n"
        return Array(text.utf8)
    }

    /// An IPv4 peer of a dual-stack socket (`::ffff:192.0.2.1`) as the IPv4 address it is.
    private static func plain(_ address: String) -> String {
        let prefix = "::ffff:"
        guard address.hasPrefix(prefix), address.contains(".") else { return address }
        return String(address.dropFirst(prefix.count))
    }
}
