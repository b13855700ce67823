internal import CEL
package import GatewayModel
package import HTTPWire

/// Compiled `TrafficSettings`: bounds in the units the transport counts in.
package struct TrafficPolicy: Sendable {
    package let headLimits: HeadLimits
    /// All timeouts are whole seconds, the grain of the clock that watches them.
    package let headSeconds: Int64
    package let idleSeconds: Int64
    package let bodySeconds: Int64
    /// Between two pieces of an answer of known length.
    package let answerSeconds: Int64
    /// Of any other answer, and of a tunnel; nil: no bound.
    package let streamSeconds: Int64?
    package let requestSeconds: Int64
    package let connectSeconds: Int64
    /// Nanoseconds; `.max` for any age.
    package let maxConnectionAge: Int64
    /// Of silence before a client is asked by PING, and for its answer; nil: it is not asked.
    package let keepaliveSeconds: (interval: Int64, timeout: Int64)?
    /// How silent clients are asked below HTTP; nil: at the system's times.
    package let tcpKeepalive: TCPKeepalive?
    /// From a connection with TLS to the end of its handshake.
    package let handshakeSeconds: Int64
    package let http2: HTTP2Measures
    package let maxBodyBytes: UInt64
    /// Of one body that is gathered, and of all of them in the process.
    package let maxBufferedBodyBytes: Int
    package let maxBufferedBytes: Int
    package let closesOnTokenExpiry: Bool
    private let trustedProxies: [IPNetwork]
    /// Whether upstreams get the address of a peer that is not among those as `X-Real-IP`.
    let sendsRealIP: Bool

    init(_ settings: TrafficSettings, _ diagnostics: inout [Diagnostic]) {
        headLimits = HeadLimits(
            maxHeadBytes: settings.maxHeadBytes, maxTargetBytes: settings.maxTargetBytes,
            maxFields: settings.maxFields, maxTrailerBytes: HeadLimits.standard.maxTrailerBytes)
        headSeconds = settings.headTimeout.wholeSeconds
        idleSeconds = settings.idleTimeout.wholeSeconds
        bodySeconds = settings.bodyTimeout.wholeSeconds
        answerSeconds = settings.answerTimeout.wholeSeconds
        streamSeconds = settings.streamTimeout?.wholeSeconds
        requestSeconds = settings.requestTimeout.wholeSeconds
        connectSeconds = settings.connectTimeout.wholeSeconds
        maxConnectionAge = settings.maxConnectionDuration?.nanoseconds ?? .max
        keepaliveSeconds = settings.keepalive.map { ($0.interval.wholeSeconds, $0.timeout.wholeSeconds) }
        handshakeSeconds = (settings.handshakeTimeout ?? settings.headTimeout).wholeSeconds
        tcpKeepalive = settings.tcpKeepalive
        http2 = settings.http2
        maxBodyBytes = settings.maxBodyBytes.map { UInt64($0) } ?? .max
        maxBufferedBodyBytes = settings.maxBufferedBodyBytes
        maxBufferedBytes = settings.maxBufferedBytes
        closesOnTokenExpiry = settings.onTokenExpiry == .close
        sendsRealIP = settings.sendsRealIP
        trustedProxies = settings.trustedProxies.compactMap { text in
            let network = try? IPNetwork(CELBuffer(text.contains("/") ? text : Self.host(text)))
            if network == nil {
                diagnostics.append(
                    Diagnostic(
                        .error, "network_invalid", "`\(text)` in `trustedProxies` is not a network",
                        at: settings.provenance, hint: "write an address or CIDR, such as 10.0.0.0/8 or fd00::/8"))
            }
            return network
        }
    }

    /// Whether `X-Forwarded-*` from this peer are believed.
    package func trusts(_ peer: String?) -> Bool {
        guard !trustedProxies.isEmpty, let peer, let address = try? IPAddress(CELBuffer(peer)) else { return false }
        return trustedProxies.contains { $0.contains(address) }
    }

    /// An address as the network of itself.
    private static func host(_ address: String) -> String { address + (address.contains(":") ? "/128" : "/32") }
}
