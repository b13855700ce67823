/// What is the same for all requests of one connection.
package final class ConnectionContext: Sendable {
    /// The socket's address as text, an IPv4 peer of a dual-stack socket as IPv4; empty for a peer without one.
    let sourceAddress: [UInt8]
    let sourcePort: Int
    let scheme: [UInt8]
    /// The `X-Forwarded-*` lines, each with its CRLF.
    package let forwardingLines: [UInt8]

    /// - Parameters:
    ///   - address: the socket's, without port; nil for a peer without one (a Unix socket).
    ///   - scheme: `http` or `https`.
    package init(address: String?, port: Int, scheme: String) {
        let address = address.map(Self.plain)
        sourceAddress = Array((address ?? "").utf8)
        sourcePort = port
        self.scheme = Array(scheme.utf8)
        forwardingLines = ForwardingHeaders.lines(peer: address, scheme: scheme)
    }

    /// An IPv4 peer of a dual-stack socket (`::ffff:192.0.2.1`) as the IPv4 address it is.
    private static func plain(_ address: String) -> String {
        let prefix = "::ffff:"
        guard address.hasPrefix(prefix), address.contains(".") else { return address }
        return String(address.dropFirst(prefix.count))
    }
}
