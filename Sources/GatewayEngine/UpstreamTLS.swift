package import GatewayModel

/// How TLS is begun with one endpoint, with what its files hold. Equal ones share connections.
package struct UpstreamTLS: Hashable, Sendable {
    package let trust: UpstreamTrust
    /// A name or an IP address (IPv6 without brackets); nil where the certificate may be for any.
    package let serverName: String?
}

/// Whom to take for an upstream, and what to show it. What a reload leaves as it is stays equal.
package struct UpstreamTrust: Hashable, Sendable {
    /// PEM; nil: the system's authorities.
    package let roots: [UInt8]?
    /// PEM: the certificate, then those that sign it; nil: none is shown.
    package let certificates: [UInt8]?
    /// PEM.
    package let key: [UInt8]?
    package let verification: CertificateVerification
}

extension Snapshot {
    /// What upstreams are trusted for, each once.
    package var upstreamTrusts: Set<UpstreamTrust> { Set(trustPlaces.map(\.trust)) }
}
