internal import CEL
package import GatewayModel

/// What is the same for all requests of one connection.
package final class ConnectionContext: Sendable {
    /// The socket's address as text, an IPv4 peer of a dual-stack socket as IPv4; empty for a peer without one.
    package let sourceAddress: [UInt8]
    let sourcePort: Int
    let scheme: [UInt8]
    /// As expressions see them, made once; an address that is not known is null.
    let sourceValue: CELValue
    let destinationValue: CELValue
    let schemeValue: CELValue
    /// The `X-Forwarded-For` line, with its CRLF; empty for a peer without an address.
    let forwardedFor: [UInt8]
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, each with its CRLF.
    let forwardingLines: [UInt8]
    /// The same of a peer that is no trusted proxy, with `X-Real-IP` where upstreams get that.
    let forwardingLinesOfStranger: [UInt8]
    /// Whether what the peer says about where requests come from is believed.
    let isTrustedProxy: Bool
    /// The listener that ended TLS: the only one the connection is for. Nil on a plain-text connection.
    package let securedBy: ListenerID?
    package let speaksHTTP2: Bool
    /// What is known of the client by its certificate; nil where it was not asked for one.
    let client: ClientCertificate?

    /// - Parameters:
    ///   - address: the socket's, without port; nil for a peer without one (a Unix socket).
    ///   - securedBy: the listener that ended TLS; nil on a plain-text connection.
    ///   - client: the certificate that was verified.
    ///   - destination: the socket's own address, without port.
    package init(
        address: String?, port: Int, securedBy: ListenerID? = nil, client: ClientCertificate? = nil,
        speaksHTTP2: Bool = false, destination: String? = nil, traffic: TrafficPolicy
    ) {
        self.client = client
        self.speaksHTTP2 = speaksHTTP2
        let scheme = securedBy == nil ? "http" : "https"
        self.securedBy = securedBy
        let address = address.map(Self.plain)
        sourceAddress = Array((address ?? "").utf8)
        sourcePort = port
        sourceValue = address.map { .string($0) } ?? .null
        destinationValue = destination.map { .string(Self.plain($0)) } ?? .null
        schemeValue = .string(scheme)
        self.scheme = Array(scheme.utf8)
        forwardedFor = Array((address.map { "x-forwarded-for: \($0)\r\n" } ?? "").utf8)
        forwardingLines = forwardedFor + Array("x-forwarded-proto: \(scheme)\r\n".utf8)
        isTrustedProxy = traffic.trusts(address)
        let realIP = traffic.sendsRealIP ? address.map { "x-real-ip: \($0)\r\n" } ?? "" : ""
        forwardingLinesOfStranger = forwardingLines + Array(realIP.utf8)
    }

    var isEncrypted: Bool { scheme == Array("https".utf8) }

    /// An IPv4 peer of a dual-stack socket (`::ffff:192.0.2.1`) as the IPv4 address it is.
    private static func plain(_ address: String) -> String {
        let prefix = "::ffff:"
        guard address.hasPrefix(prefix), address.contains(".") else { return address }
        return String(address.dropFirst(prefix.count))
    }
}
