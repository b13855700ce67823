package import GatewayModel

/// How TLS is ended for one listener, with what its files hold.
package struct TLSSettings: Equatable, Sendable {
    package let listener: ListenerID
    /// The server names (RFC 6066 §3) it is for.
    package let hostname: HostPattern
    /// PEM: the certificate, then those that sign it.
    package let certificates: [UInt8]
    /// PEM.
    package let key: [UInt8]
    /// PEM: clients have to show a certificate that leads to one of these; nil: they are not asked.
    package var clientRoots: [UInt8]?
    package let minimumVersion: TLSVersion
    package let maximumVersion: TLSVersion
    package let cipherSuites: [String]
    /// What ALPN offers, the preferred one first.
    package let protocols: [String]
    package let provenance: Provenance
}

/// Tells whether TLS can be served so: nobody in this ring can.
package protocol TLSChecking: Sendable {
    /// - Returns: what is wrong; empty where nothing is.
    func problems(of settings: TLSSettings) -> [Diagnostic]

    /// The same of TLS to upstreams, written at a place.
    func problems(of trust: UpstreamTrust, at place: Provenance) -> [Diagnostic]
}

extension Snapshot {
    /// What is wrong with certificates and keys, on all addresses and to all upstreams.
    package func tlsProblems(_ check: any TLSChecking) -> [Diagnostic] {
        binds.flatMap(\.tls).flatMap { check.problems(of: $0) }
            + trustPlaces.flatMap { check.problems(of: $0.trust, at: $0.place) }
    }
}
