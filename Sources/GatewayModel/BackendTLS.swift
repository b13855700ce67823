/// How TLS is begun with a backend (RFC 8446, RFC 5246).
package struct BackendTLS: Hashable, Sendable {
    /// A PEM file with the authorities that the backend's certificate must lead to; nil: the system's.
    package var rootsFile: NamedFile?
    /// What is shown to a backend that asks for a certificate; nil: nothing.
    package var identity: Identity?
    /// A name or an IP address: asked for (RFC 6066 §3) and expected in the certificate; nil: the backend's host,
    /// which a Unix socket does not have.
    package var serverName: String?
    package var verification: CertificateVerification
    /// What ALPN (RFC 7301) may offer: HTTP/1.1 or HTTP/2 alone, or `byRequest` either, one at a time as requests need
    /// it; nil: what is spoken to the backend.
    package var offered: BackendVersion?
    package var provenance: Provenance

    /// PEM files: a certificate followed by those that sign it, and its private key.
    package struct Identity: Hashable, Sendable {
        package var certificateFile: NamedFile
        package var keyFile: NamedFile

        package init(certificateFile: NamedFile, keyFile: NamedFile) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
        }
    }

    package init(
        rootsFile: NamedFile?, identity: Identity?, serverName: String?, verification: CertificateVerification,
        offered: BackendVersion? = nil, provenance: Provenance
    ) {
        self.rootsFile = rootsFile
        self.identity = identity
        self.serverName = serverName
        self.verification = verification
        self.offered = offered
        self.provenance = provenance
    }

    /// The files that are read.
    package var files: [NamedFile] {
        [rootsFile, identity?.certificateFile, identity?.keyFile].compactMap(\.self)
    }
}

/// What of a server's certificate is looked at.
package enum CertificateVerification: String, Hashable, Sendable {
    case full
    /// It leads to an authority that is trusted, whatever name it is for.
    case anyName
    /// Nothing: whoever answers is taken for the server.
    case nothing
}
