/// What is spoken on a listener's connections below HTTP.
package enum ListenerSecurity: Hashable, Sendable {
    case plain
    case tls(TLSTermination)
}

/// How a listener ends TLS (RFC 8446, RFC 5246).
package struct TLSTermination: Hashable, Sendable {
    /// PEM: the server's certificate, then those that sign it.
    package var certificateFile: NamedFile
    /// PEM: the certificate's private key.
    package var keyFile: NamedFile
    package var clients: ClientCertificates
    package var minimumVersion: TLSVersion
    package var maximumVersion: TLSVersion
    /// Names of the IANA registry, for TLS 1.2; those of TLS 1.3 are not a matter of choice. Never empty.
    package var cipherSuites: [String]
    /// What ALPN (RFC 7301) offers, the preferred one first: `h2`, `http/1.1`. Never empty.
    package var protocols: [String]
    package var provenance: Provenance

    package init(
        certificateFile: NamedFile, keyFile: NamedFile, clients: ClientCertificates, minimumVersion: TLSVersion,
        maximumVersion: TLSVersion, cipherSuites: [String], protocols: [String], provenance: Provenance
    ) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.clients = clients
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
        self.cipherSuites = cipherSuites
        self.protocols = protocols
        self.provenance = provenance
    }

    /// The files that are read.
    package var files: [NamedFile] {
        var files = [certificateFile, keyFile]
        if case .required(let roots) = clients { files.append(roots) }
        return files.filter { !$0.path.isEmpty }
    }
}

/// Whether clients show a certificate of their own.
package enum ClientCertificates: Hashable, Sendable {
    case notAsked
    /// One that leads to a certificate in this file, in PEM; without it there is no connection.
    case required(rootsFile: NamedFile)
}

package enum TLSVersion: Int, Hashable, Comparable, Sendable {
    case tls12 = 12
    case tls13 = 13

    package static func < (a: TLSVersion, b: TLSVersion) -> Bool { a.rawValue < b.rawValue }
}
