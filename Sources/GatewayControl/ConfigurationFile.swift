internal import Bytes
internal import GatewayDialects
package import GatewayEngine
package import GatewayModel

/// A configuration file as it was read at one moment, and what it came to.
package struct ConfigurationFile: Sendable {
    package let path: String
    /// The text, for excerpts in diagnostics; nil where the file could not be read.
    package private(set) var text: String?
    package private(set) var configuration: GatewayConfiguration?
    /// Nil where a diagnostic is an error.
    package private(set) var snapshot: Snapshot?
    package private(set) var diagnostics: [Diagnostic] = []
    /// The file itself and the key files it names.
    private(set) var paths: [String]
    /// The state of those files, taken before each was read: a change in between shows as a change.
    private(set) var fingerprint: FileFingerprint

    private init(path: String) {
        self.path = path
        paths = [path]
        fingerprint = FileFingerprint.of([path])
    }

    /// Reads, decodes and compiles the file and what it names.
    ///
    /// - Parameter tls: tells whether certificates and keys can be served.
    package static func load(
        path: String, environment: [String: String], tls: any TLSChecking
    ) -> ConfigurationFile {
        var file = ConfigurationFile(path: path)
        switch TextFile.read(path, maxBytes: maxBytes) {
        case .success(let text): file.compile(text, environment: environment, host: nil, tls: tls)
        case .failure(let error):
            file.diagnostics = [
                Diagnostic(
                    .error, "file_unreadable", "cannot read the configuration: \(error)",
                    at: Provenance(document: path))
            ]
        }
        return file
    }

    /// Decodes and compiles a text that stands, or could stand, in a file of that path.
    ///
    /// - Parameter host: listen there instead of where the dialect says (agentgateway: everywhere).
    package static func compile(
        _ text: String, path: String, environment: [String: String], host: String? = nil
    ) -> ConfigurationFile {
        var file = ConfigurationFile(path: path)
        file.compile(text, environment: environment, host: host, tls: nil)
        return file
    }

    private mutating func compile(
        _ text: String, environment: [String: String], host: String?, tls: (any TLSChecking)?
    ) {
        self.text = text
        let (decoded, decoding) = AgentgatewayDialect.decode(
            text: text, documentName: path, environment: environment)
        diagnostics = decoding
        guard var configuration = decoded, !decoding.hasErrors else { return }
        if let host {
            for index in configuration.binds.indices { configuration.binds[index].address.host = host }
        }
        self.configuration = configuration
        let keyFiles = configuration.keyFiles + configuration.tlsTerminations.flatMap(\.files)
        paths += keyFiles
        fingerprint.add(keyFiles)
        var (keys, loading) = KeyLoader.load(for: configuration)
        let (files, reading) = CertificateLoader.load(for: configuration)
        keys.tlsFiles = files
        let (snapshot, compiling) = Compiler.compile(configuration, keys: keys)
        diagnostics += loading + reading + compiling
        if let snapshot, let tls { diagnostics += snapshot.tlsProblems(tls) }
        self.snapshot = diagnostics.hasErrors ? nil : snapshot
    }

    /// This configuration, watching the files of another that failed too: mending one of them has to be noticed.
    func watching(_ failed: ConfigurationFile) -> ConfigurationFile {
        var copy = self
        copy.paths = failed.paths + paths.filter { !failed.paths.contains($0) }
        return copy
    }

    /// Far more than anyone writes by hand.
    private static let maxBytes = 32 << 20

    /// All diagnostics as people read them, errors last; what they quote cannot steer a terminal.
    package func renderedDiagnostics() -> String {
        let rendered = diagnostics.sorted { ($0.severity, $1.provenance.line) < ($1.severity, $0.provenance.line) }
            .map { $0.rendered(source: $0.provenance.document == path ? text : nil) }
            .joined()
        return TerminalText.lines(rendered)
    }
}

extension GatewayConfiguration {
    /// The files its issuers' keys are read from, each once.
    fileprivate var keyFiles: [String] {
        var files: [String] = []
        for attachment in attachments {
            guard case .jwtAuthentication(let policy) = attachment.policy else { continue }
            for case .file(let path) in policy.issuers.flatMap(\.keySources).map(\.origin)
            where !files.contains(path) {
                files.append(path)
            }
        }
        return files
    }
}
